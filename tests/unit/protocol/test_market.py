"""What holds of every order, market, book, settlement and category total."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.balance import BadSettlement, BalanceLeaf, Flow, GridMove, Prices, settle, spread
from protocol.book import Book, BookEntry, is_of_book
from protocol.category_totals import FEWEST_METERS, CategoryTotals, TooFewMeters, category_totals
from protocol.eip712 import Domain
from protocol.errors import BadSignature
from protocol.keys import SigningKey, recover
from protocol.market_id import BadMarket, MarketKind, forward, mask_of, pair, parse_market, spot
from protocol.merkle import NoSuchLeaf
from protocol.money import cost_up, fee_up, proceeds_down
from protocol.order import Order, OrderTooLarge, Side, compact
from protocol.registration import Category, Source

DOMAIN = Domain(31337, bytes([0x44]) * 20)
KEY = SigningKey(bytes(31) + b"\x07")
addresses = st.binary(min_size=20, max_size=20)
counters = st.integers(0, 2**64 - 1)
small = st.integers(0, 2**32 - 1)
energies = st.integers(0, 10**7)
orders = st.builds(
    Order,
    account=addresses,
    market=st.binary(min_size=32, max_size=32),
    side=st.sampled_from(Side),
    cap_wh=counters,
    limit_price_micro_per_kwh=counters,
    from_interval=st.integers(0, 2**32),
    count=st.integers(1, 2**16),
    source_mask=st.integers(0, 63),
    bundled=st.booleans(),
    epoch=small,
    salt=st.integers(0, 2**256 - 1),
)
entries = st.builds(
    BookEntry,
    account=addresses,
    side=st.sampled_from(Side),
    eligible_wh=counters,
    limit_price_micro_per_kwh=counters,
)
prices = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(
    lambda pair: Prices(max(pair), min(pair))
)


@st.composite
def flows(draw) -> list[Flow]:
    """Accounts whose trades balance, as the contract lets no others close."""
    accounts = draw(st.lists(addresses, min_size=1, max_size=8, unique=True))
    quantities = [[draw(energies), draw(energies), 0, 0] for _ in accounts]
    for _ in range(draw(st.integers(0, 8))):
        wh = draw(energies)
        quantities[draw(st.integers(0, len(accounts) - 1))][2] += wh
        quantities[draw(st.integers(0, len(accounts) - 1))][3] += wh
    return [Flow(account, *each) for account, each in zip(accounts, quantities, strict=True)]


@given(orders, st.sampled_from(["cap_wh", "limit_price_micro_per_kwh", "count", "epoch", "salt", "bundled"]))
def test_changing_any_field_of_an_order_changes_its_signer(order: Order, field: str) -> None:
    signature = order.sign(KEY, DOMAIN)
    assert recover(order.digest(DOMAIN), signature) == KEY.address
    value = getattr(order, field)
    changed = replace(order, **{field: not value if value in (True, False) else value ^ 1})
    assert changed.struct_hash() != order.struct_hash()
    assert order.digest(Domain(31338, DOMAIN.verifying_contract)) != order.digest(DOMAIN)


@given(orders, st.integers(0, 2**33))
def test_an_order_is_of_its_intervals_and_takes_its_limit_or_better(order: Order, interval: int) -> None:
    last = order.from_interval + order.count - 1
    assert order.covers(order.from_interval)
    assert order.covers(last)
    assert not order.covers(last + 1)
    assert order.covers(interval) == (order.from_interval <= interval <= last)
    limit = order.limit_price_micro_per_kwh
    assert order.accepts(limit)
    assert order.accepts(limit + 1) == (order.side is Side.SELL)
    assert order.accepts(limit - 1) == (order.side is Side.BUY)


@given(orders, st.integers(0, 2**40 - 1))
def test_a_fill_keeps_every_term_or_is_refused(order: Order, wh: int) -> None:
    fits = order.limit_price_micro_per_kwh < 1 << 48 and order.from_interval < 1 << 32
    if not fits:
        with pytest.raises(OrderTooLarge):
            order.fill(wh, None)
        return
    fill = order.fill(wh, order.sign(KEY, DOMAIN))
    assert fill.terms >> 208 == order.side << 40 | wh
    assert fill.terms & 0xFFFFFFFF == order.epoch
    assert order.fill(wh, None).r == bytes(32)
    with pytest.raises(OrderTooLarge):
        order.fill(1 << 40, None)


def test_what_has_no_compact_form_is_refused() -> None:
    right = KEY.sign(bytes(32))
    for wrong in (right[:64], right[:64] + b"\0", right[:32] + b"\xff" + right[33:]):
        with pytest.raises(BadSignature):
            compact(wrong)


@given(small, st.booleans(), st.sets(st.sampled_from(Source)))
def test_a_market_is_read_from_its_id(feeder: int, simulated: bool, sources: set[Source]) -> None:
    mask = mask_of(sources)
    for make, kind in ((spot, MarketKind.SPOT), (forward, MarketKind.FORWARD)):
        market = make(feeder, bundled=bool(mask), simulated=simulated, source_mask=mask)
        assert parse_market(market.id) == market
        assert (market.kind, market.feeder) == (kind, feeder)
        assert market.id[-4:] == feeder.to_bytes(4, "big")


@given(addresses, addresses)
def test_a_pair_has_one_market_whoever_is_named_first(one: bytes, other: bytes) -> None:
    assume(one != other)
    market = pair(one, other)
    assert market == pair(other, one)
    assert market.feeder is None
    assert parse_market(market.id) == market
    assert market != pair(one, bytes(20) if other != bytes(20) and one != bytes(20) else b"\x01" * 20)


def test_what_is_no_market_is_refused() -> None:
    account = bytes(19) + b"\x01"
    with pytest.raises(BadMarket, match="twice"):
        pair(account, account)
    with pytest.raises(BadMarket, match="below 2\\^32"):
        spot(1 << 32)
    with pytest.raises(BadMarket, match="names its sources"):
        spot(1, bundled=True)
    with pytest.raises(BadMarket, match="only a bundled market"):
        spot(1, source_mask=1)
    with pytest.raises(BadMarket, match="32 bytes"):
        parse_market(b"\x01")


@given(st.binary(min_size=32, max_size=32))
def test_arbitrary_bytes_are_a_market_with_that_id_or_none(raw: bytes) -> None:
    try:
        market = parse_market(raw)
    except BadMarket:
        return
    assert market.id == raw


@given(st.sets(entries, max_size=20), entries)
def test_a_book_proves_its_entries_and_no_others(inside: set[BookEntry], stranger: BookEntry) -> None:
    book = Book(inside)
    assert Book([*inside, *inside]).root == book.root
    for entry in inside:
        assert is_of_book(book.root, entry, book.proof(entry))
        assert is_of_book(book.root[:30] + b"\xff\xff", entry, book.proof(entry))
        worse = replace(entry, eligible_wh=entry.eligible_wh ^ 1)
        assert not is_of_book(book.root, worse, book.proof(entry))
    assume(stranger not in inside)
    with pytest.raises(NoSuchLeaf):
        book.proof(stranger)
    assert not is_of_book(bytes(32), stranger, ())


@given(entries)
def test_only_what_is_strictly_better_had_to_be_filled(entry: BookEntry) -> None:
    limit = entry.limit_price_micro_per_kwh
    assert not entry.in_the_money(limit)
    assert entry.in_the_money(limit - 1) == (entry.side is Side.BUY)
    assert entry.in_the_money(limit + 1) == (entry.side is Side.SELL)


@given(counters, st.integers(0, 2**48), st.integers(0, 500))
def test_the_payer_never_pays_less_than_the_payee_gets(wh: int, price: int, basis_points: int) -> None:
    cost, proceeds = cost_up(wh, price), proceeds_down(wh, price)
    assert 0 <= cost - proceeds <= 1
    assert 1000 * proceeds <= wh * price <= 1000 * cost
    assert 0 <= fee_up(proceeds, basis_points) <= proceeds


@given(flows(), prices, st.none() | st.integers(-(10**9), 10**9))
def test_energy_and_money_of_every_settled_interval_sum_to_zero(
    given_flows: list[Flow], pair: Prices, exchange_wh: int | None
) -> None:
    settlement = settle(given_flows, pair, exchange_wh)
    moves, grid = settlement.accounts, settlement.grid
    assert sum(move.imbalance_wh for move in moves) + grid.imbalance_wh == 0
    assert sum(move.money_micro for move in moves) + grid.money_micro == 0
    if exchange_wh is None:
        assert (grid.exchange_wh, grid.losses_wh) == (None, None)
    else:
        injected = sum(flow.export_wh - flow.import_wh for flow in given_flows)
        assert injected + exchange_wh == grid.losses_wh
        assert grid.exchange_wh - grid.losses_wh == grid.imbalance_wh
    assert [move.account for move in moves] == sorted(flow.account for flow in given_flows)


@given(flows(), prices)
def test_rounding_is_against_the_account_and_by_less_than_one(given_flows: list[Flow], pair: Prices) -> None:
    settlement = settle(given_flows, pair, 0)
    exact = 0
    for move in settlement.accounts:
        surplus = move.imbalance_wh > 0
        price = pair.export_micro_per_kwh if surplus else pair.import_micro_per_kwh
        thousandths = move.imbalance_wh * price
        exact += thousandths
        assert 0 <= thousandths - 1000 * move.money_micro < 1000
        assert 0 <= move.delivered_wh <= move.promised_wh
    dust = 1000 * settlement.grid.money_micro + exact
    assert 0 <= dust < 1000 * len(given_flows)


@given(flows(), prices, st.randoms())
def test_the_settlement_does_not_depend_on_the_order_of_accounts(given_flows, pair, random) -> None:
    shuffled = list(given_flows)
    random.shuffle(shuffled)
    assert settle(shuffled, pair, 5) == settle(given_flows, pair, 5)


@given(flows(), prices)
def test_who_exports_what_is_sold_and_draws_what_is_bought_owes_nothing(given_flows, pair) -> None:
    kept = [replace(flow, export_wh=flow.sold_wh, import_wh=flow.bought_wh) for flow in given_flows]
    settlement = settle(kept, pair, 0)
    assert all(move.money_micro == move.imbalance_wh == 0 for move in settlement.accounts)
    assert all(move.delivered_wh == move.promised_wh for move in settlement.accounts)
    assert settlement.grid == GridMove(0, 0, exchange_wh=0, losses_wh=0)


def test_a_home_without_trades_pays_and_gets_the_grids_prices() -> None:
    home, roof = bytes(19) + b"\x01", bytes(19) + b"\x02"
    pair = Prices(180_000, 60_000)
    settlement = settle([Flow(home, 1_501, 0, 0, 0), Flow(roof, 0, 999, 0, 0)], pair, 530)
    assert [move.money_micro for move in settlement.accounts] == [-270_180, 59_940]
    assert settlement.grid == GridMove(502, 210_240, exchange_wh=530, losses_wh=28)


def test_what_does_not_fit_together_is_not_settled() -> None:
    account = bytes(19) + b"\x01"
    pair = Prices(2, 1)
    with pytest.raises(BadSettlement, match="settled twice"):
        settle([Flow(account, 0, 0, 0, 0)] * 2, pair, None)
    with pytest.raises(BadSettlement, match="a market was left out"):
        settle([Flow(account, 0, 0, 1, 0)], pair, None)
    with pytest.raises(BadSettlement, match="negative quantity"):
        settle([Flow(account, -1, 0, 0, 0)], pair, None)
    for wrong in ((1, 2), (1, -1)):
        with pytest.raises(BadSettlement, match="must not be negative, nor export above import"):
            Prices(*wrong)
    move = settle([Flow(account, 0, 0, 0, 0)], pair, None).accounts[0]
    with pytest.raises(BadSettlement, match="does not belong"):
        BalanceLeaf(bytes(20)).after(move)


@given(st.lists(flows(), min_size=1, max_size=4), prices)
def test_cumulative_sums_are_the_sums_of_the_intervals(weeks: list[list[Flow]], pair: Prices) -> None:
    standing: dict[bytes, BalanceLeaf] = {}
    grid = 0
    for week in weeks:
        settlement = settle(week, pair, None)
        grid += settlement.grid.money_micro
        for move in settlement.accounts:
            leaf = standing.get(move.account, BalanceLeaf(move.account))
            standing[move.account] = leaf.after(move)
    assert sum(leaf.cumulative_micro for leaf in standing.values()) + grid == 0
    assert len({leaf.leaf() for leaf in standing.values()}) == len(standing)


def test_a_sum_that_the_contract_cannot_keep_is_refused() -> None:
    for wrong in (
        BalanceLeaf(bytes(20), 1 << 79),
        BalanceLeaf(bytes(20), -(1 << 79) - 1),
        BalanceLeaf(bytes(20), 0, 1, 2),
        BalanceLeaf(bytes(20), 0, 1 << 56, 0),
    ):
        with pytest.raises(BadSettlement):
            wrong.leaf()


@given(st.integers(0, 10**12), st.integers(1, 500))
def test_a_gap_is_shared_evenly_and_exactly(growth_wh: int, intervals: int) -> None:
    shares = spread(growth_wh, intervals)
    assert sum(shares) == growth_wh
    assert len(shares) == intervals
    assert max(shares) - min(shares) <= 1


@pytest.mark.parametrize(("growth_wh", "intervals"), [(1, 0), (-1, 1)])
def test_an_impossible_gap_is_refused(growth_wh: int, intervals: int) -> None:
    with pytest.raises(BadSettlement):
        spread(growth_wh, intervals)


@given(st.lists(st.tuples(st.sampled_from(Category), energies), max_size=40))
def test_no_published_total_and_no_difference_speaks_of_fewer_than_five(imports) -> None:
    totals = category_totals(7, imports)
    assert all(meters == 0 or meters >= FEWEST_METERS for meters in totals.meters)
    hidden = len(imports) - sum(totals.meters)
    assert hidden == 0 or hidden >= FEWEST_METERS or sum(totals.meters) == 0
    for category in Category:
        if totals.meters[category]:
            assert totals.import_wh[category] == sum(wh for each, wh in imports if each is category)
            assert totals.meters[category] == sum(each is category for each, _ in imports)


def test_a_total_is_not_given_away_by_subtraction() -> None:
    imports = [(Category.RESIDENTIAL, 10)] * 9 + [(Category.COMMERCIAL, 70)] * 6
    assert category_totals(1, imports).meters == (9, 6, 0)
    assert category_totals(1, [*imports, (Category.INDUSTRIAL, 5)]).meters == (9, 0, 0)
    assert category_totals(1, [*imports, *[(Category.INDUSTRIAL, 5)] * 5]).meters == (9, 6, 5)


@pytest.mark.parametrize(("wh", "meters"), [((1, 0, 0), (4, 0, 0)), ((0, 3, 0), (5, 0, 9))])
def test_totals_that_may_not_be_published_cannot_be_made(wh, meters) -> None:
    with pytest.raises(TooFewMeters):
        CategoryTotals(1, wh, meters)
