"""The meters' own queue of readings that the oracle has not acknowledged yet.

One SQLite file for any number of meters. A reading is written here, signed, before it is published for the
first time, in one transaction with its source's progress; it leaves when enough nodes acknowledged it. A
crash at any point therefore loses no reading and never makes a second, different reading for a used sequence
number.

The journal is WAL with synchronous FULL: a commit must outlive a power cut, since what was published cannot
be taken back. It costs one fsync a commit, and there is one commit a step, whatever the number of meters.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from simulation.errors import OutboxError, OutboxNotWritable

_SCHEMA_VERSION: Final = 2
_SCHEMA: Final = """
CREATE TABLE progress (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL,
    clock INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    next_id INTEGER NOT NULL,
    state BLOB NOT NULL DEFAULT x''
) STRICT;
CREATE TABLE meter (meter_id BLOB PRIMARY KEY, last_seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE unacknowledged (
    id INTEGER PRIMARY KEY,
    meter_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    record BLOB NOT NULL
) STRICT;
CREATE TABLE refused (
    id INTEGER PRIMARY KEY,
    meter_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    record BLOB NOT NULL,
    reason TEXT NOT NULL
) STRICT;
INSERT INTO progress VALUES (1, 0, 0, x'', 1, x'');
"""
_UPGRADES: Final = {1: "ALTER TABLE progress ADD COLUMN state BLOB NOT NULL DEFAULT x''"}
"""From each older version the statement that makes the next one of it."""
REFUSED_KEPT: Final = 100_000
"""Refused readings are kept to be looked at, the newest ones: an endless run must not fill the disk."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the source of the readings came.

    Attributes:
        position: number of steps taken from the source.
        clock: community time that was reached, unix seconds UTC.
        fingerprint: what the source says of itself up to `position`, compared at a restart.
        state: what the source needs to go on from `position`; empty if it needs nothing.
    """

    position: int = 0
    clock: int = 0
    fingerprint: bytes = b""
    state: bytes = b""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A signed reading on its way out; `record` is the 146-byte wire record."""

    meter_id: bytes
    seq: int
    record: bytes


@dataclass(frozen=True, slots=True)
class Queued:
    """A reading in the queue; lower ids are older."""

    id: int
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Refused:
    """A reading that the oracle does not take, and why."""

    id: int
    outgoing: Outgoing
    reason: str


class Outbox:
    """The queue in a file; one process at a time.

    Args:
        path: the SQLite file, made at the first use.

    Raises:
        OutboxError: in use by another process, damaged, or of another version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=1, isolation_level=None)
            self._open()
        except sqlite3.OperationalError as error:
            raise OutboxError(
                f"the outbox {path} cannot be opened ({error}); stop the other process that uses it, "
                "or mend the access to its directory"
            ) from error
        except (sqlite3.DatabaseError, OSError) as error:
            raise OutboxError(f"{path} is not an outbox ({error}); restore it or move it away") from error
        self._last_seq = dict(self._database.execute("SELECT meter_id, last_seq FROM meter"))

    def _open(self) -> None:
        # exclusive locking keeps a second process out and goes with the process, however it ends
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("BEGIN EXCLUSIVE")
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _SCHEMA.strip().split(";\n"):
                self._database.execute(statement)
            version = _SCHEMA_VERSION
        while version in _UPGRADES:
            self._database.execute(_UPGRADES[version])
            version += 1
        self._database.execute(f"PRAGMA user_version = {version}")
        self._database.execute("COMMIT")
        if version != _SCHEMA_VERSION:
            raise OutboxError(
                f"the outbox {self._path} has version {version}, this program knows {_SCHEMA_VERSION}; "
                "use the program that made it"
            )

    @property
    def progress(self) -> Progress:
        """How far the source came, as of the last commit."""
        row = self._database.execute("SELECT position, clock, fingerprint, state FROM progress").fetchone()
        return Progress(*row)

    def commit(
        self,
        progress: Progress | None = None,
        *,
        enqueue: Sequence[Outgoing] = (),
        delivered: Iterable[int] = (),
        refused: Sequence[Refused] = (),
    ) -> list[Queued]:
        """Write everything in one transaction; return what was enqueued, with its ids.

        Args:
            progress: the source's new progress; None leaves it.
            enqueue: signed readings, oldest first.
            delivered: ids that enough nodes accepted; they leave the queue.
            refused: readings that leave the queue for the table of refused ones.

        Raises:
            OutboxError: a sequence number was used before.
            OutboxNotWritable: the disk does not take it; nothing was changed.
        """
        self._check_unused(enqueue)
        database = self._database
        try:
            database.execute("BEGIN IMMEDIATE")
            try:
                queued = self._write(progress, enqueue, delivered, refused)
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise OutboxNotWritable(
                f"the outbox {self._path} cannot be written ({error}); free disk space or mend the disk"
            ) from error
        self._last_seq.update((outgoing.meter_id, outgoing.seq) for outgoing in enqueue)
        return queued

    def _check_unused(self, enqueue: Sequence[Outgoing]) -> None:
        seen: dict[bytes, int] = {}
        for outgoing in enqueue:
            last = seen.get(outgoing.meter_id, self._last_seq.get(outgoing.meter_id, -1))
            if outgoing.seq <= last:
                raise OutboxError(
                    f"meter {outgoing.meter_id.hex()} already used sequence number {last}, "
                    f"so {outgoing.seq} cannot be queued; go on after it"
                )
            seen[outgoing.meter_id] = outgoing.seq

    def _write(
        self,
        progress: Progress | None,
        enqueue: Sequence[Outgoing],
        delivered: Iterable[int],
        refused: Sequence[Refused],
    ) -> list[Queued]:
        database = self._database
        (next_id,) = database.execute("SELECT next_id FROM progress").fetchone()
        queued = [Queued(id_, outgoing) for id_, outgoing in enumerate(enqueue, next_id)]
        database.executemany(
            "INSERT INTO unacknowledged VALUES (?, ?, ?, ?)",
            ((q.id, q.outgoing.meter_id, q.outgoing.seq, q.outgoing.record) for q in queued),
        )
        database.executemany(
            "INSERT INTO meter VALUES (?, ?) ON CONFLICT DO UPDATE SET last_seq = excluded.last_seq",
            ((outgoing.meter_id, outgoing.seq) for outgoing in enqueue),
        )
        leaving = [*delivered, *(r.id for r in refused)]
        database.executemany("DELETE FROM unacknowledged WHERE id = ?", ((id_,) for id_ in leaving))
        database.executemany(
            "INSERT INTO refused VALUES (?, ?, ?, ?, ?)",
            ((r.id, r.outgoing.meter_id, r.outgoing.seq, r.outgoing.record, r.reason) for r in refused),
        )
        if refused:
            database.execute(
                "DELETE FROM refused WHERE id <= (SELECT id FROM refused ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (REFUSED_KEPT,),
            )
        database.execute("UPDATE progress SET next_id = ?", (next_id + len(queued),))
        if progress is not None:
            database.execute(
                "UPDATE progress SET position = ?, clock = ?, fingerprint = ?, state = ?",
                (progress.position, progress.clock, progress.fingerprint, progress.state),
            )
        return queued

    def unacknowledged(self) -> list[Queued]:
        """Return the whole queue, oldest first."""
        rows = self._database.execute("SELECT id, meter_id, seq, record FROM unacknowledged ORDER BY id")
        return [Queued(id_, Outgoing(*rest)) for id_, *rest in rows]

    @property
    def refused_count(self) -> int:
        """The number of refused readings that are kept."""
        (count,) = self._database.execute("SELECT count(*) FROM refused").fetchone()
        return int(count)

    def refused(self) -> list[Refused]:
        """Return the refused readings, oldest first; only the newest `REFUSED_KEPT` are kept."""
        rows = self._database.execute("SELECT id, meter_id, seq, record, reason FROM refused ORDER BY id")
        return [
            Refused(id_, Outgoing(meter_id, seq, record), reason)
            for id_, meter_id, seq, record, reason in rows
        ]

    def close(self) -> None:
        """Close the file; a crash instead loses nothing."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
