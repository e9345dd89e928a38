"""Audit of the mirror: event rows against the chain's logs, derived rows against what they derive from."""

from collections.abc import Iterator
from typing import Any, Final, LiteralString

import psycopg

from backend.audit_derived import DERIVED
from backend.indexer.event_tables import COLUMNS, EVENTS, EventKind
from protocol.audit import Check
from protocol.errors import ConfigurationError
from protocol.ledger.address_book import AddressBook
from protocol.ledger.logs import Log, read_logs
from protocol.ledger.rpc import Rpc, hexed, octets, quantity
from protocol.reading import Reading, SignedReading
from protocol.report import data_hash_of

Row = tuple[Any, ...]
_BLOCKS_AT_ONCE: Final = 200
_SIDES: Final = {"EnergyProduction": 0, "EnergyConsumption": 1}


async def audit(rpc: Rpc, book: AddressBook, database_url: str) -> list[Check]:
    """Compare the mirror in PostgreSQL with the chain and with itself.

    Args:
        rpc: the chain.
        book: where the contracts are.
        database_url: a libpq URL.

    Raises:
        psycopg.OperationalError: nothing answers at the URL.
        ConfigurationError: the database holds no mirror yet.
    """
    async with await psycopg.AsyncConnection.connect(
        database_url, options="-c default_transaction_read_only=on"
    ) as connection:
        # one snapshot for all checks, beside a running indexer
        await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        number, block_hash = await _cursor(connection, book.chain_id)
        checks = [
            await _check_cursor(rpc, number, block_hash),
            await _check_blocks(rpc, connection),
            await _check_events(rpc, book, connection, number),
            await _check_data_sets(connection),
        ]
        for derived in DERIVED:
            examined = await _rows(connection, derived.counted)
            found = await _rows(connection, derived.wrong)
            checks.append(Check(derived.statement, examined[0][0], found[0][0] if found else None))
        return checks


async def _cursor(connection: psycopg.AsyncConnection, chain_id: int) -> tuple[int, bytes]:
    try:
        rows = await _rows(
            connection, "SELECT block_number, block_hash FROM backend.cursor WHERE chain_id = %s", chain_id
        )
    except psycopg.errors.UndefinedTable:
        rows = []
    if not rows:
        raise ConfigurationError(f"the database mirrors nothing of chain {chain_id} yet; run `zuva indexer`")
    return rows[0][0], rows[0][1]


async def _check_cursor(rpc: Rpc, number: int, block_hash: bytes) -> Check:
    statement = "the last indexed block is on the chain"
    block = await rpc.call("eth_getBlockByNumber", hexed(number), False)
    if block is None:
        return Check(statement, 1, f"block {number} does not exist on the chain")
    if octets(block["hash"]) != block_hash:
        return Check(
            statement, 1, f"block {number} is {block['hash']} on the chain, {hexed(block_hash)} here"
        )
    return Check(statement, 1)


async def _check_blocks(rpc: Rpc, connection: psycopg.AsyncConnection) -> Check:
    statement = "stored blocks with events have the chain's hashes and times"
    rows = await _rows(
        connection, "SELECT number, hash, timestamp FROM backend.block WHERE has_events ORDER BY 1"
    )
    for first in range(0, len(rows), _BLOCKS_AT_ONCE):
        some = rows[first : first + _BLOCKS_AT_ONCE]
        blocks = await rpc.batch([("eth_getBlockByNumber", (hexed(row[0]), False)) for row in some])
        for (number, block_hash, timestamp), block in zip(some, blocks, strict=True):
            found = (octets(block["hash"]), quantity(block["timestamp"])) if block else None
            if found != (block_hash, timestamp):
                return Check(statement, len(rows), f"block {number}")
    return Check(statement, len(rows))


async def _check_events(
    rpc: Rpc, book: AddressBook, connection: psycopg.AsyncConnection, last_block: int
) -> Check:
    statement = "event rows in the store equal the chain's logs"
    expected: dict[str, set[Row]] = {kind.table: set() for kind in EVENTS}
    for name in ("Registry", *_SIDES):
        kinds = {kind.event: kind for kind in EVENTS if name in kind.contracts}
        async for log in read_logs(rpc, name, book.address(name), book.deployment_block, last_block):
            if log.name in kinds:
                expected[kinds[log.name].table].update(_event_rows(kinds[log.name], name, log))
    examined = 0
    for table, rows in expected.items():
        columns = ", ".join(f'"{column}"' for column in COLUMNS[table])
        # table and columns come from the models
        found = {
            tuple(tuple(v) if isinstance(v, list) else v for v in row)
            for row in await _rows(connection, f"SELECT {columns} FROM backend.{table}")  # noqa: S608
        }
        examined += len(rows)
        if found != rows:
            return Check(statement, examined, _first_difference(table, rows - found, found - rows))
    return Check(statement, examined)


def _event_rows(kind: EventKind, contract: str, log: Log) -> Iterator[Row]:
    origin = (log.block_number, log.log_index, log.transaction_hash)
    values: list[Any] = [_argument(log.arguments, name) for name in kind.arguments]
    if kind.batch:
        for position, (certificate_id, wh) in enumerate(zip(values[-2], values[-1], strict=True)):
            yield (position, *values[:-2], certificate_id, wh, *origin)
    else:
        side = (_SIDES[contract],) if kind.sided else ()
        yield (*side, *kind.constants, *values, *origin)


def _argument(arguments: dict[str, Any], name: str) -> object:
    value: Any = arguments
    for part in name.split("."):
        value = value[part]
    return tuple(value) if isinstance(value, list) else value


def _first_difference(table: str, missing: set[Row], surplus: set[Row]) -> str:
    where = min((*missing, *surplus), key=lambda row: row[-3:-1])
    kind = "is missing or differs in" if where in missing else "stands without a log in"
    return f"log {where[-2]} of block {where[-3]} {kind} table {table}"


async def _check_data_sets(connection: psycopg.AsyncConnection) -> Check:
    """Rebuild every data set's hash from the readings in the store."""
    statement = "data sets in the store hash to what the chain reports"
    rows = await _rows(
        connection,
        "SELECT s.data_hash, r.meter_id, r.seq, r.timestamp, r.period_seconds, r.import_wh, r.export_wh,"
        " r.generated_wh, r.flags, r.signature FROM backend.data_set s"
        " JOIN backend.data_set_reading r ON r.data_set_id = s.id ORDER BY s.id, r.meter_id, r.seq",
    )
    records: dict[bytes, list[bytes]] = {}
    for data_hash, *fields, signature in rows:
        records.setdefault(data_hash, []).append(SignedReading(Reading(*fields), signature).record())
    for data_hash, set_records in records.items():
        if data_hash_of(set_records) != data_hash:
            return Check(statement, len(records), f"data set {hexed(data_hash)} does not hash to its name")
    return Check(statement, len(records))


async def _rows(connection: psycopg.AsyncConnection, statement: LiteralString, *values: object) -> list[Row]:
    # without values a per cent sign is a per cent sign
    cursor = await connection.execute(statement, values or None)
    return await cursor.fetchall()
