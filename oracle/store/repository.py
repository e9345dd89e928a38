"""All SQL of an oracle node."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg import sql

from oracle.data_set import Proposal
from oracle.judge import Neighbours, Refusal
from oracle.meters import Point, point_of
from oracle.store.migration import migrate
from protocol.errors import ConfigurationError
from protocol.reading import SignedReading, parse_record
from protocol.report import Report

PAYLOAD_KEPT_BYTES = 256
# the server takes a moment to notice that a killed node is gone
LOCK_SECONDS = 10


class StoredReports(NamedTuple):
    """The two reports of one stored proposal."""

    production: Report
    consumption: Report


class OracleStore:
    """One connection to a node's schema, held exclusively: two nodes never write the same store."""

    def __init__(self, connection: psycopg.AsyncConnection, schema: str) -> None:
        self._connection = connection
        self._schema = sql.Identifier(schema)
        # one connection carries one COPY or transaction at a time, whichever task asks
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, database_url: str, schema: str) -> "OracleStore":
        """Migrate, connect and take the schema's lock.

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
        return cls(connection, schema)

    @classmethod
    async def open_to_read(cls, database_url: str, schema: str) -> "OracleStore":
        """Connect without the lock, beside a running node; nothing can be written.

        Raises:
            psycopg.OperationalError: nothing answers at the URL.
            ConfigurationError: the schema does not exist.
        """
        connection = await psycopg.AsyncConnection.connect(
            database_url, autocommit=True, options="-c default_transaction_read_only=on"
        )
        cursor = await connection.execute("SELECT to_regclass(%s)", (f"{schema}.data_set",))
        row = await cursor.fetchone()
        if row is None or row[0] is None:
            await connection.close()
            raise ConfigurationError(f"the database has no store of an oracle node in schema {schema}")
        return cls(connection, schema)

    async def close(self) -> None:
        """Give the schema free."""
        await self._connection.close()

    async def latest(self) -> dict[bytes, SignedReading]:
        """Return every meter's stored reading with the highest seq."""
        return {
            signed.reading.meter_id: signed
            for signed in await self._readings(
                "SELECT DISTINCT ON (meter_id) record FROM {s}.reading ORDER BY meter_id, seq DESC"
            )
        }

    async def reported(self) -> dict[bytes, Point]:
        """Return every meter's registers in its newest proposed leaf."""
        rows = await self._readings(
            "SELECT DISTINCT ON (l.meter_id) r.record FROM {s}.proposal_leaf l"
            " JOIN {s}.reading r USING (meter_id, seq) ORDER BY l.meter_id, l.seq DESC"
        )
        return {signed.reading.meter_id: point_of(signed.reading) for signed in rows}

    async def unreported(self) -> dict[bytes, list[SignedReading]]:
        """Return, per meter, the readings newer than its newest proposed leaf, ascending by seq."""
        grouped: dict[bytes, list[SignedReading]] = {}
        for signed in await self._readings(
            "SELECT r.record FROM {s}.reading r LEFT JOIN"
            " (SELECT meter_id, max(seq) AS seq FROM {s}.proposal_leaf GROUP BY meter_id) l"
            " USING (meter_id) WHERE r.seq > coalesce(l.seq, -1) ORDER BY r.meter_id, r.seq"
        ):
            grouped.setdefault(signed.reading.meter_id, []).append(signed)
        return grouped

    async def neighbours(self, meter_id: bytes, seq: int) -> Neighbours:
        """Return what is stored of a meter at and around `seq`."""
        same = await self._readings(
            "SELECT record FROM {s}.reading WHERE meter_id = %s AND seq = %s", meter_id, seq
        )
        before = await self._readings(
            "SELECT record FROM {s}.reading WHERE meter_id = %s AND seq < %s ORDER BY seq DESC LIMIT 1",
            meter_id,
            seq,
        )
        after = await self._readings(
            "SELECT record FROM {s}.reading WHERE meter_id = %s AND seq > %s ORDER BY seq LIMIT 1",
            meter_id,
            seq,
        )
        return Neighbours(
            same[0] if same else None,
            point_of(before[0].reading) if before else None,
            point_of(after[0].reading) if after else None,
        )

    async def save_batch(self, accepted: Sequence[SignedReading], refused: Sequence[Refusal]) -> None:
        """Store accepted and refused payloads in one transaction; on return they are durable."""
        async with self._lock, self._connection.transaction(), self._connection.cursor() as cursor:
            if accepted:
                statement = self._sql(
                    'COPY {s}.reading (meter_id, seq, "timestamp", period_seconds, import_wh, export_wh,'
                    " generated_wh, flags, record) FROM STDIN (FORMAT BINARY)"
                )
                async with cursor.copy(statement) as copy:
                    copy.set_types(["bytea", "int8", "int8", "int8", "int8", "int8", "int8", "int8", "bytea"])
                    for signed in accepted:
                        await copy.write_row((*signed.reading.values(), signed.record()))
            if refused:
                await cursor.executemany(
                    self._sql(
                        "INSERT INTO {s}.refusal (topic, meter_id, seq, status, reason, payload)"
                        " VALUES (%s, %s, %s, %s, %s, %s)"
                    ),
                    [
                        (r.topic, r.meter_id, r.seq, r.status, r.reason, r.payload[:PAYLOAD_KEPT_BYTES])
                        for r in refused
                    ],
                )

    async def save_proposal(self, proposal: Proposal) -> None:
        """Store a proposal with its data set in one transaction, before anything is sent."""
        production, consumption = proposal.production, proposal.consumption
        async with self._lock, self._connection.transaction(), self._connection.cursor() as cursor:
            await cursor.execute(
                self._sql(
                    "INSERT INTO {s}.proposal (interval, data_hash, production_root, consumption_root,"
                    " production_total_wh, consumption_total_wh, leaf_count)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s)"
                ),
                (
                    proposal.interval,
                    production.data_hash,
                    production.root,
                    consumption.root,
                    production.total_wh,
                    consumption.total_wh,
                    production.count,
                ),
            )
            statement = self._sql(
                "COPY {s}.proposal_leaf (interval, meter_id, seq) FROM STDIN (FORMAT BINARY)"
            )
            async with cursor.copy(statement) as copy:
                copy.set_types(["int8", "bytea", "int8"])
                for signed in proposal.readings:
                    await copy.write_row((proposal.interval, signed.reading.meter_id, signed.reading.seq))

    async def data_set(self, interval: int) -> list[SignedReading]:
        """Return the readings of a stored proposal, ordered by (meter id, seq)."""
        return await self._readings(
            "SELECT record FROM {s}.data_set WHERE interval = %s ORDER BY meter_id, seq", interval
        )

    async def all_readings(self) -> AsyncIterator[SignedReading]:
        """Yield every stored reading, ordered by (meter id, seq)."""
        async with self._lock, self._connection.transaction():
            cursor = self._connection.cursor("all_readings", binary=True)
            await cursor.execute(self._sql("SELECT record FROM {s}.reading ORDER BY meter_id, seq"))
            async for row in cursor:
                yield parse_record(row[0])

    async def data_sets_between(self, after: int, last: int) -> dict[int, list[SignedReading]]:
        """Return the readings of the proposals of intervals after `after` up to `last`, by interval."""
        rows = await self._rows(
            "SELECT interval, record FROM {s}.data_set WHERE interval > %s AND interval <= %s"
            " ORDER BY interval, meter_id, seq",
            after,
            last,
        )
        sets: dict[int, list[SignedReading]] = {}
        for interval, record in rows:
            sets.setdefault(interval, []).append(parse_record(record))
        return sets

    async def leaf_registers(self) -> dict[tuple[int, bytes, int], int]:
        """Return the generation register of every proposed leaf by (interval, meter id, seq), Wh."""
        rows = await self._rows(
            "SELECT l.interval, l.meter_id, l.seq, r.generated_wh FROM {s}.proposal_leaf l"
            " JOIN {s}.reading r USING (meter_id, seq)"
        )
        return {(interval, meter_id, seq): wh for interval, meter_id, seq, wh in rows}

    async def leaves_after(self, seqs: Mapping[bytes, int], head: int) -> list[tuple[int, SignedReading]]:
        """Return proposed leaves newer than a seq per meter, of intervals up to `head`, ascending by seq."""
        rows = await self._rows(
            "SELECT d.interval, d.record FROM {s}.data_set d"
            " JOIN unnest(%s::bytea[], %s::bigint[]) AS c (meter_id, seq)"
            " ON d.meter_id = c.meter_id AND d.seq > c.seq"
            " WHERE d.interval <= %s ORDER BY d.meter_id, d.seq",
            list(seqs.keys()),
            list(seqs.values()),
            head,
        )
        return [(interval, parse_record(record)) for interval, record in rows]

    async def last_proposed(self) -> int | None:
        """Return the newest proposed interval."""
        rows = await self._rows("SELECT max(interval) FROM {s}.proposal")
        newest: int | None = rows[0][0]
        return newest

    async def reports_after(self, interval: int, limit: int | None = None) -> list[StoredReports]:
        """Return the reports of stored proposals of later intervals, ascending."""
        rows = await self._rows(
            "SELECT interval, production_root, consumption_root, data_hash, production_total_wh,"
            " consumption_total_wh, leaf_count FROM {s}.proposal WHERE interval > %s"
            " ORDER BY interval LIMIT %s",
            interval,
            limit,
        )
        return [
            StoredReports(
                Report(t, production_root, data_hash, generated_wh, count),
                Report(t, consumption_root, data_hash, import_wh, count),
            )
            for t, production_root, consumption_root, data_hash, generated_wh, import_wh, count in rows
        ]

    async def count_after(self, interval: int) -> int:
        """Return how many proposals of later intervals are stored."""
        rows = await self._rows("SELECT count(*) FROM {s}.proposal WHERE interval > %s", interval)
        count: int = rows[0][0]
        return count

    async def _readings(self, statement: LiteralString, *values: object) -> list[SignedReading]:
        return [parse_record(row[0]) for row in await self._rows(statement, *values)]

    async def _rows(self, statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        async with self._lock:
            cursor = await self._connection.execute(self._sql(statement), values, binary=True)
            return await cursor.fetchall()

    def _sql(self, statement: LiteralString) -> sql.Composed:
        return sql.SQL(statement).format(s=self._schema)
