"""All SQL of the telemetry service, on one connection that no second service can share."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from backend.store.announcement import TELEMETRY_CHANNEL
from backend.telemetry.intake import Batch, Known
from protocol.telemetry import MeterState

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_DAY: Final = 86_400
_PREFIX: Final = "telemetry_"
# any constant will do as long as nothing else in the database locks it
_LOCK: Final = 0x7A757674
_VALUES: Final = (
    "power_w",
    "generation_w",
    "voltage_decivolt",
    "frequency_millihertz",
    "power_factor_permille",
    "temperature_decicelsius",
)

_ENROL = """
INSERT INTO backend.telemetry_meter (meter_id) SELECT meter_id FROM backend.meter m
WHERE NOT EXISTS (SELECT 1 FROM backend.telemetry_meter t WHERE t.meter_id = m.meter_id)
"""

_KNOWN = """
SELECT t.meter_id, t.number, t.time,
    (SELECT max(h.time) FROM backend.telemetry h WHERE h.number = t.number) AS kept, m.simulated
FROM backend.telemetry_meter t JOIN backend.meter m USING (meter_id)
"""

_PARTITIONS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'backend.telemetry'::regclass
"""

_COPY = f"COPY backend.telemetry (number, time, {', '.join(_VALUES)}) FROM STDIN"

_NEWEST = f"""
UPDATE backend.telemetry_meter t SET time = s.time, changed_at = now(),
    arrived_at = CASE WHEN s.arrived THEN now() ELSE t.arrived_at END,
    {", ".join(f"{name} = s.{name}" for name in _VALUES)}
FROM unnest(%s::int[], %s::boolean[], %s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[],
    %s::smallint[], %s::smallint[]) AS s (number, arrived, time, {", ".join(_VALUES)})
WHERE s.number = t.number
"""  # noqa: S608 - the names stand above

_STATUSES = """
UPDATE backend.telemetry_meter t SET online = s.online, changed_at = now()
FROM unnest(%s::int[], %s::boolean[]) AS s (number, online)
WHERE s.number = t.number AND t.online IS DISTINCT FROM s.online
"""

_NOTE = """
INSERT INTO backend.telemetry_service (id, started_at, seen_at, clock, clock_at, taken, stored, dropped)
VALUES (1, %(started_at)s, now(), %(clock)s, CASE WHEN %(clock_moved)s THEN now() END, %(taken)s, %(stored)s,
    %(dropped)s)
ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at, seen_at = excluded.seen_at,
    clock = excluded.clock, clock_at = coalesce(excluded.clock_at, telemetry_service.clock_at),
    taken = excluded.taken, stored = excluded.stored, dropped = excluded.dropped
"""


async def take_lock(connection: Connection) -> bool:
    """Take the lock of the one telemetry service of this database; False if another one holds it."""
    row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,))).fetchone()
    return bool(row and row[0])


async def known_meters(connection: Connection) -> list[Known]:
    """Return every registered meter that has a number."""
    found = await connection.execute(_KNOWN)
    return [Known(*row) for row in await found.fetchall()]


async def enrol(connection: Connection) -> bool:
    """Give numbers to meters that were registered since; tell whether there were any."""
    return (await connection.execute(_ENROL)).rowcount > 0


async def heard_clock(connection: Connection) -> int | None:
    """Return the community clock that was heard last."""
    row = await (await connection.execute("SELECT clock FROM backend.telemetry_service")).fetchone()
    return None if row is None else row[0]


async def indexed_time(connection: Connection) -> int | None:
    """Return the time of the newest indexed block, unix seconds; None before the indexer began."""
    row = await (await connection.execute("SELECT max(block_timestamp) FROM backend.cursor")).fetchone()
    return None if row is None else row[0]


async def days(connection: Connection) -> dict[int, int]:
    """Return the rows of each UTC day that the history has."""
    names = [name for (name,) in await (await connection.execute(_PARTITIONS)).fetchall()]
    counts = {}
    for name in names:
        statement = SQL("SELECT count(*) FROM backend.{}").format(Identifier(name))
        row = await (await connection.execute(statement)).fetchone()
        counts[_day_of(name)] = row[0] if row else 0
    return counts


async def make_day(connection: Connection, day: int) -> None:
    """Make room for the states of a UTC day."""
    statement = SQL(
        "CREATE TABLE IF NOT EXISTS backend.{} PARTITION OF backend.telemetry FOR VALUES FROM ({}) TO ({})"
    )
    await connection.execute(
        statement.format(Identifier(_name_of(day)), Literal(day * _DAY), Literal((day + 1) * _DAY))
    )


async def drop_day(connection: Connection, day: int) -> None:
    """Drop the states of a UTC day."""
    await connection.execute(SQL("DROP TABLE IF EXISTS backend.{}").format(Identifier(_name_of(day))))


async def write(connection: Connection, batch: Batch, account: dict[str, Any]) -> None:
    """Store a batch with the service's account of itself in one transaction, and announce it.

    Args:
        connection: not in a transaction; the days of the batch's history are made.
        batch: what to write.
        account: started_at, clock, clock_moved, taken, stored, dropped.
    """
    async with connection.transaction():
        if batch.history:
            async with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
                for number, state in batch.history:
                    await copy.write_row((number, state.time, *_values(state)))
        if batch.newest:
            columns = zip(
                *((n in batch.arrived, s.time, *_values(s)) for n, s in batch.newest.items()), strict=True
            )
            await connection.execute(_NEWEST, (list(batch.newest), *map(list, columns)))
        if batch.statuses:
            await connection.execute(_STATUSES, (list(batch.statuses), list(batch.statuses.values())))
        await connection.execute(_NOTE, account | {"dropped": json.dumps(account["dropped"])})
        if batch:
            await connection.execute("SELECT pg_notify(%s, '')", (TELEMETRY_CHANNEL,))


def _values(state: MeterState) -> tuple[int | None, ...]:
    return tuple(getattr(state, name) for name in _VALUES)


def _name_of(day: int) -> str:
    return f"{_PREFIX}{datetime.fromtimestamp(day * _DAY, UTC):%Y%m%d}"


def _day_of(name: str) -> int:
    date = datetime.strptime(name.removeprefix(_PREFIX), "%Y%m%d").replace(tzinfo=UTC)
    return int(date.timestamp()) // _DAY
