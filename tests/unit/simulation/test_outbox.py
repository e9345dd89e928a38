"""The outbox: nothing is lost, nothing changes, also when the process is killed at any moment."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulation.errors import OutboxError
from simulation.publishing.outbox import Outbox, Outgoing, Progress, Queued, Refused
from tests.unit.simulation.outbox_writer import METERS, record_of

A, B = b"\xaa" * 32, b"\xbb" * 32


def outgoing(meter: bytes, seq: int) -> Outgoing:
    return Outgoing(meter, seq, bytes([seq]) * 146)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "replay" / "outbox.sqlite"


def test_a_new_outbox_is_empty_at_the_start(path: Path):
    with Outbox(path) as outbox:
        assert outbox.progress == Progress(0, 0, b"")
        assert outbox.unacknowledged() == []
        assert outbox.refused() == []


def test_what_is_committed_is_there_after_reopening_in_order(path: Path):
    with Outbox(path) as outbox:
        first = outbox.commit(Progress(1, 100, b"x"), enqueue=[outgoing(A, 1), outgoing(B, 1)])
        second = outbox.commit(Progress(2, 200, b"y"), enqueue=[outgoing(A, 2)])
    with Outbox(path) as outbox:
        assert outbox.progress == Progress(2, 200, b"y")
        assert outbox.unacknowledged() == first + second
        assert [queued.outgoing for queued in first + second] == [
            outgoing(A, 1), outgoing(B, 1), outgoing(A, 2),
        ]  # fmt: skip


def test_delivered_readings_leave_and_refused_ones_are_kept_with_the_reason(path: Path):
    with Outbox(path) as outbox:
        a1, b1, a2 = outbox.commit(enqueue=[outgoing(A, 1), outgoing(B, 1), outgoing(A, 2)])
        refused = Refused(b1.id, b1.outgoing, "register fell")
        outbox.commit(delivered=[a1.id], refused=[refused])
    with Outbox(path) as outbox:
        assert outbox.unacknowledged() == [a2]
        assert outbox.refused() == [refused]


def test_ids_are_never_used_again(path: Path):
    with Outbox(path) as outbox:
        (first,) = outbox.commit(enqueue=[outgoing(A, 1)])
        outbox.commit(delivered=[first.id])
    with Outbox(path) as outbox:
        (second,) = outbox.commit(enqueue=[outgoing(A, 2)])
    assert second.id > first.id


@pytest.mark.parametrize("seq", [1, 4, 5])
def test_a_used_sequence_number_is_refused_and_nothing_is_written(path: Path, seq: int):
    with Outbox(path) as outbox:
        (queued,) = outbox.commit(Progress(1, 1, b"1"), enqueue=[outgoing(A, 5)])
        outbox.commit(delivered=[queued.id])
    with Outbox(path) as outbox:
        with pytest.raises(OutboxError, match=f"already used sequence number 5, so {seq} cannot"):
            outbox.commit(Progress(2, 2, b"2"), enqueue=[outgoing(B, 1), outgoing(A, seq)])
        assert outbox.unacknowledged() == []
        assert outbox.progress == Progress(1, 1, b"1")
        # the other meter's number was not used either
        assert [q.outgoing.meter_id for q in outbox.commit(enqueue=[outgoing(B, 1)])] == [B]


def test_one_commit_cannot_use_a_sequence_number_twice(path: Path):
    with Outbox(path) as outbox, pytest.raises(OutboxError, match="already used sequence number 1"):
        outbox.commit(enqueue=[outgoing(A, 1), outgoing(A, 1)])


def test_a_second_process_is_kept_out(path: Path):
    with Outbox(path):
        program = (
            "from pathlib import Path; from simulation.publishing.outbox import Outbox; "
            f"Outbox(Path({str(path)!r}))"
        )
        second = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "stop the other process" in second.stderr
    Outbox(path).close()


def test_a_foreign_or_damaged_file_is_refused_and_kept(path: Path):
    path.parent.mkdir()
    path.write_bytes(b"not a database at all, " * 100)
    with pytest.raises(OutboxError, match="is not an outbox"):
        Outbox(path)
    assert path.read_bytes().startswith(b"not a database")


def test_an_outbox_of_the_first_version_is_taken_over(path: Path):
    path.parent.mkdir()
    database = sqlite3.connect(path)
    database.executescript(
        """
        CREATE TABLE progress (id INTEGER PRIMARY KEY CHECK (id = 1), position INTEGER NOT NULL,
            clock INTEGER NOT NULL, fingerprint BLOB NOT NULL, next_id INTEGER NOT NULL) STRICT;
        CREATE TABLE meter (meter_id BLOB PRIMARY KEY, last_seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE unacknowledged (id INTEGER PRIMARY KEY, meter_id BLOB NOT NULL,
            seq INTEGER NOT NULL, record BLOB NOT NULL) STRICT;
        CREATE TABLE refused (id INTEGER PRIMARY KEY, meter_id BLOB NOT NULL, seq INTEGER NOT NULL,
            record BLOB NOT NULL, reason TEXT NOT NULL) STRICT;
        INSERT INTO progress VALUES (1, 3, 300, x'ab', 8);
        PRAGMA user_version = 1;
        """
    )
    database.close()
    with Outbox(path) as outbox:
        assert outbox.progress == Progress(3, 300, b"\xab")
        outbox.commit(Progress(4, 400, b"\xac", b"state"))
    with Outbox(path) as outbox:
        assert outbox.progress == Progress(4, 400, b"\xac", b"state")


def test_only_the_newest_refused_readings_are_kept(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("simulation.publishing.outbox.REFUSED_KEPT", 3)
    with Outbox(path) as outbox:
        for seq in range(1, 6):
            (queued,) = outbox.commit(enqueue=[outgoing(A, seq)])
            outbox.commit(refused=[Refused(queued.id, queued.outgoing, "register fell")])
        assert [one.outgoing.seq for one in outbox.refused()] == [3, 4, 5]
        assert outbox.refused_count == 3


def test_a_newer_version_is_refused(path: Path):
    Outbox(path).close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(OutboxError, match="has version 99"):
        Outbox(path)


def test_a_directory_that_cannot_be_made_is_explained(tmp_path: Path):
    (tmp_path / "replay").write_text("a file")
    with pytest.raises(OutboxError, match="outbox"):
        Outbox(tmp_path / "replay" / "outbox.sqlite")


def test_a_kill_at_any_moment_loses_and_changes_nothing(path: Path):
    """A child enqueues and delivers at full speed and says what it committed, until it is killed."""
    chance = random.Random(7)
    enqueued: dict[tuple[bytes, int], bytes] = {}
    delivered: set[tuple[bytes, int]] = set()
    position = 0
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.simulation.outbox_writer", str(path)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        time.sleep(chance.uniform(0.005, 0.15))
        os.kill(child.pid, signal.SIGKILL)
        said = child.stdout.read().splitlines(keepends=True)
        child.wait()
        child.stdout.close()
        # the last line may be cut in the middle; what is said was committed before
        said_position = max((int(line) for line in said if line.endswith("\n")), default=position)

        with Outbox(path) as outbox:
            progress = outbox.progress
            waiting = {
                (q.outgoing.meter_id, q.outgoing.seq): q.outgoing.record for q in outbox.unacknowledged()
            }
        assert progress.position >= said_position >= position
        position = progress.position
        assert progress.clock == position * 10
        for step in range(1, position + 1):
            for meter in METERS:
                enqueued[meter, step] = record_of(meter, step)
        gone = set(enqueued) - set(waiting)
        assert delivered <= gone  # what left the queue stays out
        # the writer delivers exactly what is two steps old, in the same transaction
        assert gone == {key for key in enqueued if key[1] <= position - 2}
        assert all(record == enqueued[key] for key, record in waiting.items())
        delivered = gone
    assert position > 0


def test_ids_and_readings_are_returned_together(path: Path):
    with Outbox(path) as outbox:
        queued = outbox.commit(enqueue=[outgoing(A, 1), outgoing(B, 7)])
        assert queued == [Queued(1, outgoing(A, 1)), Queued(2, outgoing(B, 7))]
