"""`zuva up` runs a whole community, survives every kill, and says in one line what is wrong."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from benchmarks.community import Community
from protocol.ledger import compiler
from tests.conftest import short_directory
from zuva.supervisor import record
from zuva.supervisor.policy import Spec
from zuva.supervisor.process import command_of

NODES = ("oracle-1", "oracle-2", "oracle-3")
ALL_UP = {
    "db": "ready", "broker": "ready", "chain": "ready", "provision": "done", **dict.fromkeys(NODES, "ready"),
    "indexer": "ready", "telemetry": "ready", "api": "ready", "homes": "done",
}  # fmt: skip
READINGS = 3 * 96
ONE_DAY = ("--homes", "3", "--days", "1", "--pace", "0", "--start", "2025-11-03")


@pytest.fixture
def parent() -> Iterator[Path]:
    compiler.build()
    with short_directory() as directory:
        yield directory


def test_a_whole_community_runs_and_goes_on_after_every_kill(parent: Path) -> None:
    community = Community.on_free_ports(parent / "my homes")
    with community.up(*ONE_DAY) as running:
        running.until(ALL_UP)
        assert running.command("status").returncode == 0
        audit = running.command("audit")
        assert audit.returncode == 0, audit.stdout + audit.stderr
        assert audit.stdout.startswith("checked")
        status = json.loads(running.command("status", "--json").stdout)
        assert status["url"] == f"{running.url}/"
        assert httpx.get(status["url"]).status_code == 200

        again = running.command("up")
        assert again.returncode == 2
        assert f"is already running (pid {running.process.pid}" in again.stderr
        assert again.stderr.count("\n") == 1

        for name in ("oracle-2", "chain", "db"):
            restarts = running.services()[name]["restarts"]
            running.kill(name)
            running.wait_for(name, lambda: running.services()[name]["restarts"] > restarts, 60)  # noqa: B023
            running.until(ALL_UP)

        children = [(s["pid"], s["born"]) for s in running.services().values() if s["pid"]]
        running.process.kill()
        running.process.wait()
        deadline = time.monotonic() + 60
        while any(record.is_alive(*child) for child in children):
            assert time.monotonic() < deadline, "services outlived their supervisor"
            time.sleep(0.1)
    assert community.command("status").returncode == 3
    assert community.command("down").stdout.startswith("nothing runs in")

    with community.up("--days", "1") as running:
        running.until(ALL_UP)
        assert running.wait_for("all readings", lambda: running.get("/v1/totals")["readings"], 60) == READINGS
        stopped = running.command("down")
        assert stopped.returncode == 0
        assert running.process.wait(10) == 0
    assert community.services()["db"]["state"] == "stopped"

    with community.up("--days", "1") as running:
        running.until(ALL_UP)
        assert running.get("/v1/totals")["readings"] == READINGS
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(120) == 0


def test_a_taken_port_is_said_before_anything_starts(parent: Path) -> None:
    community = Community.on_free_ports(parent / "data")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        answer = community.command("up", ZUVA_ORACLE_2_PORT=port)
    assert answer.returncode == 2
    assert f"oracle-2: port {port} on 127.0.0.1 cannot be used" in answer.stderr
    assert "ZUVA_ORACLE_2_PORT" in answer.stderr
    assert not list((community.data / "logs").glob("*"))


def test_other_commands_find_a_community_whose_ports_were_moved(parent: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, socket.create_server(("127.0.0.1", 0)) as another:
        taken = {
            "ZUVA_CHAIN_PORT": str(other.getsockname()[1]),
            "ZUVA_ORACLE_1_PORT": str(another.getsockname()[1]),
        }
        community = Community.on_free_ports(parent / "data", taken)
        with community.up(*ONE_DAY, "--open-port") as running:
            running.until(ALL_UP)
            for name in taken:
                del running.environment[name]
            audit = running.command("audit")
            assert audit.returncode == 0, audit.stdout + audit.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("home,slot_start,load_wh\n", "pv_wh"),
        ("home,slot_start,load_wh,pv_wh\na,2024-01-01T00:00,5,-1\n", "line 2"),
        (None, "cannot be read"),
    ],
)
def test_bad_data_are_one_line_with_their_place(content: str | None, words: str, tmp_path: Path) -> None:
    file = tmp_path / "homes.csv"
    if content is not None:
        file.write_text(content)
    with short_directory() as parent:
        data = parent / "data"
        community = Community.on_free_ports(data)
        answer = community.command("up", "--replay", str(file), "--zone", "UTC")
        assert not data.exists()
    assert answer.returncode == 2
    assert words in answer.stderr
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("variables", "options", "words"),
    [
        ({}, ("--zone", "Nowhere"), "no time zone 'Nowhere'"),
        ({"ZUVA_LOG_LEVEL": "loud"}, (), "ZUVA_LOG_LEVEL is 'loud'"),
        ({"ZUVA_ORACLE_CLAIMS_PER_MINT": "many"}, (), "setting ZUVA_ORACLE_CLAIMS_PER_MINT"),
        ({"ZUVA_ORACLE_PORT": "18841"}, (), "set ZUVA_ORACLE_1_PORT for oracle-1"),
        ({"ZUVA_COMMUNITY_QUORUM": "4"}, (), "more than the nodes"),
        ({}, ("--homes", "0"), "setting ZUVA_HOMES_HOMES"),
        ({}, ("--start", "yesterday"), "setting ZUVA_HOMES_START"),
    ],
)
def test_what_a_service_would_refuse_is_refused_before_anything_is_made(
    variables: dict[str, str], options: tuple[str, ...], words: str
) -> None:
    with short_directory() as parent:
        data = parent / "data"
        answer = Community.on_free_ports(data).command("up", *options, **variables)
        assert not data.exists()
    assert answer.returncode == 2
    assert words in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_service_takes_no_module_from_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "zuva").mkdir()
    (tmp_path / "zuva" / "__init__.py").write_text("raise SystemExit(99)\n")
    command = command_of(Spec("status"))
    answer = subprocess.run([*command, "--help"], cwd=tmp_path, capture_output=True)
    assert answer.returncode == 0


def test_ctrl_c_while_the_command_is_still_being_imported_is_silent(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    (tmp_path / "typer.py").write_text(f"import time\nopen({str(begun)!r}, 'w').close()\ntime.sleep(60)\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "zuva", "status"], env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while process.poll() is None and not begun.exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == (b"", b"")
    assert process.returncode == -signal.SIGINT


def test_a_stale_pid_file_is_no_running_community(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "zuva.pid").write_text(f"{os.getpid()}\n")
    community = Community.on_free_ports(tmp_path)
    assert community.command("status").returncode == 3
    assert community.command("down").returncode == 0


@pytest.mark.parametrize("name", ["nothing_of_ours", "figures"])
def test_a_bench_that_is_absent_or_measures_nothing_is_one_line(name: str, tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "zuva", "bench", name],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"zuva: bench {name}")
    assert answer.stderr.count("\n") == 1
