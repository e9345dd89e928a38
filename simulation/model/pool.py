"""The community's pool: what neighbours give and take in an interval, its price, and who pays whom. Integers.

Sold and bought within the community at one price, between the two prices of the grid: near the import price
when little is offered, at the export price when more is offered than wanted (the supply and demand ratio of
Liu et al. 2017). What does not match is traded with the grid at its own prices. Every Wh of an exporter or
importer is thereby either the pool's or the grid's, and money is counted in nano-units, 1 Wh at 1 micro-unit
per kWh, so nothing is rounded: charges are payouts plus what the grid gets.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

NANO_PER_MICRO: Final = 1000


class Prices(NamedTuple):
    """The grid's prices, micro-units per kWh; import costs at least what export earns."""

    import_micro_per_kwh: int = 120_000
    export_micro_per_kwh: int = 50_000


class Clearing(NamedTuple):
    """One interval of the pool.

    Attributes:
        price_micro_per_kwh: of what is traded within the community.
        pool_wh: energy traded within the community.
        grid_import_wh: energy that the grid sold to the community.
        grid_export_wh: energy that the grid bought from the community.
        charges_nano: what each home pays for its import, nano-units.
        payouts_nano: what each home earns with its export, nano-units.
        grid_nano: what the grid gets from the pool, less what it pays, nano-units.
    """

    price_micro_per_kwh: int
    pool_wh: int
    grid_import_wh: int
    grid_export_wh: int
    charges_nano: tuple[int, ...]
    payouts_nano: tuple[int, ...]
    grid_nano: int


def price(supply_wh: int, demand_wh: int, prices: Prices) -> int:
    """Return the pool's price, micro-units per kWh, rounded down.

    It is `s b / ((b - s) r + s)` with import price `b`, export price `s` and supply per demand `r`, so it
    falls from `b` to `s` while `r` rises from 0 to 1, and is `s` from there on.
    """
    buy, sell = prices.import_micro_per_kwh, prices.export_micro_per_kwh
    if supply_wh >= demand_wh or buy == sell:
        return sell
    if sell == 0:
        return buy if supply_wh == 0 else 0
    return sell * buy * demand_wh // ((buy - sell) * supply_wh + sell * demand_wh)


def clear(imports_wh: Sequence[int], exports_wh: Sequence[int], prices: Prices, turn: int = 0) -> Clearing:
    """Share out one interval's energy and money.

    Args:
        imports_wh: what each home took.
        exports_wh: what each home gave; a home may do both in one interval.
        prices: the grid's.
        turn: who is first where a Wh cannot be divided; the interval's number does.
    """
    demand, supply = sum(imports_wh), sum(exports_wh)
    matched = min(demand, supply)
    pool_price = price(supply, demand, prices)
    bought = share(matched, imports_wh, turn)
    sold = share(matched, exports_wh, turn)
    charges = tuple(
        own * pool_price + (total - own) * prices.import_micro_per_kwh
        for own, total in zip(bought, imports_wh, strict=True)
    )
    payouts = tuple(
        own * pool_price + (total - own) * prices.export_micro_per_kwh
        for own, total in zip(sold, exports_wh, strict=True)
    )
    grid = (demand - matched) * prices.import_micro_per_kwh - (supply - matched) * prices.export_micro_per_kwh
    return Clearing(pool_price, matched, demand - matched, supply - matched, charges, payouts, grid)


def share(total: int, weights: Sequence[int], turn: int = 0) -> list[int]:
    """Divide `total` in proportion to `weights`; the shares add up to it and none exceeds its weight.

    What is left after rounding down goes to the largest remainders, one each; among equal ones the turn
    decides.

    Args:
        total: not more than the weights' sum.
        weights: not negative.
        turn: the index from which equal remainders are served.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    left = total - sum(shares)
    count = len(weights)
    by_remainder = sorted(range(count), key=lambda i: (-(total * weights[i] % whole), (i - turn) % count))
    for index in by_remainder[:left]:
        shares[index] += 1
    return shares
