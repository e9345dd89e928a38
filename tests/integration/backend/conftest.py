"""The indexer as a real process and as a task, on a real chain and a real database."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio

from backend.indexer.service import serve
from backend.indexer.settings import IndexerSettings
from backend.store import migrate
from tests.integration.backend.homes import FIRST, INTERVALS, Homes
from tests.integration.backend.serving import serving
from tests.integration.conftest import Community

_PROCESS = """
import asyncio
from backend.indexer.service import serve
from backend.indexer.settings import IndexerSettings
asyncio.run(serve(IndexerSettings(), ready=lambda: print("ready", flush=True), status=lambda words: None))
"""


def indexer_settings(homes: Homes, data_dir: Path, **more: Any) -> IndexerSettings:
    values = {
        "database_url": homes.database_url,
        "chain_url": homes.community.url,
        "data_dir": data_dir,
        "poll_seconds": 0.02,
        "retry_seconds": 0.05,
        "rewind_patience_seconds": 0.2,
    }
    return IndexerSettings(**(values | more))


@pytest.fixture
def homes(community: Community, database_url: str) -> Homes:
    return Homes(community, database_url)


@pytest.fixture
def data_dir(community: Community, tmp_path: Path) -> Path:
    community.book.save(tmp_path / "address-book.json")
    return tmp_path


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection for looking, to a migrated database."""
    migrate(database_url)
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened


@asynccontextmanager
async def indexing(settings: IndexerSettings) -> AsyncIterator[list[str]]:
    """Run the indexer in this process; yields what it says about its state."""
    said: list[str] = []
    task = asyncio.create_task(serve(settings, ready=lambda: said.append("ready"), status=said.append))
    try:
        yield said
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextmanager
def indexer_process(settings: IndexerSettings) -> Iterator[subprocess.Popen[bytes]]:
    """Run the indexer as a process that can be killed."""
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "ZUVA_CHAIN_URL": settings.chain_url,
        "ZUVA_DATA_DIR": str(settings.data_dir),
        "ZUVA_INDEXER_POLL_SECONDS": str(settings.poll_seconds),
        "ZUVA_INDEXER_BLOCKS_PER_WINDOW": str(settings.blocks_per_window),
        "ZUVA_INDEXER_LOGS_PER_WINDOW": str(settings.logs_per_window),
    }
    process = subprocess.Popen([sys.executable, "-c", _PROCESS], env=environment, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()


async def until(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    """Wait for a condition; fail after `seconds`."""
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it did not happen")


def rows(connection: psycopg.Connection[Any], query: str, *parameters: object) -> list[tuple[Any, ...]]:
    return connection.execute(query, parameters).fetchall()


async def caught_up(connection: psycopg.Connection[Any], homes: Homes) -> None:
    """Wait until the cursor is at the chain's head."""
    head = await homes.community.rpc.call("eth_getBlockByNumber", "latest", False)
    expected = [(int(head["number"], 16), bytes.fromhex(head["hash"][2:]))]
    await until(lambda: rows(connection, "SELECT block_number, block_hash FROM backend.cursor") == expected)


@pytest_asyncio.fixture
async def day(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> AsyncIterator[tuple[Homes, httpx.AsyncClient]]:
    """Three homes, five reported intervals, all but the last certified; the API serves them."""
    await homes.register(3)
    async with indexing(indexer_settings(homes, data_dir)), serving(homes.database_url) as client:
        for interval in range(FIRST, FIRST + INTERVALS):
            await homes.report(interval)
            if interval < FIRST + INTERVALS - 1:
                await homes.mint(interval)
        await caught_up(connection, homes)
        yield homes, client
