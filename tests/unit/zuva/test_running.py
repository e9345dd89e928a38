"""What a user is told when something goes wrong, and the locks that say who runs."""

import io
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from pydantic_settings import BaseSettings
from rich.console import Console

from protocol.errors import ConfigurationError as ProtocolConfigurationError
from zuva import lifecycle
from zuva.errors import AlreadyRunning, ConfigurationError, ZuvaError
from zuva.notify import Notifier
from zuva.processes import FileLock, is_locked
from zuva.running import note_traceback, run_service
from zuva.supervisor.record import ServiceRecord
from zuva.supervisor.table import print_services


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def outcome(error: Exception, data: Path) -> int:
    async def serve(
        settings: BaseSettings, *, ready: Callable[[], None], status: Callable[[str], None]
    ) -> None:
        raise error

    return run_service("oracle", serve, BaseSettings(), data)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ExceptionGroup("tasks", [ProtocolConfigurationError("wrong chain; mend it")]), 2),
        (ExceptionGroup("tasks", [ExceptionGroup("more", [ZuvaError("wrong chain; mend it")])]), 1),
        (ConfigurationError("wrong chain; mend it"), 2),
    ],
)
def test_the_one_error_in_a_group_is_told_as_itself(
    error: Exception, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome(error, tmp_path) == code
    told = capsys.readouterr().err
    assert '"error": "wrong chain; mend it"' in told
    assert told.count("\n") == 1
    assert not (tmp_path / "logs").exists()


def test_an_unexpected_error_is_one_line_even_where_nothing_can_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert outcome(KeyError("slot"), blocked) == 1
    told = capsys.readouterr().err
    assert "KeyError: 'slot' (no details: the data directory cannot be written)" in told
    assert "Traceback" not in told
    assert note_traceback(blocked, "oracle", KeyError("slot")) is None


def test_a_directory_that_cannot_be_made_is_said_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    lock = FileLock(tmp_path / "data" / "run" / "zuva.pid", "the community")
    with pytest.raises(ConfigurationError, match=r"data/run cannot be written .*--data"):
        lock.acquire()


def test_nothing_runs_where_there_is_no_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").write_text("a file")
    lifecycle.down(tmp_path / "data", Console())
    assert capsys.readouterr().out.startswith("nothing runs in")
    assert lifecycle.status(tmp_path / "data", Console(), as_json=False) == 3


def test_a_look_at_a_lock_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run" / "zuva.pid"
    assert not is_locked(path)
    assert not path.parent.exists()
    with FileLock(path, "the community"):
        assert is_locked(path)
        assert path.read_text() == f"{os.getpid()}\n"
        with pytest.raises(AlreadyRunning, match=f"pid {os.getpid()}"):
            FileLock(path, "the community").acquire()
    path.write_text("what a killed one left")
    assert not is_locked(path)
    assert path.read_text() == "what a killed one left"


def test_of_two_running_communities_one_must_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert lifecycle.the_running_one() == Path(".zuva/homes")
    with FileLock(Path(".zuva/a/run/zuva.pid"), "a"):
        assert lifecycle.the_running_one() == Path(".zuva/a")
        with (
            FileLock(Path(".zuva/b/run/zuva.pid"), "b"),
            pytest.raises(ConfigurationError, match=r"2 communities run: .zuva/a, .zuva/b; .*--data"),
        ):
            lifecycle.the_running_one()


@pytest.mark.parametrize(("terminal", "lines"), [(False, 2), (True, 6)])
def test_status_cuts_no_word(terminal: bool, lines: int) -> None:
    words = " ".join(f"word{n}" for n in range(30))
    out = io.StringIO()
    console = Console(file=out, width=110, force_terminal=terminal, color_system=None)
    print_services(console, [ServiceRecord("oracle", "backing off", None, None, 0, 1, words)])
    assert all(f"word{n}" in out.getvalue().split() for n in range(30))
    assert len(out.getvalue().splitlines()) == lines


def test_without_a_supervisor_the_log_has_the_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notifier = Notifier()
    for _ in range(2):
        notifier.status("waiting for the chain")
    captured = capsys.readouterr()
    assert (captured.out + captured.err).count("waiting for the chain") == 1
