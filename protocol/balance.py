"""Settlement of imbalance: the rule by which anyone recomputes what an account owes the grid, or the grid it.

Imbalance of an account in an interval is what it gave to the grid beyond what it had sold net: (export -
import) - (sold - bought). What is left over the grid buys at its export price, what is missing it sells at
its import price: one flat pair of prices for everybody. Money is rounded against the account, and the grid
keeps the dust. The grid is one explicit leaf: what the feeder's meter exchanged with the main grid, less
what was lost on the way. Energy and money of all leaves sum to zero, exactly.

Pure functions on integers: Wh, micro-units of the settlement currency, micro-units per kWh.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from protocol.eip712 import address_word, word
from protocol.errors import ProtocolError
from protocol.keccak import keccak256
from protocol.keys import address_text
from protocol.money import cost_up, proceeds_down

# what GridBalancing keeps of an account in one slot
_CUMULATIVE_LIMIT: Final = 1 << 79
_COUNTER_LIMIT: Final = 1 << 56


class BadSettlement(ProtocolError):
    """What is to be settled does not fit together."""


@dataclass(frozen=True, slots=True)
class Prices:
    """The grid's flat pair of prices in one interval, micro-units per kWh.

    Attributes:
        import_micro_per_kwh: what the grid takes for what an account is short of.
        export_micro_per_kwh: what it gives for what is left over.

    Raises:
        BadSettlement: negative, or a spread that pays for being out of balance.
    """

    import_micro_per_kwh: int
    export_micro_per_kwh: int

    def __post_init__(self) -> None:
        if not 0 <= self.export_micro_per_kwh <= self.import_micro_per_kwh:
            raise BadSettlement(
                f"the grid's prices (import {self.import_micro_per_kwh}, export {self.export_micro_per_kwh}) "
                "must not be negative, nor export above import"
            )


@dataclass(frozen=True, slots=True)
class Flow:
    """What an account did in one interval, Wh; its meters' growth is added up.

    Attributes:
        account: 20-byte address.
        import_wh: growth of its import registers.
        export_wh: growth of its export registers.
        sold_wh: sold over all markets.
        bought_wh: bought over all markets.
    """

    account: bytes
    import_wh: int
    export_wh: int
    sold_wh: int
    bought_wh: int

    @property
    def imbalance_wh(self) -> int:
        """What was given beyond what was sold net; negative for what was missing."""
        return (self.export_wh - self.import_wh) - (self.sold_wh - self.bought_wh)

    @property
    def delivered_wh(self) -> int:
        """How much of what was sold was exported."""
        return min(self.sold_wh, self.export_wh)


@dataclass(frozen=True, slots=True)
class AccountMove:
    """What one interval moves for an account.

    Attributes:
        account: 20-byte address.
        imbalance_wh: positive for what the grid took over.
        money_micro: positive for a credit.
        promised_wh: what was sold.
        delivered_wh: how much of that was exported.
    """

    account: bytes
    imbalance_wh: int
    money_micro: int
    promised_wh: int
    delivered_wh: int


@dataclass(frozen=True, slots=True)
class GridMove:
    """The grid's side of one interval.

    Attributes:
        imbalance_wh: the opposite of all accounts' imbalance: the exchange less the losses.
        money_micro: the opposite of all accounts' money, with the dust of rounding.
        exchange_wh: drawn from the main grid by the feeder's meter, negative for what was given to it; None
            without such a meter.
        losses_wh: what came in and reached no account, negative where meters disagree; None without a meter.
    """

    imbalance_wh: int
    money_micro: int
    exchange_wh: int | None
    losses_wh: int | None

    def of(self, account: bytes) -> AccountMove:
        """Return the move of the grid's own account, so that the report's leaves sum to zero."""
        return AccountMove(account, self.imbalance_wh, self.money_micro, promised_wh=0, delivered_wh=0)


@dataclass(frozen=True, slots=True)
class Settlement:
    """One interval's moves: the accounts' by rising address, and the grid's."""

    accounts: tuple[AccountMove, ...]
    grid: GridMove


