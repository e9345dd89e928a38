"""From a signed reading to a certificate on a real chain."""

from typing import Any

import pytest

from protocol.keys import SigningKey
from protocol.leaf import production_leaf
from protocol.ledger.bindings import contract
from protocol.ledger.errors import TransactionReverted
from protocol.ledger.logs import Log, decode_log
from protocol.ledger.transactions import Receipt, read
from protocol.merkle import MerkleTree
from protocol.reading import Reading, SignedReading
from protocol.registration import Registration, meter_id_of
from protocol.report import Report, data_hash_of
from tests.integration.conftest import GENESIS_TIME, Community

pytestmark = pytest.mark.asyncio

SOLAR_HOME = (0, 0, 0, 5_000, 10_000, 1, True, bytes(32))
OPENED = GENESIS_TIME
SIMULATED_SOLAR = 1 << 40
PRODUCTION = "EnergyProduction"


class Home:
    """A meter with its key that remembers its last reading."""

    def __init__(self, community: Community, nonce: int) -> None:
        self.key = SigningKey.generate()
        self.account = SigningKey.generate().address
        self.meter_id = meter_id_of(self.key.address, nonce)
        self.nonce = nonce
        self.domain = community.book.domain("Registry")

    def registration(self) -> tuple[Registration, bytes]:
        statement = Registration(self.meter_id, self.account, self.nonce, OPENED, 10, 20, 1_000)
        return statement, statement.sign(self.key, self.domain)

    def reading(self, seq: int, timestamp: int, generated_wh: int) -> SignedReading:
        plain = Reading(self.meter_id, seq, timestamp, 3600, 10, 20, generated_wh, 0)
        return plain.sign(self.key, self.domain)


async def call(community: Community, name: str, function: str, *arguments: object) -> Receipt:
    data = contract(name).functions[function].encode(*arguments)
    return await community.governor.transact(community.book.address(name), data, gas=15_000_000)


async def ask(community: Community, name: str, function: str, *arguments: object) -> tuple[Any, ...]:
    entry = contract(name).functions[function]
    return entry.decode(await read(community.rpc, community.book.address(name), entry.encode(*arguments)))


async def register(community: Community, home: Home, name: str = "home") -> Receipt:
    statement, signature = home.registration()
    return await call(community, "Registry", "registerMeter", statement, SOLAR_HOME, name, signature)


async def report(
    community: Community, interval: int, readings: list[SignedReading], total_wh: int
) -> tuple[MerkleTree, Report, Receipt]:
    tree = MerkleTree(production_leaf(each.reading) for each in readings)
    statement = Report(
        interval, tree.root, data_hash_of(each.record() for each in readings), total_wh, len(readings)
    )
    (link,) = await ask(community, PRODUCTION, "link")
    message = statement.following(link)
    digest = message.digest(community.book.domain(PRODUCTION))
    signatures = [key.sign(digest) for key in community.oracle_keys[:2]]
    await community.at((interval + 1) * 3600)
    return tree, statement, await call(community, PRODUCTION, "report", message, signatures)


async def mint(
    community: Community, interval: int, tree: MerkleTree, readings: list[SignedReading]
) -> Receipt:
    by_leaf = {production_leaf(each.reading): each.reading for each in readings}
    proof = tree.multiproof(by_leaf)
    claims = [by_leaf[leaf] for leaf in proof.leaves]
    return await call(community, PRODUCTION, "mint", interval, claims, proof.proof, proof.flags)


def decoded(name: str, receipt: Receipt, event: str) -> list[Log]:
    """The events of one kind in a receipt."""
    logs = [decode_log(name, entry) for entry in receipt.logs]
    return [log for log in logs if log is not None and log.name == event]


async def test_readings_become_certificates_of_their_accounts(community: Community) -> None:
    homes = [Home(community, nonce) for nonce in range(5)]
    registered = [
        decoded("Registry", await register(community, home, f"home {i}"), "MeterRegistered")[0]
        for i, home in enumerate(homes)
    ]
    assert registered[3].arguments["name"] == "home 3"
    assert registered[3].arguments["key"] == homes[3].key.address
    assert registered[3].arguments["attributes"]["generationCapacityW"] == 5_000
    assert registered[3].arguments["generatedWh"] == 1_000

    interval = OPENED // 3600 + 1
    end = (interval + 1) * 3600
    readings = [home.reading(1, end, 1_000 + 100 * i) for i, home in enumerate(homes)]
    tree, statement, receipt = await report(community, interval, readings, 1_000)
    (reported,) = decoded(PRODUCTION, receipt, "Reported")
    assert reported.address == community.book.address(PRODUCTION)
    assert reported.arguments == {
        "interval": interval,
        "root": tree.root,
        "dataHash": statement.data_hash,
        "totalWh": 1_000,
        "count": 5,
        "signers": 0b011,
    }
    assert await ask(community, PRODUCTION, "head") == (interval,)
    assert await ask(community, PRODUCTION, "isFinal", interval) == (True,)

    receipt = await mint(community, interval, tree, [readings[1], readings[2], readings[4]])
    minted = {log.arguments["account"]: log.arguments for log in decoded(PRODUCTION, receipt, "Minted")}
    day_id = SIMULATED_SOLAR | OPENED // 86400
    assert {account: event["wh"] for account, event in minted.items()} == {
        homes[1].account: 100,
        homes[2].account: 200,
        homes[4].account: 400,
    }
    assert {event["id"] for event in minted.values()} == {day_id}
    assert await ask(community, PRODUCTION, "balanceOf", homes[4].account, day_id) == (400,)
    assert await ask(community, PRODUCTION, "totalSupply", day_id) == (700,)
    assert await ask(community, PRODUCTION, "claimOf", homes[2].meter_id) == (1_200, 1, end)
    assert await ask(community, PRODUCTION, "claimOf", homes[3].meter_id) == (1_000, 0, OPENED)


async def test_a_second_mint_of_the_same_leaves_mints_nothing(community: Community) -> None:
    home = Home(community, 1)
    await register(community, home)
    interval = OPENED // 3600 + 1
    readings = [home.reading(1, (interval + 1) * 3600, 1_500)]
    tree, _, _ = await report(community, interval, readings, 500)
    assert len((await mint(community, interval, tree, readings)).logs) == 2
    assert (await mint(community, interval, tree, readings)).logs == []


async def test_a_refusal_is_told_in_words(community: Community) -> None:
    home = Home(community, 1)
    await register(community, home)
    with pytest.raises(TransactionReverted, match="meter already registered") as refused:
        await register(community, home)
    assert refused.value.name == "MeterAlreadyRegistered"
    assert refused.value.arguments == {"meterId": home.meter_id}
    assert refused.value.transaction_hash is not None


async def test_a_contradicting_reading_suspends_the_meter(community: Community) -> None:
    home = Home(community, 1)
    await register(community, home)
    interval = OPENED // 3600 + 1
    end = (interval + 1) * 3600
    told = home.reading(1, end, 9_000)
    tree, _, _ = await report(community, interval, [told], 8_000)
    true = home.reading(1, end, 1_100)
    receipt = await call(
        community, PRODUCTION, "dispute", interval, told.reading, [], true.reading, true.signature
    )
    (disputed,) = decoded(PRODUCTION, receipt, "Disputed")
    assert disputed.arguments == {
        "interval": interval,
        "meterId": home.meter_id,
        "leaf": tree.root,
        "signers": 0b011,
        "kind": 0,
    }
    assert (await mint(community, interval, tree, [told])).logs == []
