"""What meters publish is seen in the API and on open pages, kept as long as the setting says, never twice."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psycopg

from backend.telemetry.service import serve
from backend.telemetry.settings import TelemetrySettings
from protocol.clock import encode_clock
from protocol.keccak import keccak256
from protocol.mqtt import connect
from protocol.telemetry import MeterState
from protocol.topics import CLOCK_TOPIC, state_topic, status_topic
from tests.integration.backend.conftest import rows, until
from tests.integration.backend.serving import assert_problem, serving
from tests.integration.backend.test_stream import streaming
from zuva.processes import free_port

DAY = 86_400
NOW = int(time.time())
MIDNIGHT = NOW // DAY * DAY - 2 * DAY
"""Some midnight not long ago, where the tests' community is."""

METERS = tuple(keccak256(bytes([n])) for n in range(3))


def register(connection: psycopg.Connection[Any], *meters: bytes) -> None:
    """Put meters into the mirror as the indexer would."""
    connection.execute(
        "INSERT INTO backend.deployment VALUES (1, 1, '', 0, 900, 0, '', '', '') ON CONFLICT DO NOTHING;"
        "INSERT INTO backend.cursor VALUES (1, 0, '', 0) ON CONFLICT DO NOTHING"
    )
    for meter in meters:
        connection.execute(
            "INSERT INTO backend.meter SELECT %s, (SELECT count(*) FROM backend.meter), 0, '', '', 'Home', 0,"
            " 0, 0, 5000, 5000, 1, true, false, 0, 0, 0, 0, NULL, 0, 0, 0, 0, 0",
            (meter,),
        )
        connection.execute("INSERT INTO backend.meter_claim VALUES (%s, 0, 0, 0, 0)", (meter,))


@asynccontextmanager
async def taking(database_url: str, broker_url: str, **more: Any) -> AsyncIterator[list[str]]:
    """Run the telemetry service in this process; yields what it says about its state."""
    said: list[str] = []
    values = {"batch_seconds": 0.05, "meters_seconds": 0.2} | more
    settings = TelemetrySettings(database_url=database_url, broker_url=broker_url, **values)
    task = asyncio.create_task(serve(settings, ready=lambda: said.append("ready"), status=said.append))
    try:
        yield said
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def publish(broker_url: str, *messages: tuple[str, bytes]) -> None:
    """Publish retained messages in their order."""
    async with connect(broker_url, "test-meter", [], lambda *_: None) as link:
        for topic, payload in messages:
            link.publish(topic, payload, retain=True)
        await link.flush()


def state(meter: bytes, at: int, power_w: int, **more: int) -> tuple[str, bytes]:
    return state_topic(meter), MeterState(at, power_w, **more).encode()


async def kept(connection: psycopg.Connection[Any], count: int) -> None:
    await until(lambda: rows(connection, "SELECT count(*) FROM backend.telemetry") == [(count,)])


