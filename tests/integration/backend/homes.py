"""Homes of a test community: registered, reported and certified on a real chain; data sets in the view."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import psycopg

from protocol.intervals import interval_end
from protocol.keccak import keccak256
from protocol.keys import SigningKey
from protocol.leaf import production_leaf
from protocol.ledger.bindings import contract
from protocol.ledger.transactions import Sender, read
from protocol.merkle import MerkleTree
from protocol.reading import Reading, SignedReading
from protocol.registration import Registration, meter_id_of
from protocol.report import Report, data_hash_of
from tests.integration.conftest import GENESIS_TIME, Community

FIRST = GENESIS_TIME // 3600
"""The first interval that a test community may report."""
INTERVALS = 5
"""How many intervals the community of the API's tests has reported."""

CERTIFICATE = 1 << 40 | GENESIS_TIME // 86_400
"""The id of the homes' certificates of the first day: simulated, solar."""

VIEW = """
CREATE SCHEMA IF NOT EXISTS {0};
CREATE TABLE IF NOT EXISTS {0}.data_set (interval bigint, data_hash bytea, meter_id bytea, seq bigint,
    record bytea, PRIMARY KEY (interval, data_hash, meter_id, seq));
"""


@dataclass
class Home:
    key: SigningKey
    account_key: SigningKey
    meter_id: bytes
    seq: int = 0
    import_wh: int = 5_000
    export_wh: int = 700
    generated_wh: int = 12_345

    @property
    def account(self) -> bytes:
        return self.account_key.address


