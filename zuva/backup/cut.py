"""One instant of database and chain.

The two know of each other: the database mirrors blocks, and holds the data sets of reports that are on the
chain. A database taken with no transaction journaled meanwhile fits the journal exactly: all blocks it has
seen are in the journal, and each report in the journal was stored before it was sent.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from zuva.errors import ZuvaError

_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Cut:
    """An exported snapshot of the database and the journal's length at that instant; 0 without a journal."""

    snapshot: str
    postgres: int
    journal_size: int


@contextlib.contextmanager
def cut(url: str, journal: Path | None) -> Iterator[Cut]:
    """Take database and journal at one instant; the snapshot can be dumped while the context lasts.

    Raises:
        ZuvaError: The database does not answer, or the chain was not quiet for an instant.
    """
    try:
        with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
            deadline = time.monotonic() + _PATIENCE_SECONDS
            while True:
                before = _whole_size(journal)
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                row = connection.execute("SELECT pg_export_snapshot()").fetchone()
                if row is not None and before is not None and _whole_size(journal) == before:
                    yield Cut(str(row[0]), connection.info.server_version // 10_000, before)
                    connection.execute("COMMIT")
                    return
                connection.execute("ROLLBACK")
                if time.monotonic() > deadline:
                    raise ZuvaError("backup: the chain was not quiet for an instant in a minute; try again")
                time.sleep(0.003)
    except psycopg.OperationalError as error:
        raise ZuvaError(
            f"backup: the database does not answer ({str(error).splitlines()[0]}); "
            "start it, or set DATABASE_URL"
        ) from error


def _whole_size(journal: Path | None) -> int | None:
    """Return a journal's length; None while its last line is being written."""
    if journal is None:
        return 0
    with journal.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 1))
        return size if file.read(1) == b"\n" else None
