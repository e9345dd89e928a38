"""One connection to a node's schema, shared by everything that reads and writes it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from oracle.store.migration import migrate
from protocol.errors import ConfigurationError
from protocol.reading import SignedReading, parse_record

# the server takes a moment to notice that a killed node is gone
LOCK_SECONDS = 10


class Connection:
    """A connection that carries one statement, COPY or transaction at a time, whichever task asks.

    Args:
        connection: in autocommit mode.
        schema: the node's schema; `{s}` in every statement stands for it.
    """

    def __init__(self, connection: psycopg.AsyncConnection, schema: str) -> None:
        self._connection = connection
        self._schema = sql.Identifier(schema)
        self._lock = asyncio.Lock()

    async def close(self) -> None:
        """Close it, which gives the schema free."""
        await self._connection.close()

    async def rows(self, statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        async with self._lock:
            cursor = await self._connection.execute(self.sql(statement), values, binary=True)
            return await cursor.fetchall()

    async def readings(self, statement: LiteralString, *values: object) -> list[SignedReading]:
        """Return the readings whose records a query gives."""
        return [parse_record(row[0]) for row in await self.rows(statement, *values)]

    async def execute(self, statement: LiteralString, *values: object) -> None:
        """Run one statement that gives no rows."""
        async with self._lock:
            await self._connection.execute(self.sql(statement), values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[psycopg.AsyncCursor]:
        """Open a transaction; on leaving it, its changes are durable."""
        async with self._lock, self._connection.transaction(), self._connection.cursor() as cursor:
            yield cursor

    async def stream(self, name: str, statement: LiteralString) -> AsyncIterator[SignedReading]:
        """Yield the readings of a large query one by one."""
        async with self._lock, self._connection.transaction():
            cursor = self._connection.cursor(name, binary=True)
            await cursor.execute(self.sql(statement))
            async for row in cursor:
                yield parse_record(row[0])

    def sql(self, statement: LiteralString) -> sql.Composed:
        """Return a statement with the schema's name in it."""
        return sql.SQL(statement).format(s=self._schema)


async def open_to_write(database_url: str, schema: str) -> Connection:
    """Migrate, connect and take the schema's lock: two nodes never write the same store.

    Raises:
        psycopg.OperationalError: nothing answers at the URL.
        ConfigurationError: another process works on the same schema.
    """
    # Alembic is synchronous and waits for locks
    await asyncio.to_thread(migrate, database_url, schema)
    connection = await psycopg.AsyncConnection.connect(database_url, autocommit=True)
    try:
        await connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        await connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (schema,))
        await connection.execute("RESET lock_timeout")
    except psycopg.errors.LockNotAvailable as error:
        await connection.close()
        raise ConfigurationError(
            f"another oracle node works on schema {schema}; stop it, or give this one its own name"
        ) from error
    return Connection(connection, schema)


async def open_to_read(database_url: str, schema: str) -> Connection:
    """Connect without the lock, beside a running node; nothing can be written.

    Raises:
        psycopg.OperationalError: nothing answers at the URL.
        ConfigurationError: the schema does not exist, or is of an older version.
    """
    connection = await psycopg.AsyncConnection.connect(
        database_url, autocommit=True, options="-c default_transaction_read_only=on"
    )
    cursor = await connection.execute("SELECT to_regclass(%s)", (f"{schema}.reported",))
    row = await cursor.fetchone()
    if row is None or row[0] is None:
        await connection.close()
        raise ConfigurationError(
            f"the database has no store of an oracle node in schema {schema}; run the node once"
        )
    return Connection(connection, schema)