def settle(flows: Iterable[Flow], prices: Prices, exchange_wh: int | None) -> Settlement:
    """Return what one interval moves.

    Args:
        flows: every account that has a meter or traded, each once.
        prices: the grid's prices in this interval.
        exchange_wh: import less export of the feeder's meter, Wh; None without one.

    Raises:
        BadSettlement: an account twice, a negative quantity, or more or less sold than bought.
    """
    moves: dict[bytes, AccountMove] = {}
    surplus_wh = 0
    for flow in flows:
        if flow.account in moves:
            raise BadSettlement(f"account {address_text(flow.account)} is settled twice in one interval")
        if min(flow.import_wh, flow.export_wh, flow.sold_wh, flow.bought_wh) < 0:
            raise BadSettlement(f"account {address_text(flow.account)} has a negative quantity: {flow}")
        surplus_wh += flow.bought_wh - flow.sold_wh
        moves[flow.account] = AccountMove(
            account=flow.account,
            imbalance_wh=flow.imbalance_wh,
            money_micro=_money(flow.imbalance_wh, prices),
            promised_wh=flow.sold_wh,
            delivered_wh=flow.delivered_wh,
        )
    if surplus_wh:
        raise BadSettlement(f"accounts bought {surplus_wh} Wh more than they sold; a market was left out")
    grid_wh = -sum(move.imbalance_wh for move in moves.values())
    return Settlement(
        tuple(moves[account] for account in sorted(moves)),
        GridMove(
            imbalance_wh=grid_wh,
            money_micro=-sum(move.money_micro for move in moves.values()),
            exchange_wh=exchange_wh,
            losses_wh=None if exchange_wh is None else exchange_wh - grid_wh,
        ),
    )


def _money(imbalance_wh: int, prices: Prices) -> int:
    if imbalance_wh >= 0:
        return proceeds_down(imbalance_wh, prices.export_micro_per_kwh)
    return -cost_up(-imbalance_wh, prices.import_micro_per_kwh)


def spread(growth_wh: int, intervals: int) -> tuple[int, ...]:
    """Return a register's growth over a gap without readings, shared evenly among its intervals.

    The shares sum to the growth and differ by at most one Wh.

    Raises:
        BadSettlement: no intervals, or a register that fell.
    """
    if intervals < 1 or growth_wh < 0:
        raise BadSettlement(f"a growth of {growth_wh} Wh cannot be shared among {intervals} intervals")
    reached = [growth_wh * i // intervals for i in range(intervals + 1)]
    return tuple(after - before for before, after in pairwise(reached))


@dataclass(frozen=True, slots=True)
class BalanceLeaf:
    """What the balancing report says of an account: sums since the beginning, so that lost intervals heal.

    Attributes:
        account: 20-byte address.
        cumulative_micro: imbalance money, positive for credits.
        promised_wh: energy sold.
        delivered_wh: how much of that was exported.
    """

    account: bytes
    cumulative_micro: int = 0
    promised_wh: int = 0
    delivered_wh: int = 0

    def after(self, move: AccountMove) -> "BalanceLeaf":
        """Return the leaf after one more interval.

        Raises:
            BadSettlement: the move is another account's.
        """
        if move.account != self.account:
            raise BadSettlement(
                f"a move of {address_text(move.account)} does not belong to {address_text(self.account)}"
            )
        return replace(
            self,
            cumulative_micro=self.cumulative_micro + move.money_micro,
            promised_wh=self.promised_wh + move.promised_wh,
            delivered_wh=self.delivered_wh + move.delivered_wh,
        )

    def leaf(self) -> bytes:
        """Return the 32-byte leaf, hashed twice so that no inner node can pass for one.

        Raises:
            BadSettlement: a sum is beyond what GridBalancing keeps.
        """
        if not -_CUMULATIVE_LIMIT <= self.cumulative_micro < _CUMULATIVE_LIMIT:
            raise BadSettlement(f"a sum of {self.cumulative_micro} micro-units does not fit 80 bits")
        if not 0 <= self.delivered_wh <= self.promised_wh < _COUNTER_LIMIT:
            raise BadSettlement(
                f"delivered {self.delivered_wh} of {self.promised_wh} Wh promised is no sum of energy"
            )
        encoded = (
            address_word(self.account)
            + self.cumulative_micro.to_bytes(32, "big", signed=True)
            + word(self.promised_wh)
            + word(self.delivered_wh)
        )
        return keccak256(keccak256(encoded))
