"""The replay against a real broker and a node that acknowledges with a real key."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from protocol.ack import Status
from protocol.clock import encode_clock
from protocol.eip712 import Domain
from protocol.errors import ConfigurationError
from protocol.keys import SigningKey, address_text
from protocol.ledger.address_book import AddressBook, DeployedContract
from protocol.reading import parse_record
from protocol.topics import CLOCK_TOPIC
from simulation.publishing.outbox import Outbox
from simulation.replay.registers import home_readings
from simulation.replay.service import serve
from simulation.replay.source import Source, home_registrations, load_source
from simulation.settings import ReplaySettings
from tests.conftest import running, short_directory
from tests.integration.simulation.acking_node import AckingNode
from zuva.processes import free_port

DOMAIN = Domain(31337, bytes(range(20)))
NODE = SigningKey(b"\x07" * 32)
WITHIN = 60


def write_book(settings: ReplaySettings, interval_seconds: int) -> None:
    registry = DeployedContract(address=DOMAIN.verifying_contract, code_hash=bytes(32))
    AddressBook(
        chain_id=DOMAIN.chain_id,
        genesis_hash=bytes(32),
        interval_seconds=interval_seconds,
        deployment_block=1,
        contracts={"Registry": registry},
    ).save(settings.address_book)


class Bench:
    """Settings, data and a node for one replay."""

    def __init__(self, data_dir: Path, broker_url: str, **options) -> None:
        options.setdefault("nodes", (address_text(NODE.address),))
        self.settings = ReplaySettings(data_dir=data_dir, broker_url=broker_url, **options)
        write_book(self.settings, 3600)
        self.source: Source = load_source(self.settings)
        self.homes = home_registrations(self.settings, self.source, DOMAIN)
        self.node = AckingNode(NODE, DOMAIN, {one.home.meter_id: one.home.key.address for one in self.homes})
        self.lines: list[str] = []

    async def replay(self) -> None:
        async with asyncio.timeout(WITHIN):
            await serve(self.settings, ready=lambda: self.lines.append("ready"), status=self.lines.append)
        await until(lambda: self.node.clock == self.last_clock)

    @property
    def last_clock(self) -> int:
        grace = self.settings.grace_seconds
        if grace is None:
            grace = 2 * self.source.measurements.slot_seconds
        return self.source.measurements.end + grace

    def check_complete(self) -> None:
        """Every slot of every home arrived once, unchanged, and never before its time."""
        measurements = self.source.measurements
        for series, one in zip(measurements.homes, self.homes, strict=True):
            for expected in home_readings(series, measurements.slot_seconds, self.source.opening):
                reading = parse_record(self.node.accepted[one.home.meter_id, expected.seq]).reading
                assert reading.timestamp == expected.timestamp
                assert (reading.import_wh, reading.export_wh, reading.generated_wh) == expected.registers
        assert len(self.node.accepted) == measurements.readings
        assert self.node.contradictions == []
        assert self.node.beyond_clock == []
        with Outbox(self.settings.outbox) as outbox:
            assert outbox.unacknowledged() == []


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():  # noqa: ASYNC110 - the conditions are of other tasks' and processes' making
            await asyncio.sleep(0.02)


def status_in(lines: list[str], text: str) -> bool:
    return any(text in line for line in lines)


async def test_the_built_in_days_arrive_completely_and_the_replay_ends(tmp_path: Path, broker_url: str):
    bench = Bench(tmp_path, broker_url)
    async with bench.node.listening(broker_url):
        await bench.replay()
    bench.check_complete()
    assert bench.lines[0] == "ready"
    assert bench.lines[-1] == "replay complete: 576 readings of 12 homes"


async def test_two_of_three_nodes_are_enough(tmp_path: Path, broker_url: str):
    keys = [NODE, SigningKey(b"\x08" * 32), SigningKey(b"\x09" * 32)]
    addresses = tuple(address_text(key.address) for key in keys)
    bench = Bench(tmp_path, broker_url, days=1, homes=3, acks=2, nodes=addresses)
    others = [AckingNode(key, DOMAIN, bench.node.meters, f"node-{i}") for i, key in enumerate(keys[1:], 2)]
    others[0].muted = True
    async with (
        bench.node.listening(broker_url),
        others[0].listening(broker_url),
        others[1].listening(broker_url),
    ):
        await bench.replay()
        await until(lambda: others[1].accepted == bench.node.accepted)
    bench.check_complete()


async def test_a_second_run_publishes_nothing_again_and_ends_at_once(tmp_path: Path, broker_url: str):
    bench = Bench(tmp_path, broker_url, days=1, homes=3)
    async with bench.node.listening(broker_url):
        await bench.replay()
    later = Bench(tmp_path, broker_url, days=1, homes=3)
    async with later.node.listening(broker_url):
        await later.replay()
    assert later.node.accepted == {}
    assert later.lines[-1] == "replay complete: 72 readings of 3 homes"


async def test_a_longer_choice_goes_on_where_the_shorter_one_ended(tmp_path: Path, broker_url: str):
    first = Bench(tmp_path, broker_url, days=1)
    async with first.node.listening(broker_url):
        await first.replay()
    both = Bench(tmp_path, broker_url, days=2)
    both.node.accepted = dict(first.node.accepted)
    async with both.node.listening(broker_url):
        await both.replay()
    both.check_complete()


async def test_gaps_come_back_with_the_registers(tmp_path: Path, broker_url: str):
    file = tmp_path / "gaps.csv"
    hours = [h for h in range(24) if h not in {5, 6, 7, 15}]
    rows = [f"{home},2016-08-01T{h:02d}:00,{h},{7 * h}" for home in "ab" for h in hours]
    file.write_text("\n".join(["home,slot_start,load_wh,pv_wh", *rows]))
    bench = Bench(tmp_path, broker_url, file=file, allow_gaps=True)
    async with bench.node.listening(broker_url):
        await bench.replay()
    bench.check_complete()


async def test_the_replay_waits_for_the_oracle_and_its_clock_waits_with_it(tmp_path: Path, broker_url: str):
    bench = Bench(tmp_path, broker_url)
    slot = bench.source.measurements.slot_seconds
    bench.node.muted = True
    async with bench.node.listening(broker_url):
        run = asyncio.create_task(bench.replay())
        await until(lambda: status_in(bench.lines, "waiting for the oracle: 24 readings unanswered"))
        # two slots are open at a time: the grace of a replay
        assert bench.node.clock == bench.source.measurements.start + 2 * slot
        bench.node.muted = False
        await run
    bench.check_complete()


async def test_no_more_readings_are_under_way_than_allowed_however_long_the_grace(
    tmp_path: Path, broker_url: str
):
    bench = Bench(tmp_path, broker_url, max_in_flight=5, grace_seconds=10**7)
    bench.node.muted = True
    async with bench.node.listening(broker_url):
        run = asyncio.create_task(bench.replay())
        await until(lambda: status_in(bench.lines, "waiting for the oracle: 12 readings unanswered"))
        assert len(bench.node.heard) == 5
        bench.node.muted = False
        await run
    bench.check_complete()


async def test_readings_published_before_any_node_listened_are_sent_again(tmp_path: Path, broker_url: str):
    bench = Bench(tmp_path, broker_url, homes=2, days=1)
    run = asyncio.create_task(bench.replay())
    await until(lambda: "ready" in bench.lines)
    async with bench.node.listening(broker_url):
        await run
    bench.check_complete()


async def test_refused_readings_are_kept_aside_and_the_replay_ends(tmp_path: Path, broker_url: str):
    bench = Bench(tmp_path, broker_url, homes=2, days=1)
    bench.node.status_of = lambda reading: Status.IMPLAUSIBLE_GROWTH if reading.seq == 5 else Status.ACCEPTED
    async with bench.node.listening(broker_url):
        await bench.replay()
    assert bench.lines[-1] == "replay complete: 48 readings of 2 homes, 2 refused"
    assert len(bench.node.accepted) == 46
    with Outbox(bench.settings.outbox) as outbox:
        assert {(one.outgoing.seq, one.reason) for one in outbox.refused()} == {(5, "implausible growth")}


async def test_readings_that_a_node_does_not_know_yet_are_kept_until_it_does(tmp_path: Path, broker_url: str):
    bench = Bench(tmp_path, broker_url, homes=2, days=1)
    bench.node.status_of = lambda _: Status.UNKNOWN_METER
    async with bench.node.listening(broker_url):
        run = asyncio.create_task(bench.replay())
        await until(lambda: status_in(bench.lines, "the oracle does not take 4 readings yet: unknown meter"))
        bench.node.status_of = lambda _: Status.ACCEPTED
        await run
    bench.check_complete()


async def test_a_stopped_replay_goes_on_at_the_next_start(tmp_path: Path, broker_url: str):
    bench = Bench(tmp_path, broker_url, pace_seconds=0.02)
    async with bench.node.listening(broker_url):
        run = asyncio.create_task(bench.replay())
        await until(lambda: len(bench.node.accepted) >= 100)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        with Outbox(bench.settings.outbox) as outbox:
            assert 8 <= outbox.progress.position < 48
        await bench.replay()
    bench.check_complete()


async def test_acknowledgements_of_a_stranger_do_not_count(tmp_path: Path, broker_url: str):
    bench = Bench(tmp_path, broker_url, homes=2, days=1)
    stranger = AckingNode(SigningKey(b"\x09" * 32), DOMAIN, bench.node.meters)
    async with stranger.listening(broker_url):
        run = asyncio.create_task(bench.replay())
        await until(lambda: status_in(bench.lines, "waiting for the oracle"))
        assert len(stranger.accepted) == 4
        async with bench.node.listening(broker_url):
            await run
    bench.check_complete()


async def test_a_broker_that_is_absent_and_restarts_is_waited_for(tmp_path: Path):
    port = free_port()
    url = f"mqtt://127.0.0.1:{port}"
    bench = Bench(tmp_path, url, pace_seconds=0.05)
    run = asyncio.create_task(bench.replay())
    await until(lambda: status_in(bench.lines, f"waiting for broker: no broker at 127.0.0.1:{port}"))
    with short_directory() as data:
        environment = {"ZUVA_DATA_DIR": str(data), "ZUVA_BROKER_PORT": str(port)}
        for last in (False, True):
            starting = running("broker", environment)
            broker = await asyncio.to_thread(starting.__enter__)
            try:
                async with bench.node.listening(url):
                    if last:
                        await run
                    else:
                        await until(lambda: len(bench.node.accepted) >= 100)
                        broker.kill()
                        bench.lines.clear()
                        await until(lambda: status_in(bench.lines, "waiting for broker"))
            finally:
                await asyncio.to_thread(starting.__exit__, None, None, None)
    bench.check_complete()
    assert "ready" not in bench.lines


async def test_killed_in_the_middle_the_replay_goes_on_without_losing_or_changing_a_reading(
    tmp_path: Path, broker_url: str
):
    file = tmp_path / "homes.csv"
    rows = [
        f"{home},2016-08-{d:02d}T{h:02d}:00,{h * 31},{h * 47 + d}"
        for home in "abcdefgh"
        for d in range(1, 8)
        for h in range(24)
    ]
    file.write_text("\n".join(["home,slot_start,load_wh,pv_wh", *rows]))
    bench = Bench(tmp_path, broker_url, file=file)
    arguments = (str(tmp_path), broker_url, str(file), address_text(NODE.address))

    async def start(pace: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.simulation.replay_process", *arguments, pace,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip

    async with bench.node.listening(broker_url):
        for share in (1, 2, 3):
            process = await start("0.01")
            await until(lambda share=share: len(bench.node.accepted) >= share * 300)
            process.kill()
            await process.wait()
        process = await start("0")
        output, _ = await asyncio.wait_for(process.communicate(), WITHIN)
        await until(lambda: bench.node.clock == bench.last_clock)
    assert process.returncode == 0
    assert b"replay complete: 1,344 readings of 8 homes" in output
    bench.check_complete()


async def test_a_deployment_of_another_interval_ends_the_replay(tmp_path: Path, broker_url: str):
    bench = Bench(tmp_path, broker_url)
    write_book(bench.settings, 900)
    with pytest.raises(ConfigurationError, match="settles intervals of 900 s"):
        await bench.replay()


async def test_strange_messages_do_not_disturb(tmp_path: Path, broker_url: str):
    bench = Bench(tmp_path, broker_url, homes=2)
    meter = bench.homes[0].home.meter_id.hex()

    def disturb(client) -> None:
        for topic in (f"zuva/1/{meter[0]}/{meter}/ack/x", "zuva/1/zz/nothing/ack/x"):
            for payload in (b"", b"\x01" * 75, encode_clock(1)):
                client.publish(topic, payload, qos=1)

    hear = bench.node.hear

    def hear_and_disturb(client, topic: str, payload: bytes) -> None:
        hear(client, topic, payload)
        if topic == CLOCK_TOPIC:
            disturb(client)

    bench.node.hear = hear_and_disturb  # type: ignore[method-assign]
    async with bench.node.listening(broker_url):
        await bench.replay()
    bench.check_complete()
