"""What EnergyTrading and GridBalancing do to money, once more, in plain Python and from the rules alone.

Nothing here is packed, fast or safe. Every step says which rules a call breaks, by the contracts' names of
them; a call that breaks none is carried out.
"""

from dataclasses import dataclass, field

BPS = 10_000


@dataclass
class Account:
    cash: int = 0
    debt: int = 0
    epoch: int = 0
    settled_through: int = 0
    former_epoch: int | None = None
    former_until: int = 0
    asked: int = 0
    ready_at: int = 0


@dataclass
class Position:
    t: int
    sold: int = 0
    bought: int = 0
    escrow: int = 0
    paid: int = 0


@dataclass
class Balance:
    through: int
    bounded_from: int
    moved: int = 0


@dataclass(frozen=True)
class Offer:
    """An order as it is filled.

    Attributes:
        account: name of the account.
        sells: whether it sells.
        wh: what is filled, Wh.
        cap: the order's cap, Wh.
        limit: the order's limit, micro-units per kWh.
        first: first interval.
        count: number of intervals.
        epoch: the epoch it was signed in.
        forged: whether somebody else signed it.
    """

    account: str
    sells: bool
    wh: int
    cap: int
    limit: int
    first: int
    count: int
    epoch: int
    forged: bool = False


@dataclass
class PlainLedger:
    """One market's ledger.

    Attributes:
        interval_seconds: length of an interval.
        ring: how many intervals are kept.
        notice: seconds of notice.
        start: the interval before the first that is settled.
        sell_caps: Wh by account.
        limits: most imbalance money in one interval, by account.
        limited: how often more was due than may move at once.
    """

    interval_seconds: int
    ring: int
    notice: int
    start: int
    sell_caps: dict[str, int]
    limits: dict[str, int]
    limited: int = 0
    fee_bps: int = 0
    fees: int = 0
    grid_cash: int = 0
    accounts: dict[str, Account] = field(default_factory=dict)
    positions: dict[tuple[int, str], Position] = field(default_factory=dict)
    cleared: dict[int, int] = field(default_factory=dict)
    balances: dict[str, Balance] = field(default_factory=dict)

    def present(self, now: int) -> int:
        return (now - 1) // self.interval_seconds

    def place(self, t: int) -> int:
        return t % self.ring

    # MONEY

    def credit(self, account: str, micro: int) -> None:
        """Debt is paid first, to the grid."""
        state = self.accounts[account]
        repaid = min(micro, state.debt)
        state.debt -= repaid
        self.grid_cash += repaid
        state.cash += micro - repaid

    def deposit(self, account: str, micro: int) -> set[str]:
        if micro == 0:
            return {"NothingToMove"}
        self.credit(account, micro)
        return set()

    def ask_withdrawal(self, account: str, micro: int, now: int) -> set[str]:
        if micro == 0:
            return {"NothingToMove"}
        state = self.accounts[account]
        state.asked, state.ready_at = micro, now + self.notice
        return set()

    def withdraw(self, account: str, now: int) -> set[str]:
        state = self.accounts[account]
        if state.asked == 0:
            return {"NoWithdrawalRequested"}
        broken = {"NoticeRunning"} if now < state.ready_at else set()
        micro = min(state.asked, state.cash)
        broken |= {"NothingToMove"} if micro == 0 else set()
        if not broken:
            state.asked = 0
            state.cash -= micro
        return broken

    # CLEARING

    def clear(self, t: int, price: int, offers: list[Offer], now: int) -> set[str]:
        """Open, fill and close at once, or do nothing."""
        present = self.present(now)
        if now < (t + 1) * self.interval_seconds:
            return {"TooEarlyToClear"}
        if present > t + self.ring // 2:
            return {"TooLateToClear"}
        if self.cleared.get(self.place(t)) == t:
            return {"ClearingExists"}
        before = self._money()
        bought = sold = paid = escrowed = 0
        for offer in offers:
            cost, broken = self._fill(t, price, offer, now)
            if broken:
                self._restore(before)
                return broken
            if offer.sells:
                sold, escrowed = sold + offer.wh, escrowed + cost
            else:
                bought, paid = bought + offer.wh, paid + cost
        if bought != sold:
            self._restore(before)
            return {"SoldBeyondBought" if sold > bought else "NotBalanced"}
        self.fees += paid - escrowed
        self.cleared[self.place(t)] = t
        return set()

    def _fill(self, t: int, price: int, offer: Offer, now: int) -> tuple[int, set[str]]:
        state = self.accounts[offer.account]
        key = (self.place(t), offer.account)
        position = self.positions.get(key)
        if position is None or position.t != t:
            if position is not None and position.escrow:
                self.credit(offer.account, position.escrow)
            position = Position(t)
        broken = set()
        if not offer.first <= t < offer.first + offer.count:
            broken.add("OutsideWindow")
        if state.debt:
            broken.add("InDebt")
        if offer.epoch != state.epoch and not (
            offer.epoch == state.former_epoch and now < state.former_until
        ):
            broken.add("WrongEpoch")
        if offer.forged:
            broken.add("BadOrderSignature")
        if offer.wh == 0:
            broken.add("NothingToFill")
        if price < offer.limit if offer.sells else price > offer.limit:
            broken.add("LimitNotMet")
        value = offer.wh * price
        if offer.sells:
            gross = value // 1000
            money = gross - -(-gross * self.fee_bps // BPS)
            position.sold += offer.wh
            position.escrow += money
            if position.sold > offer.cap:
                broken.add("OverCap")
            if position.sold > self.sell_caps[offer.account]:
                broken.add("OverSellCap")
        else:
            money = -(-value // 1000)
            position.bought += offer.wh
            position.paid += money
            if position.bought > offer.cap:
                broken.add("OverCap")
            if money > state.cash:
                broken.add("NotEnoughCash")
            state.cash -= money
        self.positions[key] = position
        return money, broken

    def collect(self, account: str, ts: list[int], now: int) -> set[str]:
        state, present = self.accounts[account], self.present(now)
        if any(t > state.settled_through and t + self.ring // 2 >= present for t in ts):
            return {"NotSettled"}
        micro = 0
        for t in ts:
            position = self.positions.get((self.place(t), account))
            if position is not None and position.t == t:
                micro, position.escrow = micro + position.escrow, 0
        if micro == 0:
            return {"NothingToCollect"}
        self.credit(account, micro)
        return set()

    def cancel_all(self, account: str, now: int, following: int) -> set[str]:
        """The next epoch is nobody's to know: the contract says which."""
        state = self.accounts[account]
        if now < state.former_until:
            return {"CancelPending"}
        state.former_epoch, state.former_until = state.epoch, now + self.notice
        state.epoch = following
        return set()

    # SETTLEMENT

    def settle(self, account: str, t: int, cumulative: int) -> set[str]:
        balance = self.balances.setdefault(account, Balance(self.start, self.start))
        if t < balance.through or t == balance.through == balance.bounded_from:
            return {"AlreadySettled"}
        due = cumulative - balance.moved
        begins = max(balance.bounded_from, t - self.ring)
        limit = self.limits[account] * (t - begins)
        most = max(-limit, min(due, limit))
        self.limited += most != due
        state = self.accounts[account]
        moved = most
        if most < 0:
            paid = min(-most, state.cash)
            state.cash -= paid
            state.debt += -most - paid
            self.grid_cash += paid
        else:
            waived = min(most, state.debt)
            paid = min(most - waived, self.grid_cash)
            state.debt -= waived
            state.cash += paid
            self.grid_cash -= paid
            moved = waived + paid
        if due >= most:  # who owes more than the bound is not settled yet
            state.settled_through = max(state.settled_through, t)
        bounded = t
        if moved != most:
            bounded = begins + -(-moved // self.limits[account])
        self.balances[account] = Balance(t, bounded, balance.moved + moved)
        return set()

    # SUMS

    def owned(self) -> int:
        """Everybody's money."""
        escrow = sum(position.escrow for position in self.positions.values())
        return sum(each.cash for each in self.accounts.values()) + escrow + self.fees + self.grid_cash

    def _money(self) -> tuple[object, ...]:
        return (
            {name: (each.cash, each.debt) for name, each in self.accounts.items()},
            {key: Position(p.t, p.sold, p.bought, p.escrow, p.paid) for key, p in self.positions.items()},
            self.grid_cash,
        )

    def _restore(self, money: tuple[object, ...]) -> None:
        accounts, self.positions, self.grid_cash = money
        for name, (cash, debt) in accounts.items():
            self.accounts[name].cash, self.accounts[name].debt = cash, debt