async def answered(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_what_meters_see_is_shown_live_and_kept(
    database_url: str, connection: psycopg.Connection[Any], broker_url: str
) -> None:
    register(connection, *METERS[:2])
    path = f"/v1/meters/0x{METERS[0].hex()}"
    async with (
        serving(database_url, telemetry_event_seconds=0) as client,
        taking(database_url, broker_url) as said,
        streaming(client) as stream,
    ):
        await until(lambda: "ready" in said)
        await stream.next("hello")
        await publish(
            broker_url,
            (CLOCK_TOPIC, encode_clock(MIDNIGHT + 130)),
            (status_topic(METERS[0]), b"online"),
            (status_topic(METERS[1]), b"offline"),
            *(state(METERS[0], MIDNIGHT + n, 100 * n, voltage_decivolt=2300 + n) for n in range(1, 5)),
            state(METERS[0], MIDNIGHT + 120, -900, generation_w=1500),
            state(METERS[1], MIDNIGHT + 100, 50),
            state(keccak256(b"stranger"), MIDNIGHT + 100, 1),
        )
        event: dict[str, Any] = {}
        while event.get("community", {}).get("power_w") != -900:
            _, _, event = await stream.next("telemetry")
        assert (event["now"], event["more"]) == (MIDNIGHT + 130, False)
        await kept(connection, 6)
        page = await answered(client, "/v1/telemetry")
        one, other = page["items"]
        assert 0 <= one["arrived_age_seconds"] < 60
        assert one | {"arrived_at": 0, "arrived_age_seconds": 0} == {
            "meter_id": f"0x{METERS[0].hex()}",
            "time": MIDNIGHT + 120,
            "arrived_at": 0,
            "arrived_age_seconds": 0,
            "fresh": True,
            "online": True,
            "power_w": -900,
            "generation_w": 1500,
            "voltage_decivolt": None,
            "frequency_millihertz": None,
            "power_factor_permille": None,
            "temperature_decicelsius": None,
        }
        assert abs(one["arrived_at"] - time.time()) < 60
        assert (other["power_w"], other["online"], other["fresh"]) == (50, False, False)
        assert 0 <= page["community"].pop("newest_arrived_age_seconds") < 60
        assert page["community"] == {
            "meters": 2, "heard": 2, "fresh": 1, "online": 1, "offline": 1, "power_w": -900,
            "generation_w": 1500, "newest_at": MIDNIGHT + 120,
        }  # fmt: skip
        series = await answered(client, f"{path}/telemetry?step_seconds=60")
        assert [(s["time"], s["count"], s["power_min_w"], s["power_mean_w"], s["power_max_w"],
                 s["voltage_mean_decivolt"], s["generation_mean_w"]) for s in series["items"]] == [
            (MIDNIGHT, 4, 100, 250, 400, 2303, None),
            (MIDNIGHT + 120, 1, -900, -900, -900, None, 1500),
        ]  # fmt: skip
        within = await answered(
            client, f"{path}/telemetry?from={MIDNIGHT + 2}&to={MIDNIGHT + 4}&step_seconds=1"
        )
        assert [s["power_mean_w"] for s in within["items"]] == [200, 300]
        meter = await answered(client, path)
        assert (meter["last_state_at"], meter["state_age_seconds"]) == (MIDNIGHT + 120, 10)
        assert 0 <= meter["state_arrived_age_seconds"] < 60
        assert (meter["online"], meter["last_reading_at"], meter["reading_age_seconds"]) == (True, None, None)
        assert (await answered(client, "/v1/community"))["now"] == MIDNIGHT + 130
        overview = await answered(client, "/v1/admin/overview")
        assert overview["telemetry"]["running"]
        assert overview["clock"]["time"] == MIDNIGHT + 130
        assert 0 <= overview["clock"]["age_seconds"] < 60
        found = {one["code"]: one for one in overview["findings"]}
        assert found["homes-offline"] == {
            "code": "homes-offline",
            "severity": "warning",
            "subjects": [f"0x{METERS[1].hex()}"],
            "numbers": {"homes": 1, "total": 2},
        }
        assert (overview["verdict"], found["indexer-silent"]["numbers"]["silence_seconds"]) == (
            "critical",
            None,
        )
        assert overview["telemetry"]["dropped"]["unknown meter"] == 1
        assert overview["meters"] == {
            "total": 2, "suspended": 0, "online": 1, "offline": 1, "unknown": 0, "with_state": 2,
            "with_reading": 0,
        }  # fmt: skip
        for query in (f"from={MIDNIGHT}&to={MIDNIGHT}", "from=0&to=99999999&step_seconds=1"):
            answer = await client.get(f"{path}/telemetry?{query}")
            assert_problem(answer, 422, "range-too-long" if "step" in query else "bad-range")


async def test_it_goes_on_after_losses_and_stores_nothing_twice(
    database_url: str, connection: psycopg.Connection[Any], broker_url: str
) -> None:
    register(connection, METERS[0])
    clock = (CLOCK_TOPIC, encode_clock(MIDNIGHT))
    await publish(broker_url, clock, (status_topic(METERS[2]), b"online"), state(METERS[2], MIDNIGHT, 7))
    async with taking(database_url, broker_url) as said:
        await until(lambda: "ready" in said)
        await publish(broker_url, state(METERS[0], MIDNIGHT + 1, 1))
        await kept(connection, 1)
        # registered while it runs: what the broker retained of it comes with a new subscription
        register(connection, METERS[2])
        await kept(connection, 2)
        assert rows(
            connection,
            "SELECT power_w, online, arrived_at FROM backend.telemetry_meter WHERE meter_id = %s",
            METERS[2],
        ) == [(7, True, None)]
        ended = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'zuva telemetry'"
        )
        assert rows(connection, ended) == [(True,)]
        await publish(broker_url, state(METERS[0], MIDNIGHT + 2, 2))
        await kept(connection, 3)
    async with taking(database_url, broker_url, retention_days=1) as said:
        await until(lambda: "ready" in said)
        # the day before the last goes once the chain is past it; what a clock says alone drops nothing
        await publish(
            broker_url, (CLOCK_TOPIC, encode_clock(MIDNIGHT + DAY + 5)), state(METERS[0], MIDNIGHT + DAY, 3)
        )
        await kept(connection, 4)
        await publish(
            broker_url,
            (CLOCK_TOPIC, encode_clock(MIDNIGHT + 2 * DAY)),
            state(METERS[0], MIDNIGHT + DAY + 9, 4),
        )
        await kept(connection, 5)
        connection.execute("UPDATE backend.cursor SET block_timestamp = %s", (MIDNIGHT + 2 * DAY,))
        await kept(connection, 2)
    assert rows(connection, "SELECT power_w FROM backend.telemetry ORDER BY time") == [(3,), (4,)]


async def test_who_does_not_say_again_that_it_is_online_is_unknown(
    database_url: str, connection: psycopg.Connection[Any], broker_url: str
) -> None:
    register(connection, *METERS[:2])
    await publish(broker_url, (status_topic(METERS[0]), b"online"))
    connection.execute(
        "INSERT INTO backend.telemetry_meter (meter_id, online) SELECT meter_id, true FROM backend.meter"
    )
    async with taking(database_url, broker_url, status_seconds=0.5):
        query = "SELECT t.online FROM backend.telemetry_meter t JOIN backend.meter m USING (meter_id)"
        in_order = f"{query} ORDER BY registered_block"
        await until(lambda: rows(connection, in_order) == [(True,), (None,)])


async def test_absent_parts_are_named_and_waited_for(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    absent = f"127.0.0.1:{free_port()}"
    async with taking(database_url, f"mqtt://{absent}") as said:
        await until(lambda: f"waiting for the broker: no broker at {absent}" in said)
    async with taking(f"postgresql://zuva@{absent}/zuva", f"mqtt://{absent}") as said:
        await until(lambda: any("database" in words and "does not answer" in words for words in said))
    assert "ready" not in said
