"""Writes a window, or undoes blocks, in one transaction with the cursor."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from psycopg.sql import SQL, Identifier

from backend.indexer import certificates_sql, energy_sql, meters_sql
from backend.indexer.errors import CursorMoved
from backend.indexer.event_tables import COLUMNS
from backend.indexer.readings import Connection, Taken, derive_energy, judge, take_data_sets
from backend.indexer.window import BlockRef, EventRows, Position
from backend.store.announcement import CHANNEL

KEPT_BLOCKS = 4_096
"""Blocks without events are kept this far back, to find a fork."""

_METER_TABLES = ("key_rotated", "meter_suspended", "meter_reinstated")


@asynccontextmanager
async def holding_cursor(connection: Connection, chain_id: int, expected: Position) -> AsyncIterator[None]:
    """Open a transaction in which nobody else can move the cursor.

    Raises:
        CursorMoved: the cursor is not where the caller thinks it is.
    """
    async with connection.transaction():
        found = await connection.execute(
            "SELECT block_number, block_hash FROM backend.cursor WHERE chain_id = %s FOR UPDATE", (chain_id,)
        )
        if await found.fetchone() != (expected.number, expected.hash):
            raise CursorMoved(f"the cursor of chain {chain_id} is not at block {expected.number} any more")
        yield


@dataclass(frozen=True, slots=True)
class Written:
    """A window is stored.

    Attributes:
        position: where the cursor is now.
        waiting_from: the first reported interval whose data set is still to be looked for; None if none is.
    """

    position: Position
    waiting_from: int | None


async def write_window(
    connection: Connection,
    chain_id: int,
    expected: Position,
    last: BlockRef,
    events: EventRows,
    schemas: Sequence[str],
) -> Written:
    """Store the events of the blocks after `expected` up to `last`, what follows from them, and the cursor.

    Raises:
        CursorMoved: another indexer was faster; nothing is written.
    """
    blocks = {"first": expected.number + 1, "last": last.number}
    async with holding_cursor(connection, chain_id, expected):
        await _copy_blocks(connection, last, events)
        for table, rows in events.tables.items():
            columns = ", ".join(COLUMNS[table])
            async with (
                connection.cursor() as cursor,
                cursor.copy(f"COPY backend.{table} ({columns}) FROM STDIN") as copy,
            ):
                for row in rows:
                    await copy.write_row(row)
        await _derive_registry(connection, events, blocks)
        await _derive_certificates(connection, events, blocks)
        waiting_from = None
        if events.count("reported"):
            waiting_from = await _derive_reports(connection, blocks, schemas)
        await _move_cursor(connection, chain_id, Position(last.number, last.hash, last.timestamp))
        await _notify(
            connection,
            last.number,
            last.timestamp,
            events.count("reported"),
            events.count("minted"),
            events.count("meter_registered"),
        )
    return Written(Position(last.number, last.hash, last.timestamp), waiting_from)


async def retry_data_sets(
    connection: Connection, chain_id: int, expected: Position, schemas: Sequence[str], since: int
) -> Taken:
    """Look again for missing data sets from interval `since` on."""
    async with holding_cursor(connection, chain_id, expected):
        taken = await take_data_sets(connection, schemas, since)
        if taken.stored_from is not None:
            await derive_energy(connection, taken.stored_from)
        if taken.changed_from is not None:
            await judge(connection, taken.changed_from)
            await _notify(connection, expected.number, expected.timestamp, 0, 0, 0)
    return taken


async def undo_blocks(connection: Connection, chain_id: int, expected: Position, ancestor: Position) -> None:
    """Delete everything after `ancestor`, derive what is left, and move the cursor back to it.

    Raises:
        CursorMoved: another indexer was faster; nothing is changed.
    """
    blocks = {"first": ancestor.number + 1, "last": expected.number}
    undo = {**blocks, "sign": -1}
    async with holding_cursor(connection, chain_id, expected):
        since = await _one(connection, energy_sql.FIRST_REPORTED, blocks)
        for statement in (
            meters_sql.UNCERTIFY_INTERVALS,
            meters_sql.MOVE_CLAIMS_BACK,
            certificates_sql.ADD_MINTED,
            certificates_sql.ADD_MINTED_TO_ACCOUNTS,
            certificates_sql.ADD_RETIRED,
            certificates_sql.ADD_RETIRED_TO_ACCOUNTS,
            certificates_sql.ADD_TRANSFERRED,
            certificates_sql.DELETE_EMPTY_CERTIFICATES,
            certificates_sql.DELETE_EMPTY_BALANCES,
        ):
            await connection.execute(statement, undo)
        touched = await (await connection.execute(meters_sql.TOUCHED_METERS, blocks)).fetchall()
        for table in COLUMNS:
            await connection.execute(
                SQL("DELETE FROM backend.{} WHERE block_number >= %(first)s").format(Identifier(table)),
                blocks,
            )
        await connection.execute("DELETE FROM backend.block WHERE number >= %(first)s", blocks)
        if since is not None:
            await _undo_reports(connection, since)
        await connection.execute(meters_sql.DELETE_CLAIMS, blocks)
        await connection.execute(meters_sql.DELETE_METERS, blocks)
        await connection.execute(meters_sql.REFRESH_METERS, {"meters": [meter for (meter,) in touched]})
        await _move_cursor(connection, chain_id, ancestor)
        await _notify(connection, ancestor.number, ancestor.timestamp, 0, 0, 0)


async def _undo_reports(connection: Connection, since: int) -> None:
    parameters = {"from": since}
    await connection.execute(energy_sql.RESET_REGISTERS, parameters)
    await connection.execute(energy_sql.DELETE_ENERGY, parameters)
    await connection.execute(energy_sql.DELETE_INTERVALS, parameters)
    await connection.execute(energy_sql.DELETE_ORPHANED_DATA_SETS)
    await connection.execute(energy_sql.RECREATE_INTERVALS, parameters)
    await connection.execute(energy_sql.LINK_DATA_SETS, parameters)
    await derive_energy(connection, since)
    await judge(connection, since)


async def _copy_blocks(connection: Connection, last: BlockRef, events: EventRows) -> None:
    rows = [(number, *of_block, True) for number, of_block in events.blocks.items()]
    if last.number not in events.blocks:
        rows.append((last.number, last.hash, last.timestamp, False))
    async with (
        connection.cursor() as cursor,
        cursor.copy("COPY backend.block (number, hash, timestamp, has_events) FROM STDIN") as copy,
    ):
        for row in rows:
            await copy.write_row(row)
    if last.number % KEPT_BLOCKS < len(rows):
        await connection.execute(
            "DELETE FROM backend.block WHERE number < %s AND NOT has_events", (last.number - KEPT_BLOCKS,)
        )


async def _derive_registry(connection: Connection, events: EventRows, blocks: dict[str, int]) -> None:
    if events.count("meter_registered"):
        await connection.execute(meters_sql.INSERT_METERS, blocks)
        await connection.execute(meters_sql.INSERT_CLAIMS, blocks)
    if any(events.count(table) for table in _METER_TABLES):
        touched = await (await connection.execute(meters_sql.TOUCHED_METERS, blocks)).fetchall()
        await connection.execute(meters_sql.REFRESH_METERS, {"meters": [meter for (meter,) in touched]})


async def _derive_certificates(connection: Connection, events: EventRows, blocks: dict[str, int]) -> None:
    add = {**blocks, "sign": 1}
    if events.count("reported"):
        await connection.execute(energy_sql.INSERT_INTERVALS, blocks)
    if events.count("minted"):
        await connection.execute(meters_sql.CERTIFY_INTERVALS, add)
    if events.count("minted") or events.count("claim_reset"):
        await connection.execute(meters_sql.MOVE_CLAIMS, blocks)
    if events.count("minted"):
        await connection.execute(certificates_sql.ADD_MINTED, add)
        await connection.execute(certificates_sql.ADD_MINTED_TO_ACCOUNTS, add)
    if events.count("retired"):
        await connection.execute(certificates_sql.ADD_RETIRED, add)
        await connection.execute(certificates_sql.ADD_RETIRED_TO_ACCOUNTS, add)
    if events.count("transferred"):
        await connection.execute(certificates_sql.ADD_TRANSFERRED, add)


async def _derive_reports(
    connection: Connection, blocks: dict[str, int], schemas: Sequence[str]
) -> int | None:
    since = await _one(connection, energy_sql.FIRST_REPORTED, blocks)
    if since is None:
        return None
    taken = await take_data_sets(connection, schemas, since)
    if taken.stored_from is not None:
        await derive_energy(connection, taken.stored_from)
    await judge(connection, since)
    return taken.go_on_from


async def _move_cursor(connection: Connection, chain_id: int, to: Position) -> None:
    await connection.execute(
        "UPDATE backend.cursor SET block_number = %s, block_hash = %s, block_timestamp = %s"
        " WHERE chain_id = %s",
        (to.number, to.hash, to.timestamp, chain_id),
    )


async def _notify(
    connection: Connection, number: int, timestamp: int, reports: int, mints: int, meters: int
) -> None:
    payload = {
        "block_number": number,
        "timestamp": timestamp,
        "reports": reports,
        "mints": mints,
        "meters": meters,
    }
    await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, json.dumps(payload)))


async def _one(connection: Connection, statement: str, parameters: dict[str, int]) -> int | None:
    row = await (await connection.execute(statement, parameters)).fetchone()
    return None if row is None else row[0]
