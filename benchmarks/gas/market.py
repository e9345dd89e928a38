"""What clearing, complaints and settlement cost: 100 buyers and 100 sellers, each with one signed order."""

from collections.abc import Sequence
from typing import Final

from benchmarks.gas import energy, schedule
from benchmarks.gas.energy import Home
from benchmarks.gas.measure import Measure
from benchmarks.gas.schedule import Work
from benchmarks.gas.stage import INTERVAL_SECONDS, RING, Sent, Stage, key
from protocol.balance import BalanceLeaf
from protocol.book import Book, BookEntry
from protocol.keys import SigningKey
from protocol.market_id import spot
from protocol.merkle import MerkleTree
from protocol.order import Fill, Order, Side

TRADES: Final = 100
TRADING: Final = "EnergyTrading"
BALANCING: Final = "GridBalancing"
MARKET: Final = spot(1).id
PRICE: Final = 120_000
OPERATOR: Final = key("clearing operator").address
STRANGER: Final = key("complainant").address
BUYERS: Final = tuple(key("buyer", i) for i in range(TRADES))
BOND_MICRO: Final = 100_000_000
CASH_MICRO: Final = 1_000_000_000
BOOK: Final = 256
_BOOK_LEVELS: Final = (BOOK - 1).bit_length()

# registry's pause and role, the grid's rules, the operator's bond; price rules; clearing and book written;
# events
BATCH_WORK: Final = Work(contracts=2, reads=6, updates=3, hashed_words=4, topics=12, log_bytes=256)
# the signed order; cash and position written; a word of the event
BUY_WORK: Final = Work(updates=2, signatures=1, hashed_words=14, log_bytes=32)
# the signed order; epoch and debt, sell cap read; position written; a word of the event
SELL_WORK: Final = Work(reads=2, updates=1, signatures=1, hashed_words=14, log_bytes=32)
# the same, with the cash of the interval before written
SELL_AND_COLLECT_WORK: Final = Work(reads=1, updates=2, signatures=1, hashed_words=14, log_bytes=64)
# clearing, position and rules read; the book's root cleared, bond and complainant's cash written; the entry
# and its proof
COMPLAINT_WORK: Final = Work(
    reads=3, updates=2, clears=1, pairs=_BOOK_LEVELS + 1, hashed_words=5, topics=4, log_bytes=64
)
# registry's pause, the account's capacity, the price; root and meta; balance, account and grid written; two
# events
SETTLE_WORK: Final = Work(
    contracts=2, reads=5, updates=3, pairs=_BOOK_LEVELS + 1, hashed_words=5, topics=5, log_bytes=224
)


async def prepare(stage: Stage, governor: bytes) -> None:
    """Give the buyers money and the operator his bond."""
    mints, approvals, deposits = [], [], []
    for account, micro in [(OPERATOR, BOND_MICRO), *((each.address, CASH_MICRO) for each in BUYERS)]:
        mints.append((governor, "TestDollar", "mint", (account, micro)))
        approvals.append((account, "TestDollar", "approve", (stage.book.address(TRADING), micro)))
        deposits.append((account, TRADING, "deposit", (micro, account)))
    for calls in (mints, approvals, deposits):
        await stage.send_all(calls)
    await stage.send(OPERATOR, TRADING, "bond", BOND_MICRO)


def order(account: SigningKey, side: Side, interval: int) -> Order:
    """Return a day's order of an account."""
    return Order(
        account=account.address,
        market=MARKET,
        side=side,
        cap_wh=4_000,
        limit_price_micro_per_kwh=PRICE + (20_000 if side is Side.BUY else -20_000),
        from_interval=interval - interval % 24,
        count=48,
        source_mask=0,
        bundled=False,
        epoch=0,
        salt=int.from_bytes(account.address, "big") ^ interval,
    )


