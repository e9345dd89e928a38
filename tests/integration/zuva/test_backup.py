"""A backup of a running community is one instant of it, and what is restored goes on and audits clean."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from benchmarks.community import Community
from protocol.ledger import compiler
from tests.conftest import short_directory
from zuva.backup import archive
from zuva.backup.cut import cut
from zuva.backup.frozen import copy_database
from zuva.backup.manifest import DUMP, File, Manifest
from zuva.errors import ConfigurationError, ZuvaError

HOMES, DAYS = 2, 2
READINGS = HOMES * DAYS * 96
OPTIONS = ("--homes", str(HOMES), "--days", str(DAYS), "--pace", "0", "--start", "2025-11-03")


@pytest.fixture
def parent() -> Iterator[Path]:
    compiler.build()
    with short_directory() as directory:
        yield directory


def test_a_community_backed_up_under_load_goes_on_elsewhere_and_audits_clean(parent: Path) -> None:
    file = parent / "some.backup"
    community = Community.on_free_ports(parent / "first")
    with community.up(*OPTIONS) as running:
        running.wait_for("readings", lambda: running.get("/v1/totals")["readings"] > READINGS // 8, 180)
        made = running.command("backup", str(file))
        assert made.returncode == 0, made.stdout + made.stderr
        assert running.state("homes") in {"ready", "done"}
        again = running.command("backup", str(file))
        assert again.returncode == 2
        assert "exists already" in again.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert not [path for path in parent.iterdir() if path.name.startswith(".")]

    other = Community.on_free_ports(parent / "second")
    restored = other.command("restore", str(file))
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert {path.name for path in (parent / "second" / "keys").iterdir()} == {
        path.name for path in (parent / "first" / "keys").iterdir()
    }
    refused = other.command("restore", str(file))
    assert (refused.returncode, "is not empty" in refused.stderr) == (2, True)
    with other.up(*OPTIONS[2:]) as running:
        running.until({"homes": "done"}, 240)
        assert running.wait_for("readings", lambda: running.get("/v1/totals")["readings"] == READINGS, 60)
        audit = running.command("audit")
        assert audit.returncode == 0, audit.stdout + audit.stderr
        status = json.loads(running.command("status", "--json").stdout)["health"]
        nodes = {name for name in running.services() if name.startswith("oracle-")}
        assert {lag["service"] for lag in status["lags"]} >= nodes | {"indexer", "telemetry"}
        assert all(lag["figures"] for lag in status["lags"] if lag["service"] != "telemetry")
        assert status["disk_bytes"]["postgres"] > 10_000_000
    # The same of a community that stands.
    at_rest = other.command("backup", str(parent / "at rest.backup"))
    assert at_rest.returncode == 0, at_rest.stdout + at_rest.stderr


def test_a_cut_holds_every_row_whose_line_is_in_the_journal_and_no_other(
    database_url: str, tmp_path: Path
) -> None:
    """As the services do: a row is committed, then its line is written; a mirror of the line follows it."""
    journal = tmp_path / "journal"
    journal.write_bytes(b"genesis\n")
    stop = threading.Event()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE stored (n int); CREATE TABLE mirrored (n int)")

    def write() -> None:
        with psycopg.connect(database_url, autocommit=True) as connection, journal.open("ab", 0) as file:
            for number in range(100_000):
                connection.execute("INSERT INTO stored VALUES (%s)", (number,))
                file.write(b"x" * 50 + b"\n")
                connection.execute("INSERT INTO mirrored VALUES (%s)", (number,))
                if stop.wait(0.001):
                    return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(30):
            with (
                cut(database_url, journal) as instant,
                psycopg.connect(database_url) as reader,
            ):
                reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                reader.execute(f"SET TRANSACTION SNAPSHOT '{instant.snapshot}'".encode())
                lines = journal.read_bytes()[: instant.journal_size].count(b"\n") - 1
                rows = reader.execute(
                    "SELECT (SELECT count(*) FROM stored), (SELECT count(*) FROM mirrored)"
                ).fetchone()
            assert rows is not None
            assert rows[1] <= lines <= rows[0]
    finally:
        stop.set()
        writer.join()


WRITER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA locking_mode = EXCLUSIVE")
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA wal_autocheckpoint = 20")
database.execute("CREATE TABLE queue (n INTEGER, twice INTEGER, filling TEXT)")
number = 0
while True:
    number += 1
    database.execute("BEGIN")
    database.execute("INSERT INTO queue VALUES (?, ?, ?)", (number, 2 * number, "x" * 500))
    database.execute("DELETE FROM queue WHERE n < ?", (number - 200,))
    database.execute("COMMIT")
    print(number, flush=True)
"""


