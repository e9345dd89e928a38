"""All SQL of an oracle node: readings, refusals, clock; data sets and faults have files of their own."""

from collections.abc import AsyncIterator, Collection, Sequence

import psycopg

from oracle.judge import Neighbours, Refusal
from oracle.store.connection import Connection, open_to_read, open_to_write
from oracle.store.data_sets import DataSets
from oracle.store.faults import Faults
from protocol.reading import SignedReading, parse_record

PAYLOAD_KEPT_BYTES = 256
# deleting at every batch would cost a flood's worth of index work; in between the table grows by this much
PRUNE_EVERY = 1_000


class OracleStore:
    """A node's store.

    Args:
        connection: to the node's schema.
        refusals_kept: rows that the table of refusals may hold; the oldest go.

    Attributes:
        data_sets: proposals and what of them stands on the chain.
        faults: contradictions of meters and disagreements with peers.
    """

    def __init__(self, connection: Connection, refusals_kept: int) -> None:
        self._connection = connection
        self._refusals_kept = refusals_kept
        self._refused = 0
        self.data_sets = DataSets(connection)
        self.faults = Faults(connection)

    @classmethod
    async def open(cls, database_url: str, schema: str, refusals_kept: int = 100_000) -> "OracleStore":
        """Migrate, connect and take the schema's lock.

        Raises:
            psycopg.OperationalError: nothing answers at the URL.
            ConfigurationError: another process works on the same schema.
        """
        return cls(await open_to_write(database_url, schema), refusals_kept)

    @classmethod
    async def open_to_read(cls, database_url: str, schema: str) -> "OracleStore":
        """Connect without the lock, beside a running node; nothing can be written.

        Raises:
            psycopg.OperationalError: nothing answers at the URL.
            ConfigurationError: the schema does not exist.
        """
        return cls(await open_to_read(database_url, schema), 0)

    async def close(self) -> None:
        """Give the schema free."""
        await self._connection.close()

    async def latest(self, meter_ids: Collection[bytes]) -> dict[bytes, SignedReading]:
        """Return the stored reading with the highest seq of each of these meters."""
        return {
            signed.reading.meter_id: signed
            for signed in await self._connection.readings(
                "SELECT r.record FROM unnest(%s::bytea[]) AS m (id) CROSS JOIN LATERAL"
                " (SELECT record FROM {s}.reading WHERE meter_id = m.id AND NOT voided"
                " ORDER BY seq DESC LIMIT 1) r",
                list(meter_ids),
            )
        }

    async def neighbours(self, meter_id: bytes, seq: int) -> Neighbours:
        """Return what is stored of a meter at and around `seq`."""
        rows = await self._connection.rows(
            "SELECT 0, record FROM {s}.reading WHERE meter_id = %s AND seq = %s AND NOT voided"
            " UNION ALL (SELECT 1, record FROM {s}.reading WHERE meter_id = %s AND seq < %s AND NOT voided"
            " ORDER BY seq DESC LIMIT 1)"
            " UNION ALL (SELECT 2, record FROM {s}.reading WHERE meter_id = %s AND seq > %s AND NOT voided"
            " ORDER BY seq LIMIT 1)",
            *(meter_id, seq) * 3,
        )
        found = {place: parse_record(record) for place, record in rows}
        return Neighbours(found.get(0), found.get(1), found.get(2))

    async def save_batch(
        self,
        accepted: Sequence[SignedReading],
        refused: Sequence[Refusal] = (),
        *,
        clock: int | None = None,
        adopted: bool = False,
    ) -> None:
        """Store accepted and refused payloads in one transaction; on return they are durable.

        Args:
            accepted: new readings.
            refused: payloads that were not taken.
            clock: the community's time once these are stored, unix seconds, if it moved.
            adopted: whether the readings came from a peer.
        """
        async with self._connection.transaction() as cursor:
            if accepted:
                await self._copy_readings(cursor, accepted, adopted)
            if refused:
                await self._insert_refusals(cursor, refused)
            if clock is not None:
                await cursor.execute(
                    self._connection.sql(
                        "INSERT INTO {s}.community_clock (unix_seconds) VALUES (%s) ON CONFLICT (single)"
                        " DO UPDATE SET unix_seconds = greatest({s}.community_clock.unix_seconds,"
                        " excluded.unix_seconds)"
                    ),
                    (clock,),
                )

    async def _copy_readings(
        self, cursor: psycopg.AsyncCursor, accepted: Sequence[SignedReading], adopted: bool
    ) -> None:
        statement = self._connection.sql(
            'COPY {s}.reading (meter_id, seq, "timestamp", period_seconds, import_wh, export_wh,'
            " generated_wh, flags, record, adopted) FROM STDIN (FORMAT BINARY)"
        )
        async with cursor.copy(statement) as copy:
            copy.set_types(["bytea", *["int8"] * 7, "bytea", "bool"])
            for signed in accepted:
                await copy.write_row((*signed.reading.values(), signed.record(), adopted))

    async def _insert_refusals(self, cursor: psycopg.AsyncCursor, refused: Sequence[Refusal]) -> None:
        await cursor.executemany(
            self._connection.sql(
                "INSERT INTO {s}.refusal (topic, meter_id, seq, status, reason, payload)"
                " VALUES (%s, %s, %s, %s, %s, %s)"
            ),
            [
                (r.topic, r.meter_id, r.seq, r.status, r.reason, r.payload[:PAYLOAD_KEPT_BYTES])
                for r in refused
            ],
        )
        self._refused += len(refused)
        if self._refused >= min(PRUNE_EVERY, self._refusals_kept):
            self._refused = 0
            await cursor.execute(
                self._connection.sql(
                    "DELETE FROM {s}.refusal WHERE id <= (SELECT max(id) FROM {s}.refusal) - %s"
                ),
                (self._refusals_kept,),
            )

    async def void(self, meter_id: bytes, seqs: Sequence[int]) -> None:
        """Mark readings void; data sets that name them keep what they state."""
        async with self._connection.transaction() as cursor:
            await cursor.execute(
                self._connection.sql(
                    "UPDATE {s}.proposal_leaf l SET record = r.record FROM {s}.reading r"
                    " WHERE l.record IS NULL AND l.meter_id = %s AND l.seq = ANY(%s)"
                    " AND r.meter_id = l.meter_id AND r.seq = l.seq AND NOT r.voided"
                ),
                (meter_id, list(seqs)),
            )
            await cursor.execute(
                self._connection.sql(
                    "UPDATE {s}.reading SET voided = true"
                    " WHERE meter_id = %s AND seq = ANY(%s) AND NOT voided"
                ),
                (meter_id, list(seqs)),
            )

    async def count_void(self) -> int:
        """Return how many readings are void."""
        rows = await self._connection.rows("SELECT count(*) FROM {s}.reading WHERE voided")
        return int(rows[0][0])

    async def clock(self) -> int:
        """Return the community's time last stored, unix seconds; 0 if none was."""
        rows = await self._connection.rows("SELECT unix_seconds FROM {s}.community_clock")
        return int(rows[0][0]) if rows else 0

    def all_readings(self) -> AsyncIterator[SignedReading]:
        """Yield every stored reading that is not void, ordered by (meter id, seq)."""
        return self._connection.stream(
            "all_readings", "SELECT record FROM {s}.reading WHERE NOT voided ORDER BY meter_id, seq"
        )
