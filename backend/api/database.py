"""A pool of read-only connections; every request sees one consistent snapshot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import psycopg
from fastapi import Depends, Request
from psycopg import AsyncConnection, IsolationLevel
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from backend.api.settings import ApiSettings
from backend.store.errors import DatabaseUnavailable

Row = dict[str, Any]


class Snapshot:
    """The database at one moment."""

    def __init__(self, connection: AsyncConnection[DictRow]) -> None:
        self._connection = connection

    async def all(self, query: str, **parameters: object) -> list[Row]:
        """Return all rows of `query`."""
        return await (await self._connection.execute(query.encode(), parameters)).fetchall()

    async def one(self, query: str, **parameters: object) -> Row | None:
        """Return the first row of `query`, None if there is none."""
        return await (await self._connection.execute(query.encode(), parameters)).fetchone()

    async def all_of_another_room(self, query: str, **parameters: object) -> list[Row] | None:
        """Return all rows of a query on another room's tables, None if they cannot be read."""
        try:
            async with self._connection.transaction():
                return await self.all(query, **parameters)
        except (
            psycopg.errors.UndefinedTable,
            psycopg.errors.UndefinedColumn,
            psycopg.errors.InvalidSchemaName,
            psycopg.errors.InsufficientPrivilege,
        ):
            return None


class Database:
    """The API's connections.

    Args:
        settings: where the database is, and how long a request may wait for it.
    """

    def __init__(self, settings: ApiSettings) -> None:
        self._pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
            settings.database_url,
            connection_class=AsyncConnection[DictRow],
            kwargs={
                "row_factory": dict_row,
                "application_name": "zuva api",
                "connect_timeout": 3,
                "options": "-c statement_timeout=10000",
            },
            min_size=1,
            max_size=settings.pool_size,
            timeout=settings.database_wait_seconds,
            # the pool's pauses double; giving up early lets the next request try at once
            reconnect_timeout=4,
            max_waiting=settings.pool_size * 32,
            configure=_configure,
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    async def open(self) -> None:
        """Begin to connect; does not wait for the database."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """Open a read-only transaction.

        Raises:
            DatabaseUnavailable: no answer, or the schema is not there yet.
        """
        try:
            async with self._pool.connection() as connection:
                yield Snapshot(connection)
        except (PoolTimeout, PoolClosed, TooManyRequests) as error:
            raise DatabaseUnavailable("no connection to the database; try again shortly") from error
        except (psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedTable) as error:
            raise DatabaseUnavailable("the database is not set up yet; try again shortly") from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise DatabaseUnavailable("the database did not finish its answer; try again shortly") from error


async def _configure(connection: AsyncConnection[DictRow]) -> None:
    await connection.set_read_only(True)
    await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)


async def _snapshot(request: Request) -> AsyncIterator[Snapshot]:
    async with request.app.state.database.snapshot() as snapshot:
        yield snapshot


Reading = Annotated[Snapshot, Depends(_snapshot, scope="function")]
"""An endpoint's view of the database."""