def test_a_queue_that_its_process_locks_is_copied_whole_and_the_process_goes_on(tmp_path: Path) -> None:
    queue = tmp_path / "outbox.sqlite"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(queue)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        told = 0
        for copy in range(5):
            for _ in range(50):
                told = int(writer.stdout.readline())
            target = tmp_path / f"{copy}"
            copy_database(queue, target)
            with sqlite3.connect(target) as database:
                [(newest, rows, wrong)] = database.execute(
                    "SELECT max(n), count(*), sum(twice <> 2 * n) FROM queue"
                )
            assert newest >= told
            assert (rows, wrong) == (min(newest, 201), 0)
            assert not target.with_name(f"{target.name}-wal").exists()
        writer.kill()


def test_a_process_goes_on_when_the_backup_is_killed_while_it_stands_still() -> None:
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    code = (
        "import sys, time; from zuva.backup.frozen import _standing_still\n"
        "with _standing_still([int(sys.argv[1])]): print('still', flush=True); time.sleep(600)"
    )
    try:
        with subprocess.Popen(
            [sys.executable, "-c", code, str(sleeper.pid)], stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"still\n"
            assert _state(sleeper.pid) == "T"
            os.kill(holder.pid, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while _state(sleeper.pid) == "T":
            assert time.monotonic() < deadline, "it still stands"
            time.sleep(0.02)
    finally:
        sleeper.kill()
        sleeper.wait()


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    sources = {name: tmp_path / name.replace("/", "-") for name in ("keys/a.key", "community.json", DUMP)}
    for name, path in sources.items():
        path.write_text(name * 1000)
    files = tuple(archive.describe(name, path) for name, path in sources.items())
    target = tmp_path / "made.backup"
    archive.write(target, Manifest("0.1.0", 1, "/somewhere", 18, None, files), sources)
    return target


def test_a_backup_unpacks_to_what_went_in_for_its_owner_only(made: Path, tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    manifest = archive.unpack(made, into)
    assert manifest == archive.read_manifest(made)
    assert (into / "keys" / "a.key").read_text() == "keys/a.key" * 1000
    assert {path.stat().st_mode & 0o077 for path in into.rglob("*")} == {0}


def test_every_damage_is_found_before_anything_is_used(made: Path) -> None:
    whole, manifest, found = made.read_bytes(), archive.read_manifest(made), 0
    for at in range(0, len(whole), 7):
        made.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            # Times and padding of the envelope mean nothing; all else is what it was, or refused.
            assert archive.unpack(made, None) == manifest
        except ConfigurationError:
            found += 1
    assert found > len(whole) // 14
    made.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ConfigurationError, match="damaged"):
        archive.unpack(made, None)
    made.write_bytes(b"anything")
    with pytest.raises(ConfigurationError, match="cannot be read as a backup"):
        archive.read_manifest(made)


def test_a_path_out_of_the_data_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "evil").write_text("x")
    for number, name in enumerate(("../evil", "/etc/evil", "keys/../../evil")):
        target = tmp_path / f"{number}.backup"
        size = File(name, 1, "", 0o600)
        archive.write(target, Manifest("0.1.0", 1, "", 18, None, (size,)), {name: tmp_path / "evil"})
        with pytest.raises(ConfigurationError, match="outside the data directory"):
            archive.unpack(target, tmp_path)


def test_an_absent_database_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(ZuvaError, match="the database does not answer"),
        cut(f"postgresql:///?host={tmp_path}", None),
    ):
        pass