def fills(stage: Stage, homes: Sequence[Home], interval: int) -> list[Fill]:
    """Return a buy and a sell for every trade, buyers first."""
    domain = stage.domain(TRADING)
    made = []
    for side, keys in ((Side.BUY, BUYERS), (Side.SELL, [home.account for home in homes])):
        for number, each in enumerate(keys):
            signed = order(each, side, interval)
            made.append(signed.fill(1_000 + number, signed.sign(each, domain)))
    return made


async def clear(stage: Stage, homes: Sequence[Home], interval: int, root: bytes = bytes(32)) -> Sent:
    """Clear an interval's hundred trades after its end."""
    await stage.at((interval + 1) * INTERVAL_SECONDS + 1)
    chunk = fills(stage, homes, interval)
    return await stage.send(OPERATOR, TRADING, "clear", MARKET, interval, PRICE, root, chunk, [])


async def collect(stage: Stage, homes: Sequence[Home], interval: int) -> None:
    """Pay every seller what an interval brought, once half a ring is over."""
    await stage.at((interval + RING // 2 + 1) * INTERVAL_SECONDS + 1)
    await stage.send_all(
        [(OPERATOR, TRADING, "collect", (MARKET, [interval], home.account.address)) for home in homes]
    )


async def measure(stage: Stage, homes: Sequence[Home], first: int) -> list[Measure]:
    """Clear one place of the ring three times over; complain about the last, and settle.

    Args:
        stage: the deployment.
        homes: the sellers.
        first: the first interval to use.
    """
    await clear(stage, homes, first)
    await collect(stage, homes, first)
    steady = await clear(stage, homes, first + RING)
    with_collection = await clear(stage, homes, first + 2 * RING)
    complained = await complain(stage, homes, first + 3 * RING)
    settled = await settle(stage, homes, first + 3 * RING + 1)
    trade, trade_collected = BUY_WORK.plus(SELL_WORK), BUY_WORK.plus(SELL_AND_COLLECT_WORK)
    return [
        Measure(
            "clear_per_trade_100",
            steady.gas / TRADES,
            schedule.floor(steady.data, BATCH_WORK.plus(trade.times(TRADES))) / TRADES,
        ),
        Measure(
            "clear_per_trade_100_with_collection",
            with_collection.gas / TRADES,
            schedule.floor(with_collection.data, BATCH_WORK.plus(trade_collected.times(TRADES))) / TRADES,
        ),
        Measure("complaint", complained.gas, schedule.floor(complained.data, COMPLAINT_WORK)),
        Measure("settle", settled.gas, schedule.floor(settled.data, SETTLE_WORK)),
    ]


async def complain(stage: Stage, homes: Sequence[Home], interval: int) -> Sent:
    """Prove that a buyer of a book of 256 was left short."""
    short = BookEntry(BUYERS[0].address, Side.BUY, 4_000, PRICE + 20_000)
    others = [BookEntry(key("stranger", i).address, Side.BUY, 500, PRICE) for i in range(BOOK - 1)]
    book = Book([short, *others])
    # Who complains has an account: a first write would be his own.
    await stage.send(STRANGER, "TestDollar", "mint", STRANGER, 1)
    await stage.send(STRANGER, "TestDollar", "approve", stage.book.address(TRADING), 1)
    await stage.send(STRANGER, TRADING, "deposit", 1, STRANGER)
    await clear(stage, homes, interval, book.root)
    return await stage.send(STRANGER, TRADING, "complain", MARKET, interval, short, list(book.proof(short)))


async def settle(stage: Stage, homes: Sequence[Home], interval: int) -> Sent:
    """Settle a debit of one of 256 accounts that was settled before."""
    settled = Sent(0, b"")
    for step in range(2):
        mine = BalanceLeaf(homes[1].account.address, -50_000 * (step + 1), 0, 0)
        others = [BalanceLeaf(key("stranger", i).address, step + 1, 0, 0) for i in range(BOOK - 1)]
        tree = MerkleTree(each.leaf() for each in (mine, *others))
        await energy.report(stage, BALANCING, interval + step, tree, 1)
        proof = list(tree.proof(mine.leaf()))
        settled = await stage.send(STRANGER, BALANCING, "settle", interval + step, mine, proof)
    return settled
