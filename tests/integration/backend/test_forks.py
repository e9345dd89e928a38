"""After a fork the database is what it would be had the replaced blocks never been."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.integration.backend.conftest import caught_up, indexer_settings, indexing, rows, until
from tests.integration.backend.homes import CERTIFICATE, FIRST, Homes
from tests.integration.backend.truth import everything


async def busy(homes: Homes, first: int) -> None:
    """Some of everything that the contracts announce."""
    await homes.register(1)
    for interval in range(first, first + 3):
        await homes.report(interval)
        await homes.mint(interval)
    giver, taker = homes.homes[0], homes.homes[1]
    await homes.govern("suspendMeter", taker.meter_id)
    await homes.report(first + 3)
    await homes.mint(first + 3)
    await homes.of_account(giver, "safeTransferFrom", giver.account, taker.account, CERTIFICATE, 11, b"")
    await homes.of_account(taker, "retire", CERTIFICATE, 5, taker.account, "bought \0 by \u20ac")
    await homes.dispute(giver, first + 3)
    await homes.reset_claim(giver)


async def fresh_sync(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> dict[str, list[tuple[Any, ...]]]:
    """Index everything anew and return what came of it."""
    connection.execute("DROP SCHEMA backend CASCADE")
    async with indexing(indexer_settings(homes, data_dir)) as said:
        await until(lambda: "ready" in said)
        await caught_up(connection, homes)
    return everything(connection)


@pytest.mark.parametrize("replacement", ["shorter", "longer"])
async def test_rows_and_sums_of_a_fork_equal_a_fresh_sync(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any], replacement: str
) -> None:
    await homes.register(2)
    await homes.report(FIRST)
    await homes.mint(FIRST)
    async with indexing(indexer_settings(homes, data_dir)) as said:
        await until(lambda: "ready" in said)
        await caught_up(connection, homes)
        before = everything(connection)
        snapshot = await homes.snapshot()
        await busy(homes, FIRST + 1)
        await caught_up(connection, homes)
        assert rows(connection, "SELECT max(retired_wh) FROM backend.certificate") == [(5,)]
        await homes.revert(snapshot)
        del homes.homes[2:]
        if replacement == "longer":
            for interval in range(FIRST + 1, FIRST + 5):
                homes.forget(interval)
            await busy(homes, FIRST + 1)
            await busy(homes, FIRST + 6)
        await caught_up(connection, homes)
    after = everything(connection)
    if replacement == "shorter":
        assert after == before
    assert after == await fresh_sync(homes, data_dir, connection)


async def test_a_report_mined_again_in_another_block_keeps_its_energy(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    await homes.register(2)
    async with indexing(indexer_settings(homes, data_dir)) as said:
        await until(lambda: "ready" in said)
        await homes.report(FIRST)
        snapshot = await homes.snapshot()
        before = {home.meter_id: (home.generated_wh, home.import_wh) for home in homes.homes}
        await homes.report(FIRST + 1)
        await caught_up(connection, homes)
        energy = rows(connection, "SELECT * FROM backend.meter_interval ORDER BY interval, meter_id")
        await homes.revert(snapshot)
        await homes.community.rpc.call("anvil_mine", "0x3")
        generated = sum(home.generated_wh - before[home.meter_id][0] for home in homes.homes)
        imported = sum(home.import_wh - before[home.meter_id][1] for home in homes.homes)
        await homes.send_reports(FIRST + 1, homes.sets[FIRST + 1], generated, imported)
        await caught_up(connection, homes)
    assert rows(connection, "SELECT * FROM backend.meter_interval ORDER BY interval, meter_id") == energy
    assert everything(connection) == await fresh_sync(homes, data_dir, connection)


async def test_a_node_that_fell_behind_and_caught_up_undoes_nothing(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    """A restarted local chain replays its journal: for a while it is shorter, with the same blocks."""
    await homes.register(1)
    snapshot = await homes.snapshot()
    await homes.register(1)
    settings = indexer_settings(homes, data_dir, rewind_patience_seconds=600)
    async with indexing(settings) as said:
        await caught_up(connection, homes)
        cursor = rows(connection, "SELECT * FROM backend.cursor")
        await homes.revert(snapshot)
        await until(lambda: any("before the cursor" in words for words in said))
        assert rows(connection, "SELECT * FROM backend.cursor") == cursor
        assert rows(connection, "SELECT count(*) FROM backend.meter") == [(2,)]
