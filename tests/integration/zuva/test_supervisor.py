"""The supervisor with real processes: order, restarts, stopping, and what a killed one leaves."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from zuva import lifecycle
from zuva.errors import ConfigurationError
from zuva.health import disk_figures
from zuva.processes import FileLock, free_port
from zuva.supervisor import record
from zuva.supervisor.logfile import parts
from zuva.supervisor.metrics import served
from zuva.supervisor.policy import BackOff, Spec, State
from zuva.supervisor.settings import SupervisorSettings
from zuva.supervisor.supervisor import Supervisor

SERVICE = """
import os, signal, sys, time
from pathlib import Path
from zuva.notify import Notifier

name, behaviour = sys.argv[1], sys.argv[2]
told = Path("told")
def tell(what):
    with told.open("a") as file:
        file.write(f"{name} {what}\\n")
def stop(*_):
    tell("stopped")
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if behaviour == "deaf" else stop)
tell("began")
notifier = Notifier()
if behaviour == "refuses":
    notifier.status("port 5 is a bad port; set PORT")
    sys.exit(2)
if behaviour == "crashes" and told.read_text().count(f"{name} began") < 3:
    sys.exit(1)
notifier.ready()
notifier.status("at work")
if behaviour == "ends":
    sys.exit(0)
time.sleep(600)
"""


def spec(name: str, behaviour: str = "works", *after: str, one_shot: bool = False, stop: float = 10) -> Spec:
    return Spec(name, after, one_shot, ("-c", SERVICE, name, behaviour), stop)


class Run:
    """One supervisor in this process, and what it said."""

    def __init__(self, supervisor: Supervisor, task: "asyncio.Task[None]") -> None:
        self.supervisor = supervisor
        self.task = task

    async def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(3000):
            if condition() or self.task.done():
                break
            await asyncio.sleep(0.02)
        assert condition()

    def states(self) -> dict[str, State]:
        return {name: service.state for name, service in self.supervisor.services.items()}

    async def stop(self) -> None:
        self.supervisor.stop()
        await self.task


@asynccontextmanager
async def supervised(data: Path, *specs: Spec) -> AsyncIterator[Run]:
    supervisor = Supervisor(
        specs, data, dict(os.environ), lambda _: None, back_off=BackOff(first=0.05, longest=0.2)
    )
    run = Run(supervisor, asyncio.create_task(supervisor.run()))
    try:
        yield run
    finally:
        supervisor.stop()
        await asyncio.gather(run.task, return_exceptions=True)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(data: Path) -> list[str]:
    return (data / "told").read_text().splitlines()


async def test_services_start_in_order_and_stop_in_reverse(data: Path) -> None:
    specs = (spec("db"), spec("setup", "ends", "db", one_shot=True), spec("oracle", "works", "db", "setup"))
    async with supervised(data, *specs) as run:
        await run.until(lambda: run.states()["oracle"] is State.READY)
        assert run.states() == {"db": State.READY, "setup": State.DONE, "oracle": State.READY}
        await run.until(lambda: run.supervisor.services["oracle"].status == "at work")
        await run.stop()
        assert set(run.states().values()) == {State.STOPPED, State.DONE}
    assert told(data) == ["db began", "setup began", "oracle began", "oracle stopped", "db stopped"]


async def test_a_services_own_variables_stand_over_those_of_all(data: Path) -> None:
    script = "import os; print(os.environ['HOME'], os.environ['OWN']); raise SystemExit(2)"
    asking = Spec("asks", command=("-c", script), environment={"OWN": "mine", "HOME": "here"})
    async with supervised(data, asking) as run:
        await run.until(lambda: run.states()["asks"] is State.REFUSED)
        assert run.supervisor.services["asks"].status == "here mine"


async def test_a_crashed_service_comes_back_and_the_crashes_are_counted(data: Path) -> None:
    async with supervised(data, spec("oracle", "crashes")) as run:
        await run.until(lambda: run.states()["oracle"] is State.READY)
        assert run.supervisor.services["oracle"].restarts.total == 2


async def test_a_killed_service_is_started_again(data: Path) -> None:
    async with supervised(data, spec("db"), spec("oracle", "works", "db")) as run:
        await run.until(lambda: run.states()["oracle"] is State.READY)
        first = run.supervisor.services["db"].pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await run.until(
            lambda: run.states()["db"] is State.READY and run.supervisor.services["db"].pid != first
        )
        assert run.states()["oracle"] is State.READY


async def test_a_refused_configuration_stops_all_and_is_said_once(data: Path) -> None:
    specs = (spec("db"), spec("api", "refuses", "db"), spec("replay", "works", "api"))
    async with supervised(data, *specs) as run:
        with pytest.raises(ConfigurationError, match=r"port 5 is a bad port; set PORT \(log: .*api\.log\)"):
            await run.task
    assert told(data) == ["db began", "api began", "db stopped"]


async def test_a_deaf_service_is_killed_after_its_time(data: Path) -> None:
    async with supervised(data, spec("oracle", "deaf", stop=0.2)) as run:
        await run.until(lambda: run.states()["oracle"] is State.READY)
        pid = run.supervisor.services["oracle"].pid
        await run.stop()
        assert run.supervisor.services["oracle"].status == "killed"
        assert pid is not None
        assert record.born(pid) is None


async def test_a_second_stop_does_not_wait(data: Path) -> None:
    async with supervised(data, spec("oracle", "deaf", stop=600)) as run:
        await run.until(lambda: run.states()["oracle"] is State.READY)
        run.supervisor.stop()
        run.supervisor.stop()
        await run.task


async def test_the_record_on_disk_tells_others(data: Path) -> None:
    async with supervised(data, spec("db")) as run:
        await run.until(lambda: run.states()["db"] is State.READY)
        seen = record.read(data / "run" / "status.json")
        assert seen is not None
        assert seen.pid == os.getpid()
        assert [(s.name, s.state) for s in seen.services] == [("db", "ready")]
        assert record.is_alive(seen.services[0].pid, seen.services[0].born)


async def test_a_record_that_cannot_be_written_costs_no_service(data: Path) -> None:
    (data / "run" / "status.new").mkdir(parents=True)  # where the record is written first
    async with supervised(data, spec("db"), spec("oracle", "crashes", "db")) as run:
        await run.until(lambda: run.states()["oracle"] is State.READY)
        assert not (data / "run" / "status.json").exists()


async def test_a_service_that_cannot_be_started_is_tried_again_until_it_can(data: Path) -> None:
    log = data / "logs" / "oracle.log"
    log.mkdir(parents=True)
    async with supervised(data, spec("oracle")) as run:
        oracle = run.supervisor.services["oracle"]
        await run.until(lambda: oracle.restarts.total > 1 and oracle.state is State.BACKING_OFF)
        assert "cannot be started" in oracle.status
        assert "oracle.log" in oracle.status
        log.rmdir()
        await run.until(lambda: oracle.state is State.READY)


async def test_an_error_in_the_care_for_a_service_stops_all_and_is_raised(data: Path) -> None:
    class Torn(Exception):
        pass

    def changed(seen: record.Record) -> None:
        if any(service.state == "backing off" for service in seen.services):
            raise Torn

    supervisor = Supervisor((spec("db"), spec("oracle", "crashes", "db")), data, dict(os.environ), changed)
    with pytest.raises(Torn):
        await asyncio.wait_for(supervisor.run(), 60)
    assert told(data)[-1] == "db stopped"


def test_status_shows_a_process_that_is_gone_as_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = record.Record(
        os.getpid(), 1, None, (record.ServiceRecord("oracle", "ready", gone.pid, 1, 0, 0, "at work"),)
    )
    with FileLock(tmp_path / "run" / "zuva.pid", "the test"):
        record.write(tmp_path / "run" / "status.json", left)
        assert lifecycle.status(tmp_path, Console(), as_json=False) == 1
    shown = capsys.readouterr().out
    assert f"process {gone.pid} is gone" in shown
    assert "ready" not in shown


def test_leftovers_are_stopped_and_strangers_with_a_reused_pid_are_not() -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    ours, stranger = subprocess.Popen(sleep), subprocess.Popen(sleep)
    try:
        birth = record.born(stranger.pid)
        assert birth is not None
        left = record.Record(
            1, 1, None,
            (
                record.ServiceRecord("oracle", "ready", ours.pid, record.born(ours.pid), 0, 0, ""),
                record.ServiceRecord("db", "ready", stranger.pid, birth - 1, 0, 0, ""),
            ),
        )  # fmt: skip
        assert record.stop_leftovers(left) == ["oracle"]
        assert ours.wait(10) == -signal.SIGTERM
        assert stranger.poll() is None
    finally:
        for process in (ours, stranger):
            process.kill()
            process.wait()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"services": [{"x": 1}]}'])
def test_a_broken_record_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "status.json").write_text(content)
    assert record.read(tmp_path / "status.json") is None
    assert record.read(tmp_path / "absent.json") is None


async def test_logs_stay_small_while_services_write_and_the_supervisor_has_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    talk = (
        "import os, time\nfor n in range(9):\n"
        "    os.write(2, b'x' * 99 + b'\\n')\n    os.write(1, b'y' * 40_000 + b'\\n')"
    )
    talker = Spec("talker", (), False, ("-c", f"{talk}\ntime.sleep(600)"), 10)
    settings = SupervisorSettings(port=free_port(), log_bytes=64 * 1024)
    supervisor = Supervisor(
        [talker, spec("other", "crashes")], tmp_path, dict(os.environ), lambda _: None,
        back_off=BackOff(first=0.05, longest=0.2), rotation=settings.rotation,
    )  # fmt: skip
    running = Run(supervisor, asyncio.create_task(supervisor.run()))
    log = tmp_path / "logs" / "talker.log"
    with served(settings, supervisor.record, lambda: disk_figures(tmp_path)):
        await running.until(lambda: log.with_name("talker.log.1").exists())
        await running.until(lambda: running.states()["other"] is State.READY)
        async with httpx.AsyncClient(trust_env=False) as client:
            figures = (await client.get(f"http://127.0.0.1:{settings.port}/metrics")).text.splitlines()
    await running.stop()
    assert sum(path.read_text().count("x\n") for path in parts(log)) == 9
    assert log.stat().st_size <= settings.log_bytes
    assert [path.stat().st_mode & 0o777 for path in parts(log)] == [0o600] * 2
    assert 'zuva_service_state{service="other",state="ready"} 1.0' in figures
    assert 'zuva_service_state{service="other",state="starting"} 0.0' in figures
    assert 'zuva_service_restarts_total{service="other"} 2.0' in figures
    assert any(line.startswith('zuva_data_bytes{part="logs"}') for line in figures)
