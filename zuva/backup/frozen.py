"""Copies of files that a process holds for itself, taken while that process stands still for an instant.

A home's outbox is an SQLite file in write-ahead mode that its process locks for itself. What is on disk
between two of its instructions is what a kill would leave, and SQLite recovers that; so the process is
stopped (SIGSTOP), the file and its log are copied, and it goes on.
"""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from zuva.errors import ZuvaError

_PATIENCE_SECONDS = 5.0


def copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite database with everything committed to it, whoever uses it meanwhile.

    Raises:
        ZuvaError: Its process cannot be stopped for the copy, or the copy is not whole.
    """
    with _standing_still(_holders(source)):
        shutil.copyfile(source, target)
        log = source.with_name(f"{source.name}-wal")
        if log.exists():
            shutil.copyfile(log, target.with_name(f"{target.name}-wal"))
    target.chmod(0o600)
    try:
        with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as database:
            [(verdict,), *_] = database.execute("PRAGMA integrity_check").fetchall()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            # One file from now on; the outbox turns its write-ahead log on again by itself.
            database.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        raise ZuvaError(f"{source} cannot be copied ({error}); is it damaged?") from error
    if verdict != "ok":
        raise ZuvaError(f"{source} is damaged ({verdict}); it is not in the backup")


def _holders(path: Path) -> list[int]:
    """Return the pids, but our own, that have a file open."""
    found = []
    wanted = path.resolve()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(entry.name) != os.getpid() and any(
                _target(link) == wanted for link in (entry / "fd").iterdir()
            ):
                found.append(int(entry.name))
    return found


def _target(link: Path) -> Path | None:
    try:
        return link.readlink()
    except OSError:
        return None


@contextlib.contextmanager
def _standing_still(pids: list[int]) -> Iterator[None]:
    """Stop processes for as long as the context lasts, and never longer, even if we are killed in it."""
    # The guard wakes them when its input ends, which it does with us.
    words = ["/bin/sh", "-c", 'read -r _; kill -CONT "$@"', "sh", *map(str, pids)]
    guard = subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True) if pids else None
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not all(map(_stands_still, pids)):
            if time.monotonic() > deadline:
                raise ZuvaError(f"process {pids[0]} does not stand still for a copy; try again")
            time.sleep(0.001)
        yield
    except PermissionError as error:
        raise ZuvaError(f"process {pids[0]} belongs to another account; use that one for backups") from error
    finally:
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGCONT)
        if guard is not None:
            guard.communicate()


def _stands_still(pid: int) -> bool:
    """Say whether every thread of a process is stopped, or the process gone."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        states = [(thread / "stat").read_text().rsplit(")", 1)[1].split()[0] for thread in threads]
    except OSError:
        return not Path(f"/proc/{pid}").exists()
    return all(state in {"T", "t", "Z", "X"} for state in states)
