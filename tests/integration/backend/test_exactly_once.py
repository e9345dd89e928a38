"""Every event and reading is stored exactly once, whatever dies and whoever else indexes."""

import asyncio
import random
from pathlib import Path
from typing import Any

import psycopg

from backend.store import migrate
from tests.integration.backend.conftest import (
    caught_up,
    indexer_process,
    indexer_settings,
    indexing,
    rows,
    until,
)
from tests.integration.backend.homes import FIRST, Homes
from tests.integration.backend.truth import everything

KILLS = 6


async def history(homes: Homes, intervals: int) -> None:
    await homes.register(3)
    for interval in range(FIRST, FIRST + intervals):
        await homes.report(interval)
        await homes.mint(interval)


async def test_killed_at_random_moments_it_ends_as_if_never_killed(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    await history(homes, 24)
    settings = indexer_settings(homes, data_dir, blocks_per_window=1)
    async with indexing(settings) as said:
        await until(lambda: "ready" in said)
        await caught_up(connection, homes)
    expected = everything(connection)
    connection.execute("DROP SCHEMA backend CASCADE")
    migrate(homes.database_url)
    chance = random.Random(11)
    progress = []
    for _ in range(KILLS):
        with indexer_process(settings) as process:
            assert process.stdout is not None
            await asyncio.to_thread(process.stdout.readline)
            await asyncio.sleep(chance.uniform(0, 0.12))
            process.kill()
            process.wait()
        progress.append(rows(connection, "SELECT coalesce(max(block_number), 0) FROM backend.cursor")[0][0])
    async with indexing(settings) as said:
        await caught_up(connection, homes)
    assert everything(connection) == expected
    head = rows(connection, "SELECT block_number FROM backend.cursor")[0][0]
    assert any(0 < block < head for block in progress), "no kill hit it in the middle"


async def test_two_indexers_on_one_database_store_everything_once(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    settings = indexer_settings(homes, data_dir, blocks_per_window=2)
    async with indexing(settings), indexing(settings):
        await history(homes, 8)
        await caught_up(connection, homes)
    both = everything(connection)
    connection.execute("DROP SCHEMA backend CASCADE")
    async with indexing(settings) as said:
        await until(lambda: "ready" in said)
        await caught_up(connection, homes)
    assert everything(connection) == both
