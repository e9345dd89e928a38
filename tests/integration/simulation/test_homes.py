"""The simulated homes against a real broker and nodes that acknowledge with real keys."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from gmqtt import Client
from gmqtt.mqtt.constants import MQTTv311

from protocol.ack import Status
from protocol.clock import parse_clock
from protocol.keys import SigningKey, address_text
from protocol.mqtt import parse_broker_url
from protocol.reading import parse_record
from protocol.telemetry import parse_state
from protocol.topics import (
    CLOCK_TOPIC,
    HOMES_STATUS_TOPIC,
    STATES_FILTER,
    STATUSES_FILTER,
    state_topic,
    status_topic,
)  # fmt: skip
from simulation.homes.discovery import discovery_topic
from simulation.homes.registrations import homes_registrations
from simulation.homes.service import serve
from simulation.model.community import Community
from simulation.model.households import draw_households
from simulation.model.state import decode_state
from simulation.publishing.outbox import Outbox
from simulation.settings import HomesSettings
from tests.conftest import running, short_directory
from tests.integration.simulation.acking_node import AckingNode
from tests.integration.simulation.test_replay import DOMAIN, NODE, WITHIN, status_in, until, write_book
from zuva.processes import free_port

START = date(2025, 11, 3)
BEGIN = 1_762_120_800
HOMES = 4


class Bench:
    """Settings and nodes for one community of homes."""

    def __init__(self, data_dir: Path, broker_url: str, *, nodes: int = 1, **options) -> None:
        keys = [NODE, *(SigningKey(bytes([i]) * 32) for i in range(20, 19 + nodes))]
        options = {"homes": HOMES, "start": START, "days": 1, "pace": 0.0} | options
        self.settings = HomesSettings(
            data_dir=data_dir,
            broker_url=broker_url,
            nodes=tuple(address_text(key.address) for key in keys),
            **options,
        )
        write_book(self.settings, self.settings.interval_seconds)
        self.registered = homes_registrations(self.settings, DOMAIN)
        self.meters = {one.home.meter_id: one.home.key.address for one in self.registered}
        self.nodes = [AckingNode(key, DOMAIN, self.meters, f"node-{i}") for i, key in enumerate(keys, 1)]
        self.node = self.nodes[0]
        self.lines: list[str] = []

    async def run(self) -> None:
        async with asyncio.timeout(WITHIN):
            await serve(self.settings, ready=lambda: self.lines.append("ready"), status=self.lines.append)

    def check_complete(self, node: AckingNode, days: int = 1) -> None:
        """Every interval of every home arrived once and unchanged, as a model that never stopped has it."""
        interval = self.settings.interval_seconds
        intervals = days * 86_400 // interval
        households = draw_households(self.settings.seed, HOMES)
        model = Community(
            households,
            seed=self.settings.seed,
            first=BEGIN,
            interval_seconds=interval,
            offset_seconds=7200,
            state=decode_state(b"", HOMES),
        )
        for step in range(1, intervals + 1):
            model.step()
            for one, home in zip(self.registered, model.homes, strict=True):
                reading = parse_record(node.accepted[one.home.meter_id, step]).reading
                meter = home.meter
                registers = (meter.import_wh, meter.export_wh, meter.generated_wh)
                assert (reading.import_wh, reading.export_wh, reading.generated_wh) == registers
                assert reading.timestamp == BEGIN + interval * step
        model.free()
        assert len(node.accepted) == intervals * HOMES
        assert node.contradictions == []
        assert node.beyond_clock == []
        with Outbox(self.settings.outbox) as outbox:
            assert outbox.unacknowledged() == []
            assert outbox.refused() == []


@asynccontextmanager
async def listening(broker_url: str, *filters: str) -> AsyncIterator[dict[str, bytes]]:
    """Collect the last message of each topic."""
    host, port, _, _ = parse_broker_url(broker_url)
    heard: dict[str, bytes] = {}
    client = Client(None, clean_session=True)
    subscribed = asyncio.Semaphore(0)
    client.on_message = lambda _, topic, payload, *__: heard.update({topic: payload})
    client.on_subscribe = lambda *_: subscribed.release()
    await client.connect(host, port, version=MQTTv311)
    for one in filters:
        client.subscribe(one, qos=1)
        await subscribed.acquire()
    try:
        yield heard
    finally:
        await client.disconnect()


async def test_a_day_arrives_completely_with_telemetry_and_discovery(tmp_path: Path, broker_url: str):
    bench = Bench(tmp_path, broker_url)
    async with bench.node.listening(broker_url):
        await bench.run()
        await until(lambda: bench.node.clock == BEGIN + 86_400 + bench.settings.grace_seconds)
    bench.check_complete(bench.node)
    assert bench.lines[0] == "ready"
    assert bench.lines[-1] == "homes complete: 384 readings of 4 homes"
    filters = (STATES_FILTER, STATUSES_FILTER, HOMES_STATUS_TOPIC, "homeassistant/#")
    async with listening(broker_url, *filters) as kept:
        await until(lambda: all(discovery_topic(meter) in kept for meter in bench.meters))
        for one in bench.registered:
            meter = one.home.meter_id
            assert BEGIN < parse_state(kept[state_topic(meter)]).time <= BEGIN + 86_400
            assert kept[status_topic(meter)] == b"offline"
            assert json.loads(kept[discovery_topic(meter)])["dev"]["name"] == one.home.name


async def test_killed_and_stopped_in_the_middle_the_homes_go_on_as_if_nothing_had_been(
    tmp_path: Path, broker_url: str
):
    bench = Bench(tmp_path, broker_url, days=2)
    arguments = (str(tmp_path), broker_url, START.isoformat(), address_text(NODE.address), "2")

    async def start(pace: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.simulation.homes_process", *arguments, pace,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip

    statuses = [status_topic(meter) for meter in bench.meters]
    async with (
        bench.node.listening(broker_url),
        listening(broker_url, STATUSES_FILTER, HOMES_STATUS_TOPIC) as heard,
    ):
        killed = await start("30000")
        await until(lambda: len(bench.node.accepted) >= 150)
        assert heard[HOMES_STATUS_TOPIC] == b"online"
        killed.kill()
        await killed.wait()
        # the one connection's last will speaks for all
        await until(lambda: heard[HOMES_STATUS_TOPIC] == b"offline")
        assert {heard[topic] for topic in statuses} == {b"online"}

        stopped = await start("30000")
        await until(lambda: len(bench.node.accepted) >= 350)
        stopped.terminate()
        assert await stopped.wait() == 0
        await until(lambda: {heard[topic] for topic in statuses} == {b"offline"})

        last = await start("0")
        output, _ = await asyncio.wait_for(last.communicate(), WITHIN)
        await until(lambda: bench.node.clock == BEGIN + 2 * 86_400 + bench.settings.grace_seconds)
    assert last.returncode == 0
    assert b"homes complete: 768 readings of 4 homes" in output
    bench.check_complete(bench.node, days=2)


async def test_two_of_three_nodes_are_enough_whichever_is_silent_or_refuses(tmp_path: Path, broker_url: str):
    bench = Bench(tmp_path, broker_url, nodes=3, acks=2, interval_seconds=3600)
    silent, strange, _ = bench.nodes
    silent.muted = True
    strange.status_of = lambda reading: Status.BEYOND_CLOCK if reading.seq == 7 else Status.ACCEPTED
    async with (
        bench.nodes[0].listening(broker_url),
        bench.nodes[1].listening(broker_url),
        bench.nodes[2].listening(broker_url),
    ):
        run = asyncio.create_task(bench.run())
        # one accepted and one hesitated: the reading waits for a second node, and with it the clock
        await until(lambda: status_in(bench.lines, "4 readings yet: beyond clock"))
        assert bench.nodes[2].clock == BEGIN + 7 * 3600
        strange.status_of = lambda _: Status.ACCEPTED
        await run
    bench.check_complete(bench.nodes[1])
    bench.check_complete(bench.nodes[2])
    assert bench.lines[-1] == "homes complete: 96 readings of 4 homes"


async def test_a_clock_that_the_broker_lost_is_told_again_though_no_reading_is_due(
    tmp_path: Path, broker_url: str
):
    bench = Bench(tmp_path, broker_url, days=None, pace=1.0)
    run = asyncio.create_task(bench.run())
    await until(lambda: "ready" in bench.lines)
    async with listening(broker_url, CLOCK_TOPIC) as heard:
        await until(lambda: CLOCK_TOPIC in heard and parse_clock(heard[CLOCK_TOPIC]) >= BEGIN)
    await forget_clock(broker_url)
    async with listening(broker_url, CLOCK_TOPIC) as late:
        await until(lambda: CLOCK_TOPIC in late)
        assert BEGIN <= parse_clock(late[CLOCK_TOPIC]) < BEGIN + 900
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)


async def forget_clock(broker_url: str) -> None:
    host, port, _, _ = parse_broker_url(broker_url)
    client = Client(None, clean_session=True)
    await client.connect(host, port, version=MQTTv311)
    client.publish(CLOCK_TOPIC, b"", qos=1, retain=True)
    await client.disconnect()


async def test_a_community_that_caught_up_goes_on_with_the_wall_clock(tmp_path: Path, broker_url: str):
    today = datetime.fromtimestamp(time.time(), UTC).astimezone(UTC) + timedelta(hours=2)
    bench = Bench(tmp_path, broker_url, days=None, start=today.date(), state_seconds=0.5)
    meter = bench.registered[0].home.meter_id
    async with bench.node.listening(broker_url), listening(broker_url, state_topic(meter)) as heard:
        run = asyncio.create_task(bench.run())
        for _ in range(3):
            asked = int(time.time())
            await until(lambda asked=asked: bench.node.clock > asked)
            await until(
                lambda asked=asked: (
                    state_topic(meter) in heard and parse_state(heard[state_topic(meter)]).time > asked
                )
            )
            assert bench.node.clock <= time.time()
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
    assert bench.node.beyond_clock == []
    assert bench.node.contradictions == []


async def test_while_the_oracle_is_away_the_clock_waits_and_the_homes_live_on(
    tmp_path: Path, broker_url: str
):
    bench = Bench(tmp_path, broker_url, days=None, pace=3600.0, state_seconds=0.5)
    bench.node.muted = True
    topic = state_topic(bench.registered[0].home.meter_id)
    async with bench.node.listening(broker_url), listening(broker_url, topic) as heard:
        run = asyncio.create_task(bench.run())
        await until(lambda: status_in(bench.lines, "waiting for the oracle: 4 readings unanswered"))
        stands = bench.node.clock
        assert stands < BEGIN + 900 + bench.settings.grace_seconds
        for _ in range(2):
            before = parse_state(heard[topic]).time
            await until(lambda before=before: parse_state(heard[topic]).time > before)
        assert bench.node.clock == stands
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)


async def test_a_broker_that_restarts_without_what_it_kept_hears_everything_again(tmp_path: Path):
    port = free_port()
    url = f"mqtt://127.0.0.1:{port}"
    bench = Bench(tmp_path, url, pace=30_000.0)
    run = asyncio.create_task(bench.run())
    await until(lambda: status_in(bench.lines, f"waiting for broker: no broker at 127.0.0.1:{port}"))
    for last in (False, True):
        # a new directory each time: nothing is retained
        with short_directory() as data:
            starting = running("broker", {"ZUVA_DATA_DIR": str(data), "ZUVA_BROKER_PORT": str(port)})
            broker = await asyncio.to_thread(starting.__enter__)
            try:
                async with (
                    bench.node.listening(url),
                    listening(url, STATUSES_FILTER, "homeassistant/#") as heard,
                ):
                    await until(lambda heard=heard: all(discovery_topic(m) in heard for m in bench.meters))
                    if last:
                        await run
                    else:
                        await until(lambda: len(bench.node.accepted) >= 100)
                        broker.kill()
                        bench.lines.clear()
                        await until(lambda: status_in(bench.lines, "waiting for broker"))
            finally:
                await asyncio.to_thread(starting.__exit__, None, None, None)
    bench.check_complete(bench.node)
