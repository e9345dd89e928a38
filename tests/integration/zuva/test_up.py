"""`zuva up` runs a whole community, survives every kill, and says in one line what is wrong."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from protocol.ledger import compiler
from tests.conftest import short_directory
from zuva.processes import free_port
from zuva.supervisor import record
from zuva.supervisor.policy import Spec
from zuva.supervisor.process import command_of

ROOT = Path(__file__).resolve().parents[3]


class Community:
    """One data directory on ports of its own, and the commands a user types for it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.ports = {name: str(free_port()) for name in ("API", "BROKER", "CHAIN")}
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("ZUVA_", "DATABASE_URL"))}
        self.environment = inherited | {f"ZUVA_{name}_PORT": port for name, port in self.ports.items()}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "zuva", *arguments, "--data", str(self.data)]

    def run(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*arguments), env=self.environment | more, capture_output=True, text=True, timeout=120
        )

    @contextmanager
    def up(self, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
        with (self.data / "output").open("ab") as output:
            process = subprocess.Popen(
                self.command("up", *options),
                env=self.environment,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(120)

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return answer

    def services(self) -> dict[str, record.ServiceRecord]:
        found = record.read(self.data / "run" / "status.json")
        return {service.name: service for service in found.services} if found else {}

    def until(self, process: "subprocess.Popen[bytes]", states: dict[str, str], seconds: float = 180) -> None:
        """Wait until these services are in these states."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and process.poll() is None:
            found = record.read(self.data / "run" / "status.json")
            services = self.services() if found and found.pid == process.pid else {}
            if all(name in services and services[name].state == state for name, state in states.items()):
                return
            time.sleep(0.1)
        pytest.fail(f"{states} not reached: {self.services()}\n{(self.data / 'output').read_text()[-3000:]}")

    def totals(self) -> dict[str, Any]:
        answer = httpx.get(f"http://127.0.0.1:{self.ports['API']}/v1/totals", timeout=30)
        content: dict[str, Any] = answer.json()
        return content


ALL_UP = {
    "db": "ready", "broker": "ready", "chain": "ready", "provision": "done", "oracle-1": "ready",
    "indexer": "ready", "api": "ready", "replay": "done",
}  # fmt: skip


@pytest.fixture(scope="module")
def community() -> Iterator[Community]:
    compiler.build()
    with short_directory() as parent:
        data = parent / "my homes"
        data.mkdir()
        yield Community(data)


def test_a_whole_community_runs_and_goes_on_after_every_kill(community: Community) -> None:
    with community.up() as process:
        community.until(process, ALL_UP)
        assert community.run("status").returncode == 0
        audit = community.run("audit")
        assert audit.returncode == 0, audit.stderr
        assert audit.stdout.startswith("checked")
        assert community.status()["url"] == f"http://127.0.0.1:{community.ports['API']}/"
        assert httpx.get(community.status()["url"]).status_code == 200

        again = community.run("up")
        assert again.returncode == 2
        assert f"is already running (pid {process.pid}" in again.stderr
        assert again.stderr.count("\n") == 1

        for name in ("oracle-1", "chain", "db"):
            pid = community.services()[name].pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            while community.services()[name].pid == pid:
                time.sleep(0.05)
            community.until(process, ALL_UP)
        assert community.services()["chain"].restarts == 1

        children = [(s.pid, s.born) for s in community.services().values() if s.pid]
        process.kill()
        process.wait()
        deadline = time.monotonic() + 60
        while any(record.is_alive(*child) for child in children):
            assert time.monotonic() < deadline, "services outlived their supervisor"
            time.sleep(0.1)
    assert community.run("status").returncode == 3
    assert community.run("down").stdout.startswith("nothing runs in")

    with community.up() as process:
        community.until(process, ALL_UP)
        totals = community.totals()
        assert totals["readings"] > 0
        stopped = community.run("down")
        assert stopped.returncode == 0
        assert process.wait(10) == 0
    assert community.services()["db"].state == "stopped"

    with community.up() as process:
        community.until(process, ALL_UP)
        assert community.totals()["readings"] == totals["readings"]
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0


def test_a_taken_port_is_said_before_anything_starts() -> None:
    with short_directory() as data, socket.create_server(("127.0.0.1", 0)) as other:
        community = Community(data)
        port = str(other.getsockname()[1])
        answer = community.run("up", ZUVA_CHAIN_PORT=port)
        assert answer.returncode == 2
        assert f"chain: port {port} on 127.0.0.1 cannot be used" in answer.stderr
        assert "ZUVA_CHAIN_PORT" in answer.stderr
        assert not list((data / "logs").glob("*"))


def test_other_commands_find_a_community_whose_ports_were_moved() -> None:
    compiler.build()
    with short_directory() as data, socket.create_server(("127.0.0.1", 0)) as other:
        community = Community(data)
        taken = {"ZUVA_CHAIN_PORT": str(other.getsockname()[1])}
        community.environment |= taken
        with community.up("--open-port") as process:
            community.until(process, ALL_UP)
            for name in taken:
                del community.environment[name]
            audit = community.run("audit")
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
        answer = Community(data).run("up", "--replay", str(file), "--zone", "UTC")
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
    ],
)
def test_what_a_service_would_refuse_is_refused_before_anything_is_made(
    variables: dict[str, str], options: tuple[str, ...], words: str
) -> None:
    with short_directory() as parent:
        data = parent / "data"
        answer = Community(data).run("up", *options, **variables)
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
    community = Community(tmp_path)
    assert community.run("status").returncode == 3
    assert community.run("down").returncode == 0


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
