"""What every party of a community holds, counted from outside: the homes' queue and the database."""

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import LiteralString

import psycopg
from psycopg import sql

from benchmarks.community import RunningCommunity
from tests.integration.faults.injection import NODES
from zuva.database.placement import database_url, socket_directory


@dataclass(frozen=True)
class Queue:
    """The homes' own account of their readings."""

    issued: Counter[bytes]
    unacknowledged: frozenset[tuple[bytes, int]]
    refused: int
    clock: int

    @property
    def delivered(self) -> set[tuple[bytes, int]]:
        """Return the readings that a quorum of nodes accepted."""
        every = {(meter, seq) for meter, last in self.issued.items() for seq in range(1, last + 1)}
        return every - self.unacknowledged


def read_queue(community: RunningCommunity) -> Queue:
    """Read a copy of the homes' queue; the homes stand still or have ended."""
    file = community.data / "homes" / "outbox.sqlite"
    with TemporaryDirectory() as folder:
        for each in file.parent.glob(f"{file.name}*"):
            shutil.copy(each, folder)
        with closing(sqlite3.connect(Path(folder) / file.name)) as queue:
            return Queue(
                Counter(dict(queue.execute("SELECT meter_id, last_seq FROM meter"))),
                frozenset(queue.execute("SELECT meter_id, seq FROM unacknowledged")),
                queue.execute("SELECT count(*) FROM refused").fetchone()[0],
                queue.execute("SELECT clock FROM progress").fetchone()[0],
            )


class Stores:
    """The database of a community, read from outside."""

    def __init__(self, community: RunningCommunity) -> None:
        self._url = database_url(socket_directory(community.data))

    def _rows(self, statement: LiteralString) -> list[tuple[int, ...]]:
        with psycopg.connect(self._url) as connection:
            return connection.execute(statement).fetchall()

    def holders(self) -> Counter[tuple[bytes, int]]:
        """Return by how many nodes each reading (meter id, seq) is stored."""
        holders = Counter[tuple[bytes, int]]()
        with psycopg.connect(self._url) as connection:
            for node in NODES:
                table = sql.Identifier(node.replace("-", "_"), "reading")
                rows = connection.execute(sql.SQL("SELECT meter_id, seq FROM {}").format(table)).fetchall()
                assert len(rows) == len(set(rows)), f"{node} holds a reading twice"
                holders.update(rows)
        return holders

    def counted_twice(self) -> list[tuple[int, ...]]:
        """Return meters and seqs that the mirror counts in more than one interval."""
        return self._rows(
            "SELECT r.meter_id, r.seq, count(*) FROM backend.interval i"
            " JOIN backend.data_set_reading r USING (data_set_id)"
            " GROUP BY r.meter_id, r.seq HAVING count(*) > 1"
        )

    def reported_otherwise_than_once(self) -> list[tuple[int, ...]]:
        """Return intervals that the two contracts do not both hold exactly once, over the same data."""
        return self._rows(
            "SELECT interval, count(*), count(DISTINCT side), count(DISTINCT data_hash) FROM backend.reported"
            " GROUP BY interval"
            " HAVING (count(*), count(DISTINCT side), count(DISTINCT data_hash)) <> (2, 2, 1)"
        )

    def newest_reported_end(self, interval_seconds: int) -> int:
        """Return the end of the newest interval that both contracts hold, unix seconds; 0 for none."""
        rows = self._rows("SELECT coalesce(max(interval) + 1, 0) FROM backend.reported WHERE side = 1")
        return rows[0][0] * interval_seconds
