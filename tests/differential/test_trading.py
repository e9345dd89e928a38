"""Trading and balancing against a plain ledger: the same calls in any order, the same money and refusals."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from protocol.balance import BalanceLeaf
from protocol.keccak import keccak256
from protocol.keys import SigningKey
from protocol.ledger import compiler
from protocol.ledger.deployment import deploy
from protocol.ledger.market_rules import MarketRules, Role
from protocol.market_id import spot
from protocol.merkle import MerkleTree
from protocol.order import Order, Side
from protocol.report import Report
from tests.differential.evm import Party, Refused, Revm, RevmSender
from tests.differential.plain_ledger import Account, Offer, PlainLedger

HOUR = 3600
RING = 8
NOTICE = 900
BEGINS = 1_700_006_400
FEEDER = 7
MARKET = spot(FEEDER).id
PENALTY = 1_000_000
MAX_PRICE = 300_000
MAX_IMBALANCE_PRICE = 400_000
NAMES = ("anna", "ben", "chipo")
SELL_CAPS = {"anna": 6_000, "ben": 3_000, "chipo": 0}


def key(name: str) -> SigningKey:
    return SigningKey(keccak256(b"differential " + name.encode()))


KEYS = {name: key(name) for name in NAMES}
GOVERNOR = key("governor").address
OPERATOR = key("operator").address
ORACLES = sorted((key(f"oracle {i}") for i in range(3)), key=lambda each: each.address)

OUTCOMES: Counter[tuple[str, str | None]] = Counter()
"""How often each call ended how, over a whole run; None where it was accepted."""
EXPECTED = {
    "deposit": {None, "NothingToMove"},
    "withdraw": {None, "NoWithdrawalRequested", "NoticeRunning"},
    "cancel all": {None, "CancelPending"},
    "clear": {
        None, "TooEarlyToClear", "TooLateToClear", "ClearingExists", "OutsideWindow", "InDebt", "WrongEpoch",
        "BadOrderSignature", "NothingToFill", "LimitNotMet", "OverCap", "OverSellCap", "NotEnoughCash",
        "SoldBeyondBought", "NotBalanced",
    },
    "clear in chunks": {None},
    "collect": {None, "NotSettled", "NothingToCollect"},
    "settle": {None, "AlreadySettled"},
    "settle in part": {None},
}  # fmt: skip

TWISTS = ("limit", "cap", "epoch", "window", "forged", "more", "less")
"""What is wrong with one order of a batch, or with its sums."""

accounts = st.sampled_from(NAMES)
money = st.one_of(st.just(0), st.integers(1, 300_000), st.integers(1, 300_000))
prices = st.sampled_from((0, 1, 80_001, 120_000, 299_999))
energy = st.one_of(st.integers(0, 4), st.integers(1, 4_000))


class Trading(RuleBasedStateMachine):
    """Contracts and ledger side by side."""

    def __init__(self) -> None:
        super().__init__()
        compiler.build()
        self.chain = Revm(BEGINS + 1)
        book = asyncio.run(
            deploy(
                RevmSender(self.chain, GOVERNOR),
                interval_seconds=HOUR,
                ring_size=RING,
                finality_seconds=0,
                oracles=[each.address for each in ORACLES],
                quorum=2,
                guardian=GOVERNOR,
                roles={Role.CLEARING_OPERATOR: [OPERATOR]},
                market=MarketRules(
                    notice_seconds=NOTICE,
                    penalty_micro=PENALTY,
                    max_imbalance_price=MAX_IMBALANCE_PRICE,
                    silent_intervals=1_000_000,
                ),
            )
        )
        self.book = book
        self.registry, self.trading, self.balancing, self.token = (
            Party(self.chain, name, book.address(name))
            for name in ("Registry", "EnergyTrading", "GridBalancing", "TestDollar")
        )
        for name, cap in SELL_CAPS.items():
            self.registry.send(GOVERNOR, "setSellCap", KEYS[name].address, cap)
        for each in (*(KEYS[name].address for name in NAMES), OPERATOR, GOVERNOR):
            self.token.send(GOVERNOR, "mint", each, 10**12)
            self.token.send(each, "approve", self.trading.address, 2**255)
        self.trading.send(OPERATOR, "deposit", PENALTY, OPERATOR)
        self.trading.send(OPERATOR, "bond", PENALTY)
        self.plain = PlainLedger(
            interval_seconds=HOUR,
            ring=RING,
            notice=NOTICE,
            start=self.balancing.ask("startInterval"),
            sell_caps=dict(SELL_CAPS),
            limits={name: -(-cap * MAX_IMBALANCE_PRICE // 1000) for name, cap in SELL_CAPS.items()},
            accounts={name: Account() for name in NAMES},
        )
        self.reported: dict[int, tuple[MerkleTree, dict[str, BalanceLeaf]]] = {}
        self.salt = 0

        for name in NAMES:
            self.deposits(name, 500_000)
        self.the_grid_is_funded(500_000)

    def both(self, what: str, broken: set[str], call: Callable[[], Any]) -> None:
        """The contract refuses exactly what breaks a rule, by the name of a rule that is broken."""
        try:
            call()
            found = None
        except Refused as refused:
            found = str(refused)
        assert found in (broken or {None}), f"{found}, expected was one of {broken or 'nothing'}"
        OUTCOMES[what, found] += 1

    @property
    def present(self) -> int:
        return self.plain.present(self.chain.now)

    # TIME

    @rule(seconds=st.one_of(st.integers(1, 300), st.integers(HOUR - 2, HOUR + 2), st.integers(1, 12 * HOUR)))
    def time_passes(self, seconds: int) -> None:
        self.chain.move_to(self.chain.now + seconds)

    @rule(price=prices, buyer=accounts, seller=st.sampled_from(("anna", "ben")), wh=st.integers(1, 2_000))
    def an_interval_goes_by_and_is_cleared(self, price: int, buyer: str, seller: str, wh: int) -> None:
        self.chain.move_to((self.present + 1) * HOUR + 1)
        self._clear(self.present - 1, price, [(buyer, wh)], seller)

    # MONEY

    @rule(name=accounts, micro=money)
    def deposits(self, name: str, micro: int) -> None:
        me = KEYS[name].address
        self.both(
            "deposit", self.plain.deposit(name, micro), lambda: self.trading.send(me, "deposit", micro, me)
        )

    @rule(micro=st.integers(1, 2_000_000))
    def the_grid_is_funded(self, micro: int) -> None:
        self.trading.send(GOVERNOR, "deposit", micro, self.balancing.address)
        self.plain.grid_cash += micro

    @rule(name=accounts, micro=money, waits=st.sampled_from((0, NOTICE - 1, NOTICE, HOUR)))
    def asks_to_withdraw_and_does(self, name: str, micro: int, waits: int) -> None:
        me = KEYS[name].address
        broken = self.plain.ask_withdrawal(name, micro, self.chain.now)
        self.both("ask to withdraw", broken, lambda: self.trading.send(me, "requestWithdrawal", micro))
        self.chain.move_to(self.chain.now + waits)
        broken = self.plain.withdraw(name, self.chain.now)
        self.both("withdraw", broken, lambda: self.trading.send(me, "withdraw", me))

    @rule(fee_bps=st.sampled_from((0, 1, 100, 500)))
    def the_governor_sets_the_fee(self, fee_bps: int) -> None:
        self._govern("setFee", fee_bps)
        self.plain.fee_bps = fee_bps

    def _govern(self, function: str, *arguments: object) -> None:
        self.trading.send(GOVERNOR, function, *arguments)

    # ORDERS AND CLEARING

    @rule(name=accounts)
    def cancels_everything(self, name: str) -> None:
        me = KEYS[name].address
        broken = {"CancelPending"} if self.chain.now < self.plain.accounts[name].former_until else set()
        self.both("cancel all", broken, lambda: self.trading.send(me, "cancelAll"))
        if not broken:
            following = self.trading.ask("accountOf", me)["epoch"]
            assert following != self.plain.accounts[name].epoch
            self.plain.cancel_all(name, self.chain.now, following)

    @rule(
        ago=st.sampled_from((0, 1, 1, 1, 2, 3, RING // 2, RING)),
        price=prices,
        buyers=st.lists(st.tuples(accounts, energy), min_size=1, max_size=3),
        seller=st.sampled_from(("anna", "anna", "ben", "chipo")),
        twist=st.sampled_from(("none", "none", *TWISTS)),
        at=st.integers(0, 3),
        chunks=st.booleans(),
    )
    def clears(
        self, ago: int, price: int, buyers: list, seller: str, twist: str, at: int, chunks: bool
    ) -> None:
        self._clear(self.present - ago, price, buyers, seller, twist, at, chunks)

    def _clear(
        self,
        t: int,
        price: int,
        buyers: Sequence[tuple[str, int]],
        seller: str,
        twist: str = "none",
        at: int = 0,
        chunks: bool = False,
    ) -> None:
        total = sum(wh for _, wh in buyers) + {"more": 1, "less": -1}.get(twist, 0)
        asked = [(name, False, wh) for name, wh in buyers] + [(seller, True, max(total, 0))]
        offers, fills = [], []
        filled = {
            (name, sells): p.sold if sells else p.bought
            for name in NAMES
            for sells in (False, True)
            if (p := self.plain.positions.get((self.plain.place(t), name))) is not None and p.t == t
        }
        for number, (name, sells, wh) in enumerate(asked):
            twisted = number == at % len(asked)
            filled[name, sells] = filled.get((name, sells), 0) + wh
            cap = filled[name, sells] - (twist == "cap" and twisted)
            worse = 1 if twist == "limit" and twisted else 0
            limit = price + worse if sells else max(price - worse, 0)
            epoch = self.plain.accounts[name].epoch ^ (twist == "epoch" and twisted)
            first = t + 1 if twist == "window" and twisted else t - 2
            offer = Offer(name, sells, wh, max(cap, 0), limit, first, 5, epoch, twist == "forged" and twisted)
            offers.append(offer)
            fills.append(self._fill(offer))
        broken = self.plain.clear(t, price, offers, self.chain.now)
        if chunks and not broken:
            self.trading.send(OPERATOR, "open", MARKET, t, price, bytes(32))
            for each in fills:
                self.trading.send(OPERATOR, "fill", MARKET, t, [each], [])
            self.trading.send(OPERATOR, "close", MARKET, t)
            OUTCOMES["clear in chunks", None] += 1
            return
        self.both(
            "clear",
            broken,
            lambda: self.trading.send(OPERATOR, "clear", MARKET, t, price, bytes(32), fills, []),
        )

    def _fill(self, offer: Offer) -> Any:
        self.salt += 1
        order = Order(
            account=KEYS[offer.account].address,
            market=MARKET,
            side=Side.SELL if offer.sells else Side.BUY,
            cap_wh=offer.cap,
            limit_price_micro_per_kwh=offer.limit,
            from_interval=offer.first,
            count=offer.count,
            source_mask=0,
            bundled=False,
            epoch=offer.epoch,
            salt=self.salt,
        )
        signer = key("somebody else") if offer.forged else KEYS[offer.account]
        return order.fill(offer.wh, order.sign(signer, self.book.domain("EnergyTrading")))

    @rule(name=accounts, agos=st.lists(st.integers(0, RING), min_size=1, max_size=4))
    def collects(self, name: str, agos: list[int]) -> None:
        ts = [self.present - ago for ago in agos]
        broken = self.plain.collect(name, ts, self.chain.now)
        self.both(
            "collect", broken, lambda: self.trading.send(GOVERNOR, "collect", MARKET, ts, KEYS[name].address)
        )

    @rule()
    def fees_are_collected(self) -> None:
        _, micro = self.trading.ask("fees")
        assert micro == self.plain.fees
        if micro:
            self.trading.send(GOVERNOR, "collectFees")
            self.plain.fees = 0
            self.fees_paid += micro

    # SETTLEMENT

    @rule(moves=st.lists(st.integers(-3_000_000, 3_000_000), min_size=len(NAMES), max_size=len(NAMES)))
    def the_oracles_report(self, moves: list[int]) -> None:
        t, head = self.present - 1, self.balancing.ask("head")
        if t <= head:
            return
        last = self.reported[head][1] if head in self.reported else {}
        leaves = {}
        for name, move in zip(NAMES, moves, strict=True):
            before = last[name].cumulative_micro if name in last else 0
            leaves[name] = BalanceLeaf(KEYS[name].address, before + move, 0, 0)
        tree = MerkleTree(each.leaf() for each in leaves.values())
        message = Report(t, tree.root, keccak256(tree.root), 1, len(tree)).following(
            self.balancing.ask("link")
        )
        digest = message.digest(self.book.domain("GridBalancing"))
        signatures = [each.sign(digest) for each in ORACLES[:2]]
        self.balancing.send(GOVERNOR, "report", message, signatures)
        self.reported[t] = (tree, leaves)

    @rule(
        move=st.sampled_from((-2_400_000, -2_400_000, -600_000, 900_000)),
        agos=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    )
    def everybody_is_settled_and_collects(self, move: int, agos: list[int]) -> None:
        self.the_oracles_report([move, -move // 2, 0])
        for name in NAMES:
            self.settles(name, 0)
            self.collects(name, agos)

    @rule(name=accounts, which=st.integers(0, 2))
    def settles(self, name: str, which: int) -> None:
        if not self.reported:
            return
        t = sorted(self.reported)[-1 - which % len(self.reported)]
        tree, leaves = self.reported[t]
        leaf = leaves[name]
        in_ring = not any(t < other and other % RING == t % RING for other in self.reported)
        limited = self.plain.limited
        broken = self.plain.settle(name, t, leaf.cumulative_micro) if in_ring else {"ReportUnknown"}
        if self.plain.limited != limited:
            OUTCOMES["settle in part", None] += 1
        self.both(
            "settle",
            broken,
            lambda: self.balancing.send(GOVERNOR, "settle", t, leaf, list(tree.proof(leaf.leaf()))),
        )

    # WHAT HOLDS AFTER EVERY STEP

    fees_paid = 0

    @invariant()
    def accounts_are_equal(self) -> None:
        for name, plain in self.plain.accounts.items():
            found = self.trading.ask("accountOf", KEYS[name].address)
            assert (found["cashMicro"], found["debtMicro"], found["epoch"], found["settledThrough"]) == (
                plain.cash,
                plain.debt,
                plain.epoch,
                plain.settled_through,
            ), name
        grid = self.trading.ask("accountOf", self.balancing.address)
        assert (grid["cashMicro"], grid["debtMicro"]) == (self.plain.grid_cash, 0)
        assert self.trading.ask("fees")[1] == self.plain.fees

    @invariant()
    def positions_are_equal(self) -> None:
        for (_, name), plain in self.plain.positions.items():
            found = self.trading.ask("positionOf", MARKET, plain.t, KEYS[name].address)
            assert (found["soldWh"], found["boughtWh"], found["escrowMicro"], found["paidMicro"]) == (
                plain.sold,
                plain.bought,
                plain.escrow,
                plain.paid,
            ), (name, plain.t)
            assert plain.sold <= SELL_CAPS[name]

    @invariant()
    def the_token_is_all_there(self) -> None:
        held = self.token.ask("balanceOf", self.trading.address)
        assert held == self.plain.owned() + PENALTY + self.fees_paid


def run(examples: int, steps: int, *, derandomize: bool) -> None:
    OUTCOMES.clear()
    run_state_machine_as_test(
        Trading,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=derandomize,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
            database=None,
        ),
    )
    # A machine that only ever does one thing would find everything equal.
    missed = {(what, end) for what, ends in EXPECTED.items() for end in ends} - set(OUTCOMES)
    assert not missed, f"never happened: {sorted(map(str, missed))}; {OUTCOMES}"


def test_trading_is_the_plain_ledger() -> None:
    run(examples=80, steps=60, derandomize=True)


@pytest.mark.deep
def test_trading_is_the_plain_ledger_in_long_runs() -> None:
    run(examples=1_000, steps=100, derandomize=False)
