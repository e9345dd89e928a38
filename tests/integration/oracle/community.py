"""A small community on real parts: chain with journal, broker, PostgreSQL, registered and enrolled meters."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from oracle.service import serve
from oracle.settings import OracleSettings
from protocol.ack import Ack, parse_ack
from protocol.clock import encode_clock
from protocol.keccak import keccak256
from protocol.keys import SigningKey, create_key
from protocol.ledger.address_book import AddressBook
from protocol.ledger.bindings import contract
from protocol.ledger.deployment import deploy
from protocol.ledger.rpc import Rpc
from protocol.ledger.transactions import Sender, read
from protocol.mqtt import BrokerLink, connect
from protocol.reading import Reading, SignedReading
from protocol.registration import Registration, meter_id_of
from protocol.secrets import Enrolment, seal
from protocol.topics import ACKS_FILTER, CLOCK_TOPIC, parse_ack_topic, reading_topic
from tests.conftest import running
from zuva.processes import free_port
from zuva.provisioning import LOCAL_FAUCET

HOUR = 3600
GENESIS = 20_000 * 86_400
DEPLOYER = SigningKey(LOCAL_FAUCET)
COIN = 10**20


@dataclass
class MeterUnderTest:
    """A meter with its key; `advance` makes its next reading."""

    key: SigningKey
    secret: bytes
    account: bytes
    last: Reading

    def advance(self, generated: int, imported: int = 0, exported: int = 0, hours: int = 1) -> Reading:
        self.last = Reading(
            self.last.meter_id,
            self.last.seq + 1,
            self.last.timestamp + hours * HOUR,
            hours * HOUR,
            self.last.import_wh + imported,
            self.last.export_wh + exported,
            self.last.generated_wh + generated,
        )
        return self.last


@dataclass
class OracleCommunity:
    settings: OracleSettings
    rpc: Rpc
    book: AddressBook
    governor: Sender
    node_key: SigningKey
    chain_process: "subprocess.Popen[bytes]"
    meters: list[MeterUnderTest]
    acks: dict[tuple[bytes, int], Ack] = field(default_factory=dict)
    link: BrokerLink | None = None
    trouble: list[str] = field(default_factory=list)

    def sign(self, meter: MeterUnderTest, reading: Reading) -> SignedReading:
        return reading.sign(meter.key, self.book.domain("Registry"))

    def publish(self, *signed: SignedReading) -> None:
        for each in signed:
            self.link.publish(reading_topic(each.reading.meter_id), each.record())

    def step_clock(self, timestamp: int) -> None:
        self.link.publish(CLOCK_TOPIC, encode_clock(timestamp), retain=True)

    async def acknowledged(self, *signed: SignedReading) -> list[Ack]:
        await eventually(lambda: all(self._key(s) in self.acks for s in signed), "acknowledgements")
        for each in signed:
            ack = self.acks[self._key(each)]
            signer = ack.signer(each.reading.meter_id, keccak256(each.record()), self.book.domain("Registry"))
            assert signer == self.node_key.address
        return [self.acks[self._key(s)] for s in signed]

    def _key(self, signed: SignedReading) -> tuple[bytes, int]:
        return signed.reading.meter_id, signed.reading.seq

    async def ask(self, name: str, function: str, *arguments: object):
        encoded = contract(name).functions[function]
        return encoded.decode(await read(self.rpc, self.book.address(name), encoded.encode(*arguments)))

    async def govern(self, function: str, *arguments: object) -> None:
        call = contract("Registry").functions[function]
        await self.governor.transact(self.book.address("Registry"), call.encode(*arguments))

    def anvil_url(self) -> str:
        """Return where the chain behind the front answers, past its journal."""
        (anvil,) = psutil.Process(self.chain_process.pid).children()
        (listener,) = [c for c in anvil.net_connections() if c.status == psutil.CONN_LISTEN]
        return f"http://127.0.0.1:{listener.laddr.port}"

    async def rows(self, statement: str) -> list[tuple]:
        async with await psycopg.AsyncConnection.connect(self.settings.database_url) as connection:
            return await (await connection.execute(statement)).fetchall()

    @asynccontextmanager
    async def node_running(self) -> AsyncIterator[asyncio.Task]:
        ready = asyncio.Event()
        task = asyncio.create_task(serve(self.settings, ready=ready.set, status=self.trouble.append))
        try:
            waiter = asyncio.create_task(ready.wait())
            await asyncio.wait({task, waiter}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            assert ready.is_set(), self.trouble
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def eventually(condition, what: str, seconds: float = 30) -> None:
    """Wait for a condition (sync or async) to hold."""
    async with asyncio.timeout(seconds):
        while True:
            value = condition()
            if asyncio.iscoroutine(value):
                value = await value
            if value:
                return
            await asyncio.sleep(0.02)
    raise AssertionError(what)


@contextmanager
def chain_running(data: Path, port: int) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    environment = {
        "ZUVA_DATA_DIR": str(data),
        "ZUVA_CHAIN_PORT": str(port),
        "ZUVA_CHAIN_CLOCK": "stepped",
        "ZUVA_CHAIN_GENESIS_TIMESTAMP": str(GENESIS),
    }
    with running("chain", environment) as process:
        yield f"http://127.0.0.1:{port}", process


@asynccontextmanager
async def oracle_community(
    data: Path, database_url: str, broker_url: str, meters: int, finality_seconds: int = 0
) -> AsyncIterator[OracleCommunity]:
    port = free_port()
    with chain_running(data, port) as (chain_url, chain_process):
        node_key = create_key(data / "keys" / "oracle-1.key")
        keeper_key = create_key(data / "keys" / "keeper.key")
        async with Rpc(chain_url) as rpc:
            governor = Sender(rpc, DEPLOYER, 31337)
            for key in (node_key, keeper_key):
                await governor.transact(key.address, b"", value=COIN)
            book = await deploy(
                governor,
                interval_seconds=HOUR,
                ring_size=96,
                finality_seconds=finality_seconds,
                oracles=[node_key.address],
                quorum=1,
                guardian=DEPLOYER.address,
            )
            book.save(data / "address-book.json")
            settings = OracleSettings(
                database_url=database_url,
                chain_url=chain_url,
                broker_url=broker_url,
                data_dir=data,
                clock="stepped",
                grace_seconds=HOUR,
            )
            community = OracleCommunity(settings, rpc, book, governor, node_key, chain_process, [])
            for number in range(meters):
                await register(community, number)

            def hear(topic: str, payload: bytes) -> None:
                meter_id, _ = parse_ack_topic(topic)
                ack = parse_ack(payload)
                community.acks[meter_id, ack.seq] = ack

            async with connect(broker_url, "test", [(ACKS_FILTER, 1)], hear) as link:
                community.link = link
                yield community


async def register(community: OracleCommunity, number: int) -> MeterUnderTest:
    """Register a meter on the chain and enrol it with the node."""
    key = SigningKey(keccak256(b"meter under test %d" % number))
    account = SigningKey(keccak256(b"account under test %d" % number)).address
    registration = Registration(meter_id_of(key.address, 0), account, 0, GENESIS, 0, 0, 0)
    signature = registration.sign(key, community.book.domain("Registry"))
    call = contract("Registry").functions["registerMeter"]
    attributes = (0, 0, 0, 6_000, 6_000, 1, False)
    await community.governor.transact(
        community.book.address("Registry"),
        call.encode(registration, attributes, f"home-{number:02d}", signature),
    )
    secret = keccak256(b"secret under test %d" % number)
    sealed = {community.node_key.address: seal(secret, community.node_key.public_key)}
    Enrolment(registration.meter_id, sealed).save(community.settings.enrolment_dir)
    meter = MeterUnderTest(key, secret, account, Reading(registration.meter_id, 0, GENESIS, 0, 0, 0, 0))
    community.meters.append(meter)
    return meter
