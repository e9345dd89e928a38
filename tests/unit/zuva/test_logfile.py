"""A log stays small while several processes write to it, and every line is in one of its files."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from zuva.supervisor.logfile import Rotation, last_words, open_log, parts, shorten

WRITER = """
import os, sys
line = sys.argv[1] + " {} " + "x" * 90 + "\\n"
for number in range(6000):
    os.write(2, line.format(number).encode())
"""
PLENTY = Rotation(most_bytes=100_000, kept=1000)


@pytest.fixture(params=["disk", "memory"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    memory = Path("/dev/shm")
    if request.param == "memory" and not os.access(memory, os.W_OK):
        pytest.skip("no file system in memory here")
    with tempfile.TemporaryDirectory(dir=memory if request.param == "memory" else tmp_path) as directory:
        yield Path(directory) / "some.log"


def test_no_line_is_lost_while_processes_write_and_the_log_is_shortened(log: Path) -> None:
    with open_log(log, PLENTY) as output:
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, name], stderr=output) for name in ("a", "b")
        ]
    shortened = 0
    while any(writer.poll() is None for writer in writers):
        shortened += shorten(log, PLENTY)
    shorten(log, PLENTY)
    assert shortened
    text = b"".join(part.read_bytes() for part in parts(log)).replace(b"\0", b"").decode()
    lines = [line.rstrip("x").split() for line in text.splitlines() if line.strip()]
    for name in ("a", "b"):
        assert [int(number) for who, number, *_ in lines if who == name] == list(range(6000))
    assert log.stat().st_blocks * 512 < 2 * PLENTY.most_bytes
    assert last_words(log).split()[1] == "5999"


def test_so_many_older_parts_are_kept_and_nobody_else_reads_them(tmp_path: Path) -> None:
    log, rotation = tmp_path / "some.log", Rotation(most_bytes=20_000, kept=2)
    log.touch(0o644)
    for round_ in range(5):
        with open_log(log, rotation) as output:
            output.write(f"{round_} {'y' * 100}\n".encode() * 300)
        assert shorten(log, rotation)
    files = parts(log)
    assert [file.name for file in files] == ["some.log.2", "some.log.1", "some.log"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    kept = "".join(file.read_text() for file in files).split()[::2]
    assert kept == sorted(kept)
    assert kept.count("4") == 300
    assert "0" not in kept
    assert not shorten(log, rotation)
    with open_log(log, rotation):
        pass
    log.write_bytes(b"z" * 30_000)  # one line without an end, from a service that was killed
    open_log(log, rotation).close()
    assert [file.stat().st_size for file in parts(log)][1:] == [30_000, 0]