@dataclass
class Homes:
    community: Community
    database_url: str
    homes: list[Home] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    sets: dict[int, list[SignedReading]] = field(default_factory=dict)

    async def register(self, count: int) -> None:
        book, governor = self.community.book, self.community.governor
        registry = contract("Registry")
        for _ in range(count):
            key, account_key = SigningKey.generate(), SigningKey.generate()
            home = Home(key, account_key, meter_id_of(key.address, 1))
            opening = Registration(
                home.meter_id,
                home.account,
                1,
                GENESIS_TIME,
                home.import_wh,
                home.export_wh,
                home.generated_wh,
            )
            name = f"Home {len(self.homes) + 1}"
            call = registry.functions["registerMeter"].encode(
                opening,
                (0, 0, 0, 5000, 10000, 1, True, bytes(32)),
                name,
                opening.sign(key, book.domain("Registry")),
            )
            await governor.transact(book.address("Registry"), call)
            self.homes.append(home)

    def read(self, interval: int, homes: Iterable[Home] | None = None) -> list[SignedReading]:
        """Let homes move their registers and sign them at the interval's end."""
        domain = self.community.book.domain("Registry")
        readings = []
        for home in sorted(self.homes if homes is None else homes, key=lambda home: home.meter_id):
            home.seq += 1
            home.import_wh += self.chance.randrange(900)
            home.export_wh += self.chance.randrange(400)
            home.generated_wh += self.chance.randrange(3000)
            reading = Reading(
                home.meter_id,
                home.seq,
                interval_end(interval, 3600),
                3600,
                home.import_wh,
                home.export_wh,
                home.generated_wh,
            )
            readings.append(reading.sign(home.key, domain))
        self.sets[interval] = readings
        return readings

    def keep(
        self,
        interval: int,
        readings: list[SignedReading],
        *,
        records: list[bytes] | None = None,
        node: str = "oracle_1",
    ) -> None:
        """Put a data set into a node's view, or other records under its hash."""
        true = [signed.record() for signed in readings]
        data_hash = data_hash_of(true)
        with psycopg.connect(self.database_url) as connection:
            connection.execute(VIEW.format(node))
            with connection.cursor() as cursor:
                cursor.executemany(
                    f"INSERT INTO {node}.data_set VALUES (%s, %s, %s, %s, %s)",
                    [
                        (interval, data_hash, signed.reading.meter_id, signed.reading.seq, record)
                        for signed, record in zip(readings, records or true, strict=True)
                    ],
                )

    async def send_reports(
        self,
        interval: int,
        readings: list[SignedReading],
        generated_wh: int,
        import_wh: int,
        *,
        sides: tuple[str, ...] = ("EnergyProduction", "EnergyConsumption"),
    ) -> None:
        """Sign by the quorum and send the reports of one interval."""
        book = self.community.book
        data_hash = data_hash_of([signed.record() for signed in readings])
        root = MerkleTree([production_leaf(signed.reading) for signed in readings]).root
        for name in sides:
            production = name == "EnergyProduction"
            report = Report(
                interval,
                root if production else keccak256(root),
                data_hash,
                generated_wh if production else import_wh,
                len(readings),
            )
            message = report.following(await self._reported(name))
            digest = message.digest(book.domain(name))
            signatures = [key.sign(digest) for key in self.community.oracle_keys[:2]]
            head = await self.community.rpc.call("eth_getBlockByNumber", "latest", False)
            if int(head["timestamp"], 16) < interval_end(interval, 3600):
                await self.community.at(interval_end(interval, 3600))
            call = contract(name).functions["report"].encode(message, signatures)
            await self.community.keeper.transact(book.address(name), call, gas=500_000)

    async def _reported(self, name: str) -> bytes:
        """Return the link of the newest report that a contract has."""
        function = contract(name).functions["link"]
        answer = await read(self.community.rpc, self.community.book.address(name), function.encode())
        link: bytes = function.decode(answer)[0]
        return link

    async def report(self, interval: int, homes: Iterable[Home] | None = None) -> None:
        """Read, keep and report one interval."""
        chosen = self.homes if homes is None else list(homes)
        generated = -sum(home.generated_wh for home in chosen)
        imported = -sum(home.import_wh for home in chosen)
        readings = self.read(interval, chosen)
        self.keep(interval, readings)
        await self.send_reports(
            interval,
            readings,
            generated + sum(home.generated_wh for home in chosen),
            imported + sum(home.import_wh for home in chosen),
        )

    async def mint(self, interval: int, readings: list[SignedReading] | None = None) -> None:
        """Certify leaves of a reported interval, all of them by default."""
        leaves = {production_leaf(signed.reading): signed.reading for signed in self.sets[interval]}
        chosen = [production_leaf(signed.reading) for signed in readings or self.sets[interval]]
        proof = MerkleTree(leaves).multiproof(chosen)
        claims = [
            (r.meter_id, r.seq, r.timestamp, r.flags, r.generated_wh)
            for r in (leaves[leaf] for leaf in proof.leaves)
        ]
        call = (
            contract("EnergyProduction")
            .functions["mint"]
            .encode(interval, claims, list(proof.proof), list(proof.flags))
        )
        await self.community.keeper.transact(self.community.book.address("EnergyProduction"), call)

    async def govern(self, function: str, *arguments: object) -> None:
        """Call the registry as its governor."""
        call = contract("Registry").functions[function].encode(*arguments)
        await self.community.governor.transact(self.community.book.address("Registry"), call)

    async def dispute(self, home: Home, interval: int) -> None:
        """Prove by another reading of the same seq that a home's leaf contradicts itself."""
        told = {signed.reading.meter_id: signed.reading for signed in self.sets[interval]}
        tree = MerkleTree([production_leaf(reading) for reading in told.values()])
        leaf = told[home.meter_id]
        other = replace(leaf, generated_wh=leaf.generated_wh + 1)
        other_signed = other.sign(home.key, self.community.book.domain("Registry"))
        call = (
            contract("EnergyProduction")
            .functions["dispute"]
            .encode(interval, leaf, list(tree.proof(production_leaf(leaf))), other, other_signed.signature)
        )
        await self.community.keeper.transact(self.community.book.address("EnergyProduction"), call)

    async def reset_claim(self, home: Home) -> None:
        """Set a disputed home's claim back to its first reading, as the governor."""
        call = (
            contract("EnergyProduction").functions["resetClaim"].encode(home.meter_id, 1, GENESIS_TIME + 3600)
        )
        await self.community.governor.transact(self.community.book.address("EnergyProduction"), call)

    async def of_account(self, home: Home, function: str, *arguments: object) -> None:
        """Call the certificates' contract as a home's account."""
        await self.community.fund(home.account)
        sender = Sender(self.community.rpc, home.account_key, self.community.book.chain_id)
        call = contract("EnergyProduction").functions[function].encode(*arguments)
        await sender.transact(self.community.book.address("EnergyProduction"), call)

    def forget(self, interval: int) -> None:
        """Take a data set out of the node's view."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute("DELETE FROM oracle_1.data_set WHERE interval = %s", (interval,))

    async def snapshot(self) -> str:
        """Remember the chain as it is."""
        return str(await self.community.rpc.call("evm_snapshot"))

    async def revert(self, snapshot: str) -> None:
        """Bring the chain back to a snapshot: whatever came after it was never mined."""
        await self.community.rpc.call("evm_revert", snapshot)
        for sender in (self.community.governor, self.community.keeper):
            sender._nonce = None
