"""Data sets in the store, proposed, signed or fetched here, and which of them stand on the chain."""

from collections.abc import Collection, Iterable, Mapping

from oracle.data_set import DataSet
from oracle.meters import Point, point_of
from oracle.standing import Side, Standing
from oracle.store.connection import Connection
from protocol.reading import SignedReading, parse_record
from protocol.report import Report


class DataSets:
    """Readings addressed by (interval, data hash), and the chain's reports.

    The hash names the readings alone. Totals and consumption roots depend on what was reported before and on
    secrets, so they are not kept but computed when they are signed.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(
        self, data_sets: Iterable[DataSet], foreign: Collection[tuple[bytes, int]] = frozenset()
    ) -> None:
        """Store data sets in one transaction; those that are there already stay.

        Args:
            data_sets: their readings are in the store already, apart from `foreign` ones.
            foreign: (meter id, seq) of leaves that differ from what is stored as reading, or are not stored.
        """
        async with self._connection.transaction() as cursor:
            new = []
            for data_set in data_sets:
                await cursor.execute(
                    self._connection.sql(
                        "INSERT INTO {s}.proposal (interval, data_hash, leaf_count) VALUES (%s, %s, %s)"
                        " ON CONFLICT DO NOTHING"
                    ),
                    (data_set.interval, data_set.data_hash, len(data_set.readings)),
                )
                if cursor.rowcount:
                    new.append(data_set)
            if not new:
                return
            statement = self._connection.sql(
                "COPY {s}.proposal_leaf (interval, data_hash, meter_id, seq, record)"
                " FROM STDIN (FORMAT BINARY)"
            )
            async with cursor.copy(statement) as copy:
                copy.set_types(["int8", "bytea", "bytea", "int8", "bytea"])
                for interval, data_hash, readings in new:
                    for signed in readings:
                        key = signed.reading.meter_id, signed.reading.seq
                        record = signed.record() if key in foreign else None
                        await copy.write_row((interval, data_hash, *key, record))

    async def readings(self, interval: int, data_hash: bytes) -> list[SignedReading]:
        """Return the readings of one data set, ordered by (meter id, seq)."""
        return await self._connection.readings(
            "SELECT record FROM {s}.data_set WHERE interval = %s AND data_hash = %s ORDER BY meter_id, seq",
            interval,
            data_hash,
        )

    async def registers_reported(self, meter_ids: Collection[bytes]) -> dict[bytes, Point]:
        """Return the registers of each meter's newest leaf on the chain."""
        rows = await self._connection.readings(
            "SELECT l.record FROM unnest(%s::bytea[]) AS m (id) CROSS JOIN LATERAL"
            " (SELECT record FROM {s}.reported_leaf WHERE meter_id = m.id ORDER BY seq DESC LIMIT 1) l",
            list(meter_ids),
        )
        return {signed.reading.meter_id: point_of(signed.reading) for signed in rows}

    async def registers_reported_before(
        self, interval: int, meter_ids: Collection[bytes]
    ) -> dict[bytes, Point]:
        """Return the registers of each meter's newest leaf on the chain of an earlier interval."""
        rows = await self._connection.readings(
            "SELECT l.record FROM unnest(%s::bytea[]) AS m (id) CROSS JOIN LATERAL"
            " (SELECT record FROM {s}.reported_leaf WHERE meter_id = m.id AND interval < %s"
            " ORDER BY seq DESC LIMIT 1) l",
            list(meter_ids),
            interval,
        )
        return {signed.reading.meter_id: point_of(signed.reading) for signed in rows}

    async def unreported(self, seqs: Mapping[bytes, int]) -> list[SignedReading]:
        """Return the stored readings newer than a seq per meter, ordered by (meter id, seq)."""
        return await self._connection.readings(
            "SELECT r.record FROM unnest(%s::bytea[], %s::bigint[]) AS c (meter_id, seq)"
            " JOIN {s}.reading r ON r.meter_id = c.meter_id AND r.seq > c.seq AND NOT r.voided"
            " ORDER BY r.meter_id, r.seq",
            list(seqs.keys()),
            list(seqs.values()),
        )

    async def cursor(self) -> tuple[int, bytes] | None:
        """Return number and hash of the block up to which the chain's reports are stored."""
        rows = await self._connection.rows("SELECT block_number, block_hash FROM {s}.chain_cursor")
        return (rows[0][0], rows[0][1]) if rows else None

    async def standing(self, side: Side | None = None) -> list[Standing]:
        """Return the reports on the chain, ascending by interval, of one side or both."""
        rows = await self._connection.rows(
            "SELECT side, interval, root, data_hash, total_wh, leaf_count, signers, block_number, block_hash"
            " FROM {s}.reported WHERE %s::text IS NULL OR side = %s ORDER BY interval, side DESC",
            side,
            side,
        )
        return [
            Standing(Side(s), Report(t, root, data_hash, wh, count), signers, number, block_hash)
            for s, t, root, data_hash, wh, count, signers, number, block_hash in rows
        ]

    async def note_standing(
        self, found: Iterable[Standing], cursor_block: tuple[int, bytes], undone_after: int | None = None
    ) -> None:
        """Store what the chain says, with the block up to which it was read, in one transaction.

        Args:
            found: reports that stand since the last call.
            cursor_block: number and hash of the block up to which the chain was read.
            undone_after: forget reports of blocks after this number first, because the chain lost them.
        """
        async with self._connection.transaction() as cursor:
            if undone_after is not None:
                await cursor.execute(
                    self._connection.sql("DELETE FROM {s}.reported WHERE block_number > %s"), (undone_after,)
                )
            await cursor.executemany(
                self._connection.sql(
                    "INSERT INTO {s}.reported (side, interval, root, data_hash, total_wh, leaf_count,"
                    " signers, block_number, block_hash) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
                ),
                [
                    (
                        each.side,
                        each.report.interval,
                        each.report.root,
                        each.report.data_hash,
                        each.report.total_wh,
                        each.report.count,
                        each.signers,
                        each.block_number,
                        each.block_hash,
                    )
                    for each in found
                ],
            )
            await cursor.execute(
                self._connection.sql(
                    "INSERT INTO {s}.chain_cursor (block_number, block_hash) VALUES (%s, %s)"
                    " ON CONFLICT (single) DO UPDATE"
                    " SET block_number = excluded.block_number, block_hash = excluded.block_hash"
                ),
                cursor_block,
            )

    async def missing(self) -> list[int]:
        """Return the intervals reported on the chain whose data set is not stored here, ascending."""
        rows = await self._connection.rows(
            "SELECT r.interval FROM {s}.reported r LEFT JOIN {s}.proposal p USING (interval, data_hash)"
            " WHERE r.side = 'production' AND p.interval IS NULL ORDER BY r.interval"
        )
        return [row[0] for row in rows]

    async def reported_between(self, after: int, last: int) -> dict[int, list[SignedReading]]:
        """Return the readings reported on the chain for intervals after `after` up to `last`."""
        rows = await self._connection.rows(
            "SELECT interval, record FROM {s}.reported_leaf"
            " WHERE interval > %s AND interval <= %s ORDER BY interval, meter_id, seq",
            after,
            last,
        )
        sets: dict[int, list[SignedReading]] = {}
        for interval, record in rows:
            if record is not None:
                sets.setdefault(interval, []).append(parse_record(record))
        return sets

    async def leaf_registers(self) -> dict[tuple[int, bytes, int], int]:
        """Return the generation register of every leaf on the chain by (interval, meter id, seq), Wh."""
        rows = await self._connection.rows("SELECT interval, record FROM {s}.reported_leaf")
        leaves = ((interval, parse_record(record).reading) for interval, record in rows if record is not None)
        return {(interval, leaf.meter_id, leaf.seq): leaf.generated_wh for interval, leaf in leaves}

    async def leaves_after(self, seqs: Mapping[bytes, int], head: int) -> list[tuple[int, SignedReading]]:
        """Return leaves on the chain newer than a seq per meter, up to interval `head`, ascending by seq."""
        rows = await self._connection.rows(
            "SELECT d.interval, d.record FROM {s}.reported_leaf d"
            " JOIN unnest(%s::bytea[], %s::bigint[]) AS c (meter_id, seq)"
            " ON d.meter_id = c.meter_id AND d.seq > c.seq"
            " WHERE d.interval <= %s ORDER BY d.meter_id, d.seq",
            list(seqs.keys()),
            list(seqs.values()),
            head,
        )
        return [(interval, parse_record(record)) for interval, record in rows if record is not None]

    async def everything(self) -> dict[tuple[int, bytes], list[SignedReading]]:
        """Return the readings of every stored data set, ordered by (meter id, seq)."""
        rows = await self._connection.rows(
            "SELECT p.interval, p.data_hash, d.record FROM {s}.proposal p"
            " LEFT JOIN {s}.data_set d USING (interval, data_hash)"
            " ORDER BY p.interval, p.data_hash, d.meter_id, d.seq"
        )
        sets: dict[tuple[int, bytes], list[SignedReading]] = {}
        for interval, data_hash, record in rows:
            found = sets.setdefault((interval, data_hash), [])
            if record is not None:
                found.append(parse_record(record))
        return sets

    async def foreign_leaves(self) -> list[SignedReading]:
        """Return the leaves that are not what the table of readings holds under their keys."""
        return await self._connection.readings(
            "SELECT record FROM {s}.proposal_leaf WHERE record IS NOT NULL ORDER BY meter_id, seq"
        )
