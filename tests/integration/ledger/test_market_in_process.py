"""A whole interval in process: report, certificates, clearing, imbalance, and money that adds up."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from protocol.balance import BalanceLeaf, Flow, Prices, settle
from protocol.book import Book, BookEntry
from protocol.eip712 import Domain
from protocol.intervals import interval_end, interval_of
from protocol.keys import SigningKey
from protocol.leaf import consumption_leaf, interval_salt, production_leaf
from protocol.ledger.address_book import AddressBook
from protocol.ledger.bindings import contract
from protocol.ledger.deployment import deploy
from protocol.ledger.errors import TransactionReverted
from protocol.ledger.market_rules import MarketRules, Role
from protocol.ledger.transactions import Sender, read
from protocol.market_id import spot
from protocol.merkle import MerkleTree
from protocol.money import cost_up, proceeds_down
from protocol.order import Order, Side
from protocol.reading import Reading
from protocol.registration import Category, Kind, MeterAttributes, Registration, Source, meter_id_of
from protocol.report import Report, data_hash_of
from tests.integration.ledger.in_process import EthTesterRpc

SECONDS = 900
FEEDER = 1
PRICE = 120_000
PRICES = Prices(180_000, 60_000)
FUNDS = 50_000_000


@dataclass(frozen=True)
class Home:
    """A meter and the account it belongs to."""

    device: SigningKey
    account: SigningKey
    nonce: int

    @property
    def meter_id(self) -> bytes:
        return meter_id_of(self.device.address, self.nonce)

    def reading(self, timestamp: int, import_wh: int, export_wh: int) -> Reading:
        return Reading(self.meter_id, 1, timestamp, SECONDS, import_wh, export_wh, export_wh)


@dataclass(frozen=True)
class Place:
    """A deployment in process, with whoever acts there."""

    rpc: EthTesterRpc
    book: AddressBook
    governor: Sender
    operator: Sender
    oracle: SigningKey

    async def ask(self, name: str, function: str, *arguments: object):
        entry = contract(name).functions[function]
        answer = await read(self.rpc, self.book.address(name), entry.encode(*arguments))
        return entry.decode(answer)[0]

    async def call(self, sender: Sender, name: str, function: str, *arguments: object) -> None:
        data = contract(name).functions[function].encode(*arguments)
        await sender.transact(self.book.address(name), data)

    async def report(self, name: str, interval: int, leaves: Sequence[bytes], records: Sequence[bytes]):
        tree = MerkleTree(leaves)
        report = Report(interval, tree.root, data_hash_of(records), 3_000, len(leaves))
        message = report.following(await self.ask(name, "link"))
        signature = self.oracle.sign(message.digest(self.book.domain(name)))
        await self.call(self.operator, name, "report", message, [signature])
        return tree

    async def fund(self, payer: Sender, account: bytes) -> None:
        await self.call(payer, "TestDollar", "mint", payer.address, FUNDS)
        await self.call(payer, "TestDollar", "approve", self.book.address("EnergyTrading"), FUNDS)
        await self.call(payer, "EnergyTrading", "deposit", FUNDS, account)

    async def cash(self, account: bytes) -> int:
        return (await self.ask("EnergyTrading", "accountOf", account))["cashMicro"]


@pytest.fixture
async def place(artefacts: None) -> Place:
    rpc = EthTesterRpc()
    governor, operator, oracle = rpc.sender(), rpc.sender(), SigningKey.generate()
    book = await deploy(
        governor,
        interval_seconds=SECONDS,
        ring_size=8,
        finality_seconds=0,
        oracles=[oracle.address],
        quorum=1,
        guardian=bytes(19) + b"\x60",
        market=MarketRules(penalty_micro=1_000_000, fee_bps=100),
        roles={Role.CLEARING_OPERATOR: [operator.address]},
    )
    return Place(rpc, book, governor, operator, oracle)


async def register(place: Place, home: Home, opened: int) -> None:
    statement = Registration(home.meter_id, home.account.address, home.nonce, opened, 0, 0, 0)
    attributes = MeterAttributes(
        Kind.GENERATION, Source.SOLAR, Category.RESIDENTIAL, 16_000, 20_000, FEEDER, False
    )
    signature = statement.sign(home.device, place.book.domain("Registry"))
    await place.call(place.governor, "Registry", "registerMeter", statement, attributes, "home", signature)


def order_of(account: bytes, side: Side, limit: int, interval: int) -> Order:
    return Order(account, spot(FEEDER).id, side, 2_500, limit, interval, 1, 0, False, 0, 7)


async def test_an_interval_is_reported_certified_cleared_and_settled(place: Place) -> None:
    seller, buyer = (Home(SigningKey.generate(), SigningKey.generate(), n) for n in (1, 2))
    opened = place.rpc.time()
    for home in (seller, buyer):
        await register(place, home, opened)
    interval = interval_of(opened, SECONDS) + 1
    end = interval_end(interval, SECONDS)
    await place.rpc.call("evm_setNextBlockTimestamp", end + 1)

    # what was measured: 3,000 Wh given, 2,800 Wh drawn
    sun, load = seller.reading(end, 0, 3_000), buyer.reading(end, 2_800, 0)
    registry = place.book.domain("Registry")
    records = [sun.sign(seller.device, registry).record(), load.sign(buyer.device, registry).record()]
    tree = await place.report(
        "EnergyProduction", interval, [production_leaf(each) for each in (sun, load)], records
    )
    salt = interval_salt(b"s" * 32, interval)
    await place.report(
        "EnergyConsumption", interval, [consumption_leaf(each, salt) for each in (sun, load)], records
    )
    proof = tree.multiproof([production_leaf(sun)])
    await place.call(place.governor, "EnergyProduction", "mint", interval, [sun], proof.proof, proof.flags)
    certificate = (end - 1) // 86_400
    assert await place.ask("EnergyProduction", "balanceOf", seller.account.address, certificate) == 3_000

    # what was traded: 2,500 Wh at one price
    grid = place.book.address("GridBalancing")
    for payer in (place.rpc.sender(buyer.account), place.rpc.sender(seller.account), place.operator):
        await place.fund(payer, payer.address)
    await place.fund(place.governor, grid)
    await place.call(place.operator, "EnergyTrading", "bond", 1_000_000)
    domain = place.book.domain("EnergyTrading")
    bought = order_of(buyer.account.address, Side.BUY, 150_000, interval)
    sold = order_of(seller.account.address, Side.SELL, 100_000, interval)
    assert await place.ask("EnergyTrading", "orderDigest", sold) == sold.digest(domain)
    fills = [
        bought.fill(2_500, bought.sign(buyer.account, domain)),
        sold.fill(2_500, sold.sign(seller.account, domain)),
    ]
    book = Book(
        BookEntry(each.account, each.side, 2_500, each.limit_price_micro_per_kwh) for each in (bought, sold)
    )
    market = spot(FEEDER).id
    await refused_by_another_key(place, interval, book, bought, domain)
    await place.call(place.operator, "EnergyTrading", "clear", market, interval, PRICE, book.root, fills, [])
    position = await place.ask("EnergyTrading", "positionOf", market, interval, seller.account.address)
    proceeds = proceeds_down(2_500, PRICE)
    fee = proceeds // 100
    assert position["soldWh"] == 2_500
    assert position["escrowMicro"] == proceeds - fee
    assert await place.cash(buyer.account.address) == FUNDS - cost_up(2_500, PRICE)

    # what was left over: 500 Wh of the seller, 300 Wh missing at the buyer
    flows = [
        Flow(seller.account.address, 0, 3_000, 2_500, 0),
        Flow(buyer.account.address, 2_800, 0, 0, 2_500),
    ]
    settlement = settle(flows, PRICES, -200)
    leaves = [BalanceLeaf(move.account).after(move) for move in settlement.accounts]
    leaves.append(BalanceLeaf(grid).after(settlement.grid.of(grid)))
    assert sum(leaf.cumulative_micro for leaf in leaves) == 0
    balances = await place.report("GridBalancing", interval, [leaf.leaf() for leaf in leaves], records)
    for leaf in leaves[:-1]:
        path = balances.proof(leaf.leaf())
        await place.call(place.governor, "GridBalancing", "settle", interval, leaf, path)
    path = balances.proof(leaves[-1].leaf())
    with pytest.raises(TransactionReverted, match="no imbalance of"):
        await place.call(place.governor, "GridBalancing", "settle", interval, leaves[-1], path)
    await place.call(place.governor, "EnergyTrading", "collect", market, [interval], seller.account.address)
    due = {move.account: move.money_micro for move in settlement.accounts}
    assert due == {seller.account.address: 30_000, buyer.account.address: -54_000}
    assert await place.cash(seller.account.address) == FUNDS + proceeds - fee + 30_000
    assert await place.cash(buyer.account.address) == FUNDS - cost_up(2_500, PRICE) - 54_000
    assert await place.cash(grid) == FUNDS + 24_000 == FUNDS + settlement.grid.money_micro
    assert (await place.ask("GridBalancing", "balanceOf", seller.account.address))["deliveredWh"] == 2_500

    # all of it is there
    accounts = (seller.account.address, buyer.account.address, place.operator.address, grid)
    cash = sum([await place.cash(each) for each in accounts])
    held = await place.ask("TestDollar", "balanceOf", place.book.address("EnergyTrading"))
    assert held == cash + fee + 1_000_000 == 4 * FUNDS


async def refused_by_another_key(
    place: Place, interval: int, book: Book, bought: Order, domain: Domain
) -> None:
    """A fill that the buyer did not sign is refused, with the reason in words."""
    forged = bought.fill(1, bought.sign(SigningKey.generate(), domain))
    data = (spot(FEEDER).id, interval, PRICE, book.root, [forged], [])
    with pytest.raises(TransactionReverted, match="bad order signature"):
        await place.call(place.operator, "EnergyTrading", "clear", *data)
