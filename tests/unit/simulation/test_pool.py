"""The pool: nothing is made or lost, whatever homes take and give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.model.pool import Prices, clear, price, share

WH = st.integers(0, 20_000)
PRICES = st.tuples(st.integers(0, 400_000), st.integers(0, 400_000)).map(
    lambda pair: Prices(max(pair), min(pair))
)


@given(st.lists(st.tuples(WH, WH), max_size=30), PRICES, st.integers(0, 10**9))
def test_energy_and_money_are_conserved_exactly(homes: list[tuple[int, int]], prices: Prices, turn: int):
    imports, exports = [home[0] for home in homes], [home[1] for home in homes]
    cleared = clear(imports, exports, prices, turn)
    assert cleared.pool_wh + cleared.grid_import_wh == sum(imports)
    assert cleared.pool_wh + cleared.grid_export_wh == sum(exports)
    assert 0 in (cleared.grid_import_wh, cleared.grid_export_wh)
    assert sum(cleared.charges_nano) == sum(cleared.payouts_nano) + cleared.grid_nano
    # nobody is worse off than with the grid alone
    for taken, given_, charge, payout in zip(
        imports, exports, cleared.charges_nano, cleared.payouts_nano, strict=True
    ):
        assert charge <= taken * prices.import_micro_per_kwh
        assert payout >= given_ * prices.export_micro_per_kwh


@given(WH, WH, PRICES)
def test_the_price_lies_between_those_of_the_grid(supply: int, demand: int, prices: Prices):
    pool = price(supply, demand, prices)
    assert prices.export_micro_per_kwh <= pool <= prices.import_micro_per_kwh


@given(st.integers(1, 20_000), PRICES)
def test_more_supply_never_raises_the_price(demand: int, prices: Prices):
    offered = [price(demand * tenth // 10, demand, prices) for tenth in range(13)]
    assert offered == sorted(offered, reverse=True)
    assert offered[0] == prices.import_micro_per_kwh
    assert offered[-1] == prices.export_micro_per_kwh


def test_the_price_in_between_is_that_of_the_formula():
    assert price(500, 1000, Prices(120_000, 50_000)) == 70_588


@given(st.lists(WH, min_size=1, max_size=20), st.data())
def test_shares_add_up_are_proportional_and_nobody_gets_more_than_asked(weights: list[int], data):
    whole = sum(weights)
    total = data.draw(st.integers(0, whole))
    shares = share(total, weights, data.draw(st.integers(0, 1000)))
    assert sum(shares) == total
    for got, weight in zip(shares, weights, strict=True):
        assert 0 <= got <= weight
        assert whole == 0 or abs(got * whole - total * weight) < whole


def test_the_odd_watt_hour_goes_round():
    assert [share(1, [5, 5, 5], turn) for turn in range(4)] == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize("homes", [0, 3])
def test_an_interval_without_energy_costs_nothing(homes: int):
    cleared = clear([0] * homes, [0] * homes, Prices())
    assert cleared.grid_nano == sum(cleared.charges_nano) == sum(cleared.payouts_nano) == 0
