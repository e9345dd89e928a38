"""The audit of the mirror passes on an honest one and finds every number that was changed in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from backend.audit import audit
from protocol.audit import Check
from tests.integration.backend.conftest import caught_up, indexer_settings, indexing
from tests.integration.backend.homes import FIRST, Homes

# what somebody with the database's password might do, and what the audit must say then
TAMPERED = (
    ("UPDATE backend.minted SET wh = wh + 1", "event rows"),
    ("DELETE FROM backend.reported WHERE side = 1", "event rows"),
    (
        (
            "INSERT INTO backend.paused_set (block_number, log_index, tx_hash, paused)"
            " SELECT block_number, 999, tx_hash, true FROM backend.oracles_set"
        ),
        "event rows",
    ),
    ("UPDATE backend.cursor SET block_hash = decode('00', 'hex')", "the last indexed block"),
    ("UPDATE backend.block SET timestamp = timestamp + 60 WHERE has_events", "stored blocks"),
    ("UPDATE backend.data_set_reading SET generated_wh = generated_wh + 1 WHERE seq = 2", "hash to"),
    ("DELETE FROM backend.data_set_reading WHERE seq = 1", "whole"),
    ("UPDATE backend.interval SET generated_wh = generated_wh + 1", "interval energy"),
    ("UPDATE backend.meter_interval SET export_wh = export_wh + 1", "interval energy"),
    ("UPDATE backend.interval SET certified_wh = certified_wh + 1000", "certified energy of intervals"),
    ("UPDATE backend.interval SET meters_certified = meters_certified + 1", "certified energy of intervals"),
    ("UPDATE backend.meter SET name = 'another'", "as their events left them"),
    ("UPDATE backend.meter SET suspended = true", "as their events left them"),
    ("UPDATE backend.meter SET generated_wh = generated_wh + 1", "growth of their registers"),
    ("UPDATE backend.meter_claim SET minted_wh = minted_wh + 5", "claims in the store"),
    ("UPDATE backend.meter_claim SET claimed_wh = claimed_wh + 5", "claims in the store"),
    ("UPDATE backend.certificate SET minted_wh = minted_wh + 1", "certificate totals"),
    (
        (
            "UPDATE backend.balance SET wh = wh + CASE WHEN account ="
            " (SELECT min(account) FROM backend.balance) THEN 2 ELSE -1 END"
        ),
        "balances",
    ),
    ("UPDATE backend.interval SET status = 0", "verified data set"),
)


@contextmanager
def copy_of(database_url: str, number: int) -> Iterator[str]:
    """A copy of the database to spoil."""
    parts = conninfo_to_dict(database_url)
    name = f"{parts['dbname']}_{number}"
    with psycopg.connect(make_conninfo(database_url, dbname="postgres"), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {parts['dbname']}")
        try:
            yield make_conninfo(database_url, dbname=name)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def differing(checks: list[Check]) -> list[str]:
    return [check.statement for check in checks if check.difference]


async def test_an_honest_mirror_passes_and_every_falsified_number_is_found(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    await homes.register(3)
    async with indexing(indexer_settings(homes, data_dir)):
        for interval in range(FIRST, FIRST + 4):
            await homes.report(interval)
            if interval < FIRST + 3:
                await homes.mint(interval)
        await caught_up(connection, homes)
    connection.close()
    rpc, book = homes.community.rpc, homes.community.book
    checks = await audit(rpc, book, homes.database_url)
    assert differing(checks) == []
    assert all(check.examined for check in checks)
    for number, (statement, found) in enumerate(TAMPERED):
        with copy_of(homes.database_url, number) as spoiled:
            with psycopg.connect(spoiled) as writer:
                assert writer.execute(statement).rowcount > 0, statement
            differences = differing(await audit(rpc, book, spoiled))
            assert any(found in difference for difference in differences), (statement, differences)
