"""Takes over data sets from an oracle node's view, inside the transaction that needs them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from psycopg import AsyncConnection
from psycopg import errors as pg
from psycopg.sql import SQL, Identifier

from backend.indexer import energy_sql
from backend.indexer.data_sets import CheckedDataSet, Expected, Refused, check_data_set

Connection = AsyncConnection[tuple[Any, ...]]

_INTERVALS_AT_ONCE = 1_000
_LEAVES_AT_ONCE = 50_000
_COPY_READINGS = """
COPY backend.data_set_reading (data_set_id, meter_id, seq, timestamp, period_seconds, import_wh, export_wh,
    generated_wh, flags, signature) FROM STDIN
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one look at the waiting intervals brought.

    Attributes:
        stored_from: the first interval whose data set was stored: energy is to be derived anew from there.
        changed_from: the first interval whose data set was stored or newly refused; None if nothing changed.
        go_on_from: the first waiting interval that was not looked at, as this look was full; None at the end.
    """

    stored_from: int | None
    changed_from: int | None
    go_on_from: int | None


async def take_data_sets(connection: Connection, schemas: Sequence[str], since: int) -> Taken:
    """Store the data sets that intervals from `since` on wait for, as far as a node has them.

    Args:
        connection: inside a transaction that holds the cursor.
        schemas: the nodes' schemas, asked in this order.
        since: first interval to look at. One look is bounded, so that no transaction grows without limit.
    """
    linked = await connection.execute(energy_sql.LINK_DATA_SETS, {"from": since})
    stored = [interval for (interval,) in await linked.fetchall()]
    refused: list[int] = []
    waiting = await connection.execute(
        energy_sql.WAITING, {"from": since, "intervals": _INTERVALS_AT_ONCE + 1}
    )
    expected, go_on_from = _bounded([Expected(*row) for row in await waiting.fetchall()])
    if expected:
        good, bad = await _ask_nodes(connection, schemas, expected)
        await _store(connection, good)
        stored += [one.expected.interval for one in good]
        refused = await _note_problems(connection, bad)
    return Taken(min(stored, default=None), min(stored + refused, default=None), go_on_from)


async def _ask_nodes(
    connection: Connection, schemas: Sequence[str], expected: list[Expected]
) -> tuple[list[CheckedDataSet], list[Refused]]:
    """Ask one node after the other for what is still missing; a set is refused if no node has a good one."""
    good: list[CheckedDataSet] = []
    refused: dict[int, Refused] = {}
    for schema in schemas:
        outcomes = await _read_view(connection, schema, expected)
        found = await _known_meters_only(connection, outcomes)
        good += found
        for one in outcomes:
            if isinstance(one, Refused):
                problem = f"{schema}: {one.problem}"
                refused.setdefault(one.expected.interval, Refused(one.expected, problem))
        taken = {one.expected.interval for one in found}
        expected = [one for one in expected if one.interval not in taken]
        if not expected:
            break
    missing = {one.interval for one in expected}
    return good, [one for interval, one in refused.items() if interval in missing]


def _bounded(waiting: list[Expected]) -> tuple[list[Expected], int | None]:
    leaves = 0
    for place, one in enumerate(waiting):
        if place == _INTERVALS_AT_ONCE or (place and leaves + one.count > _LEAVES_AT_ONCE):
            return waiting[:place], one.interval
        leaves += one.count
    return waiting, None


async def _read_view(
    connection: Connection, schema: str, expected: Sequence[Expected]
) -> list[CheckedDataSet | Refused]:
    """Check the sets of this node that the reports name; sets under other hashes are its own business."""
    query = SQL(
        "SELECT interval, record FROM {}.data_set JOIN unnest(%s::bigint[], %s::bytea[])"
        " AS named (interval, data_hash) USING (interval, data_hash)"
        " WHERE interval = ANY(%s) ORDER BY interval, meter_id, seq"
    ).format(Identifier(schema))
    intervals = [one.interval for one in expected]
    named = (intervals, [one.data_hash for one in expected], intervals)
    try:
        # a savepoint: the view belongs to another room, which may not have made it yet
        async with connection.transaction(), connection.cursor(binary=True) as cursor:
            await cursor.execute(query, named)
            rows = await cursor.fetchall()
    except (pg.UndefinedTable, pg.UndefinedColumn, pg.InvalidSchemaName, pg.InsufficientPrivilege):
        return []
    by_interval = {one.interval: one for one in expected}
    outcomes = []
    for interval, of_set in groupby(rows, key=lambda row: row[0]):
        records = [record for _, record in of_set]
        # a node that knows a set, but not yet all of its readings, is behind
        if None not in records:
            outcomes.append(check_data_set(by_interval[interval], records))
    return outcomes


async def _known_meters_only(
    connection: Connection, outcomes: list[CheckedDataSet | Refused]
) -> list[CheckedDataSet]:
    """Refuse, in place, the sets with readings of meters that are not registered."""
    good = [one for one in outcomes if isinstance(one, CheckedDataSet)]
    meters = list(set().union(*(one.meters for one in good)))
    found = await connection.execute("SELECT meter_id FROM backend.meter WHERE meter_id = ANY(%s)", (meters,))
    known = {meter_id for (meter_id,) in await found.fetchall()}
    if len(known) == len(meters):
        return good
    for place, one in enumerate(outcomes):
        strangers = one.meters - known if isinstance(one, CheckedDataSet) else set()
        if strangers:
            outcomes[place] = Refused(
                one.expected, f"the data set has a reading of unregistered meter 0x{min(strangers).hex()}"
            )
    return [one for one in outcomes if isinstance(one, CheckedDataSet)]


async def _store(connection: Connection, sets: Sequence[CheckedDataSet]) -> None:
    if not sets:
        return
    distinct = {one.expected.data_hash: one for one in sets}
    added = await connection.execute(
        "INSERT INTO backend.data_set (data_hash, production_root, leaf_count)"
        " SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::bigint[]) RETURNING data_hash, id",
        (
            list(distinct),
            [one.expected.root for one in distinct.values()],
            [len(one.rows) for one in distinct.values()],
        ),
    )
    ids: dict[bytes, int] = dict(await added.fetchall())
    async with connection.cursor() as cursor, cursor.copy(_COPY_READINGS) as copy:
        for data_hash, one in distinct.items():
            data_set_id = ids[data_hash]
            for row in one.rows:
                await copy.write_row((data_set_id, *row))
    await connection.execute(
        "UPDATE backend.interval i SET data_set_id = s.id, data_problem = NULL"
        " FROM unnest(%s::bigint[], %s::bigint[]) AS s (interval, id) WHERE s.interval = i.interval",
        ([one.expected.interval for one in sets], [ids[one.expected.data_hash] for one in sets]),
    )


async def _note_problems(connection: Connection, refused: Sequence[Refused]) -> list[int]:
    """Note why sets were refused; return the intervals for which that is news."""
    if not refused:
        return []
    noted = await connection.execute(
        "UPDATE backend.interval i SET data_problem = s.problem"
        " FROM unnest(%s::bigint[], %s::text[]) AS s (interval, problem)"
        " WHERE s.interval = i.interval AND i.data_problem IS DISTINCT FROM s.problem RETURNING i.interval",
        ([one.expected.interval for one in refused], [one.problem for one in refused]),
    )
    return [interval for (interval,) in await noted.fetchall()]


async def derive_energy(connection: Connection, since: int) -> None:
    """Derive energy and registers anew for all intervals from `since` on."""
    parameters = {"from": since}
    newest = await (await connection.execute(energy_sql.NEWEST_WITH_ENERGY)).fetchone()
    if newest and newest[0] is not None and newest[0] >= since:
        await connection.execute(energy_sql.RESET_REGISTERS, parameters)
        await connection.execute(energy_sql.DELETE_ENERGY, parameters)
    await connection.execute(energy_sql.INSERT_ENERGY, parameters)
    await connection.execute(energy_sql.MOVE_REGISTERS, parameters)
    await connection.execute(energy_sql.SUM_INTERVALS, parameters)


async def judge(connection: Connection, since: int) -> None:
    """Decide the status of all intervals from `since` on."""
    await connection.execute(energy_sql.JUDGE, {"from": since})
