"""Open pages hear of every indexed block; the API outlives its database."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from backend.store import migrate
from tests.conftest import running, short_directory
from tests.integration.backend.conftest import caught_up, indexer_settings, indexing
from tests.integration.backend.homes import FIRST, Homes
from tests.integration.backend.serving import assert_problem, serving
from zuva.database.placement import database_url as url_of
from zuva.database.placement import socket_directory

Event = tuple[str, str, dict[str, Any]]


class Stream:
    """The events of one open stream."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self, name: str) -> Event:
        """Return the next event called `name`, passing over others."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(30):
            async for line in self._lines:
                if line == "" and fields.get("event") == name:
                    return name, fields.get("id", ""), json.loads(fields["data"])
                if line == "":
                    fields = {}
                elif not line.startswith(":"):
                    key, _, value = line.partition(": ")
                    fields[key] = value
        raise AssertionError("the stream ended")

    async def comment(self) -> str:
        """Return the next comment."""
        async with asyncio.timeout(30):
            async for line in self._lines:
                if line.startswith(":"):
                    return line
        raise AssertionError("the stream ended")


@asynccontextmanager
async def streaming(client: httpx.AsyncClient, **headers: str) -> AsyncIterator[Stream]:
    async with client.stream("GET", "/v1/stream", headers=headers, timeout=60) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Stream(response.aiter_lines())


async def test_every_open_page_hears_of_reports_and_mints(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    await homes.register(2)
    async with indexing(indexer_settings(homes, data_dir)), serving(homes.database_url) as client:
        await caught_up(connection, homes)
        async with streaming(client) as one, streaming(client, **{"Last-Event-ID": "3"}) as other:
            _, identity, hello = await one.next("hello")
            await other.next("hello")
            assert hello["meters"] == 2
            assert identity == str(hello["block_number"])
            await homes.report(FIRST)
            await homes.mint(FIRST)
            for stream in (one, other):
                counts = {"reports": 0, "mints": 0}
                while counts != {"reports": 2, "mints": 2}:
                    _, identity, block = await stream.next("block")
                    assert int(identity) == block["block_number"] > hello["block_number"]
                    for name in counts:
                        counts[name] += block[name]
        # what was announced can be read
        assert (await client.get("/v1/totals")).json()["reports"] == 1


async def test_a_quiet_stream_is_kept_open(database_url: str, connection: psycopg.Connection[Any]) -> None:
    async with serving(database_url, keep_alive_seconds=0.05) as client, streaming(client) as stream:
        assert await stream.comment() == ": still here"


async def test_a_burst_of_blocks_is_a_few_events_that_add_up(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    async with serving(database_url, streams=1) as client, streaming(client) as stream:
        await stream.next("hello")
        assert_problem(await client.get("/v1/stream"), 503, "too-many-streams")
        with connection.transaction():
            for number in range(1, 51):
                notify(connection, number, reports=2)
        events, reports, block = 0, 0, {}
        while reports < 100:
            _, _, block = await stream.next("block")
            events += 1
            reports += block["reports"]
        assert (reports, block["block_number"]) == (100, 50)
        assert events < 10


async def test_stopping_the_service_ends_open_streams(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    async with AsyncExitStack() as stack, asyncio.timeout(30):
        async with serving(database_url) as client:
            other = await stack.enter_async_context(httpx.AsyncClient(base_url=client.base_url, timeout=60))
            stream = await stack.enter_async_context(streaming(other))
            await stream.next("hello")
        with pytest.raises(AssertionError, match="the stream ended"):
            await stream.next("block")


async def test_ready_tells_a_lag_from_a_quiet_chain(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    async with serving(homes.database_url, ready_lag_blocks=0) as client:
        async with indexing(indexer_settings(homes, data_dir)):
            await homes.register(1)
            await caught_up(connection, homes)
            ready = await client.get("/ready")
            assert ready.status_code == 200, ready.text
        connection.execute("UPDATE backend.heartbeat SET head_number = head_number + 5")
        behind = await client.get("/ready")
        assert_problem(behind, 503, "indexer-behind")
        assert "5 blocks behind" in behind.json()["detail"]
        connection.execute("UPDATE backend.heartbeat SET seen_at = seen_at - interval '1 hour'")
        silent = await client.get("/ready")
        assert_problem(silent, 503, "indexer-behind")
        assert "not been heard of" in silent.json()["detail"]


async def test_the_api_outlives_its_database() -> None:
    with short_directory() as data:
        environment = {"ZUVA_DATA_DIR": str(data)}
        url = url_of(socket_directory(data), "postgres")
        async with AsyncExitStack() as stack:
            with running("db", environment):
                await asyncio.to_thread(migrate, url)
                client = await stack.enter_async_context(serving(url))
                stream = await stack.enter_async_context(streaming(client))
                await stream.next("hello")
                assert (await client.get("/v1/totals")).status_code == 200
            for path in ("/v1/totals", "/v1/community", "/v1/meters", "/ready", "/v1/stream"):
                assert_problem(await client.get(path), 503, "database-unavailable")
            assert (await client.get("/health")).status_code == 200
            with running("db", environment):
                # the open stream listens again by itself, and says that it may have missed something
                await stream.next("hello")
                with psycopg.connect(url, autocommit=True) as connection:
                    notify(connection, 7)
                _, identity, _ = await stream.next("block")
                assert identity == "7"
                assert (await client.get("/v1/totals")).status_code == 200


def notify(connection: psycopg.Connection[Any], number: int, *, reports: int = 0) -> None:
    payload = {"block_number": number, "timestamp": 0, "reports": reports, "mints": 0, "meters": 0}
    connection.execute("SELECT pg_notify('zuva_block', %s)", (json.dumps(payload),))
