"""A small community on real parts: chain with journal, broker, PostgreSQL, oracle nodes, enrolled meters."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
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
from zuva.http import serve_http
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
class NodeUnderTest:
    """One oracle node of the community, in this process, with its HTTP on a port of its own."""

    settings: OracleSettings
    key: SigningKey
    said: list[str] = field(default_factory=list)
    task: asyncio.Task | None = None

    @property
    def schema(self) -> str:
        return self.settings.schema_name

    @property
    def url(self) -> str:
        return f"http://{self.settings.host}:{self.settings.port}"

    async def start(self) -> None:
        """Start, and wait until it takes readings."""
        ready = asyncio.Event()
        listen = partial(serve_http, setting="ZUVA_ORACLE_PORT") if self.settings.port else None
        self.task = asyncio.create_task(
            serve(self.settings, ready=ready.set, status=self.said.append, listen=listen)
        )
        waiter = asyncio.create_task(ready.wait())
        await asyncio.wait({self.task, waiter}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        if self.task.done():
            self.task.result()
        assert ready.is_set(), self.said

    async def stop(self) -> None:
        """End it in the middle of whatever it does."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
            self.task = None

    async def get(self, path: str):
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(self.url + path)).json()


@dataclass
class OracleCommunity:
    nodes: list[NodeUnderTest]
    rpc: Rpc
    book: AddressBook
    governor: Sender
    chain_process: "subprocess.Popen[bytes]"
    meters: list[MeterUnderTest]
    acks: dict[tuple[bytes, int], dict[bytes, Ack]] = field(default_factory=dict)
    link: BrokerLink | None = None

    @property
    def settings(self) -> OracleSettings:
        return self.nodes[0].settings

    @settings.setter
    def settings(self, settings: OracleSettings) -> None:
        self.nodes[0].settings = settings

    @property
    def trouble(self) -> list[str]:
        return self.nodes[0].said

    def sign(self, meter: MeterUnderTest, reading: Reading) -> SignedReading:
        return reading.sign(meter.key, self.book.domain("Registry"))

    def publish(self, *signed: SignedReading) -> None:
        for each in signed:
            self.link.publish(reading_topic(each.reading.meter_id), each.record())

    def step_clock(self, timestamp: int) -> None:
        self.link.publish(CLOCK_TOPIC, encode_clock(timestamp), retain=True)

    async def acknowledged(self, *signed: SignedReading, by: int = 1) -> list[Ack]:
        """Wait until `by` nodes have answered each reading; return an answer to each."""
        await eventually(
            lambda: all(len(self.acks.get(self._key(s), ())) >= by for s in signed), "acknowledgements"
        )
        domain = self.book.domain("Registry")
        found = []
        for each in signed:
            answers = self.acks[self._key(each)]
            for node, ack in answers.items():
                assert ack.signer(each.reading.meter_id, keccak256(each.record()), domain) == node
            found.append(next(iter(answers.values())))
        return found

    def hear(self, topic: str, payload: bytes) -> None:
        """Take an acknowledgement."""
        meter_id, name = parse_ack_topic(topic)
        ack = parse_ack(payload)
        node = next(node for node in self.nodes if node.settings.name == name)
        self.acks.setdefault((meter_id, ack.seq), {})[node.key.address] = ack

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
        """Run the first node."""
        async with self.nodes_running(0):
            yield self.nodes[0].task

    @asynccontextmanager
    async def nodes_running(self, *numbers: int) -> AsyncIterator[None]:
        """Run some of the nodes, or all."""
        nodes = [self.nodes[number] for number in numbers or range(len(self.nodes))]
        async with AsyncExitStack() as stack:
            for node in nodes:
                stack.push_async_callback(node.stop)
            await asyncio.gather(*(node.start() for node in nodes))
            yield


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
    data: Path,
    database_url: str,
    broker_url: str,
    meters: int,
    finality_seconds: int = 0,
    nodes: int = 1,
    quorum: int = 1,
    **settings: object,
) -> AsyncIterator[OracleCommunity]:
    port = free_port()
    with chain_running(data, port) as (chain_url, chain_process):
        async with Rpc(chain_url) as rpc:
            governor = Sender(rpc, DEPLOYER, 31337)
            members = await make_nodes(nodes, governor, data, database_url, chain_url, broker_url, settings)
            book = await deploy(
                governor,
                interval_seconds=HOUR,
                ring_size=96,
                finality_seconds=finality_seconds,
                oracles=[node.key.address for node in members],
                quorum=quorum,
                guardian=DEPLOYER.address,
            )
            book.save(data / "address-book.json")
            community = OracleCommunity(members, rpc, book, governor, chain_process, [])
            for number in range(meters):
                await register(community, number)
            async with connect(broker_url, "test", [(ACKS_FILTER, 1)], community.hear) as link:
                community.link = link
                yield community


async def make_nodes(
    count: int,
    governor: Sender,
    data: Path,
    database_url: str,
    chain_url: str,
    broker_url: str,
    settings: dict[str, object],
) -> list[NodeUnderTest]:
    """Make nodes' keys and settings; several of them know each other and are ordered by address."""
    ports = [free_port() for _ in range(count)] if count > 1 else [0]
    keys = sorted((SigningKey.generate() for _ in range(count)), key=lambda key: key.address)
    nodes = []
    for number, (key, port) in enumerate(zip(keys, ports, strict=True), 1):
        name = f"oracle-{number}"
        save_key(data / "keys" / f"{name}.key", key)
        keeper = create_key(data / "keys" / f"{name}-keeper.key")
        for each in (key, keeper):
            await governor.transact(each.address, b"", value=COIN)
        values: dict[str, object] = {
            "name": name,
            "database_url": database_url,
            "chain_url": chain_url,
            "broker_url": broker_url,
            "data_dir": data,
            "clock": "stepped",
            "grace_seconds": HOUR,
            "port": port,
            "peers": ",".join(f"http://127.0.0.1:{other}" for other in ports if other != port),
        }
        nodes.append(NodeUnderTest(OracleSettings(**(values | settings)), key))
    return nodes


def save_key(path: Path, key: SigningKey) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)
    path.write_text(key.secret.hex())


async def register(community: OracleCommunity, number: int) -> MeterUnderTest:
    """Register a meter on the chain and enrol it with the nodes."""
    key = SigningKey(keccak256(b"meter under test %d" % number))
    account = SigningKey(keccak256(b"account under test %d" % number)).address
    registration = Registration(meter_id_of(key.address, 0), account, 0, GENESIS, 0, 0, 0)
    signature = registration.sign(key, community.book.domain("Registry"))
    call = contract("Registry").functions["registerMeter"]
    attributes = (0, 0, 0, 6_000, 6_000, 1, False, bytes(32))
    await community.governor.transact(
        community.book.address("Registry"),
        call.encode(registration, attributes, f"home-{number:02d}", signature),
    )
    secret = keccak256(b"secret under test %d" % number)
    sealed = {node.key.address: seal(secret, node.key.public_key) for node in community.nodes}
    Enrolment(registration.meter_id, sealed).save(community.settings.enrolment_dir)
    meter = MeterUnderTest(key, secret, account, Reading(registration.meter_id, 0, GENESIS, 0, 0, 0, 0))
    community.meters.append(meter)
    return meter
