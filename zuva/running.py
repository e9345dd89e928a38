"""How one service becomes a process: logging, signals, exit codes, and no traceback for the user."""

import asyncio
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog
from pydantic import ValidationError
from pydantic_settings import BaseSettings
from rich.console import Console
from rich.markup import escape

import protocol.errors
from zuva import configuration
from zuva.errors import ConfigurationError, ZuvaError
from zuva.logs import chosen_level, configure_logging
from zuva.notify import Notifier

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_CONFIGURATION = 2

log = structlog.get_logger()
S_contra = TypeVar("S_contra", contravariant=True)
S = TypeVar("S", bound=BaseSettings)


class Serve(Protocol[S_contra]):
    """The shape of every room's service."""

    def __call__(
        self, settings: S_contra, *, ready: Callable[[], None], status: Callable[[str], None]
    ) -> Coroutine[Any, Any, None]:
        """Serve until cancelled."""
        ...


def build_settings(kind: type[S], **overrides: object) -> S:
    """Build a settings class from the environment; a bad value becomes one line that names its variable.

    Raises:
        ConfigurationError: When a value is missing or does not fit.
    """
    try:
        return kind(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else kind.__name__
        prefix = str(kind.model_config.get("env_prefix", ""))
        variable = name if name.isupper() else f"{prefix}{name}".upper()
        raise ConfigurationError(
            f"setting {variable}: {first['msg']} (got {first.get('input')!r}); "
            f"correct it in {configuration.origin_of(variable)}"
        ) from None


def run_service(name: str, serve: Serve[S], settings: S, data_dir: Path) -> int:
    """Run one service until it ends or SIGTERM or SIGINT asks it to; return its exit code.

    0: stopped as asked, or (a replay) done. 1: failed, a restart may help. 2: the configuration is wrong.
    """
    configure_logging(name, chosen_level())
    notifier = Notifier()
    try:
        _run(serve, settings, notifier)
    except Exception as raised:  # noqa: BLE001 - the last line of defence: the user gets one line
        error = alone(raised)
        if isinstance(error, ZuvaError | protocol.errors.ProtocolError):
            words = str(error)
        else:
            words = f"{name}: {words_of_unexpected(error, note_traceback(data_dir, name, error))}"
        return _say(name, notifier, words, error)
    return EXIT_OK


def alone(error: Exception) -> Exception:
    """Return the one error inside groups of a single one, as task groups raise them; others as they are."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def words_of_unexpected(error: Exception, noted: Path | None) -> str:
    """Return one line for an error that no message was written for, and where its traceback is."""
    where = f"details in {noted}" if noted else "no details: the data directory cannot be written"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]} ({where})"


def _say(name: str, notifier: Notifier, words: str, error: Exception) -> int:
    code = exit_code_of(error)
    log.error("service_failed", error=words, exit_code=code)
    notifier.last_words(words)
    if sys.stderr.isatty():
        print_error(f"{name} stopped: {words}" if not words.startswith(name) else words)
    return code


def exit_code_of(error: Exception) -> int:
    """Return the exit code that an error stands for."""
    if isinstance(error, ZuvaError):
        return error.exit_code
    return EXIT_CONFIGURATION if isinstance(error, protocol.errors.ConfigurationError) else EXIT_FAILED


def _run(serve: Serve[S], settings: S, notifier: Notifier) -> None:
    async def main() -> None:
        task = asyncio.ensure_future(serve(settings, ready=notifier.ready, status=notifier.status))
        stopped = False

        def stop() -> None:
            nonlocal stopped
            stopped = True
            notifier.stopping()
            task.cancel()

        loop = asyncio.get_running_loop()
        for asked in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(asked, stop)
        try:
            await task
        except asyncio.CancelledError:
            if not stopped:
                raise

    asyncio.run(main())


def note_traceback(data_dir: Path, name: str, error: BaseException) -> Path | None:
    """Append the traceback of an unexpected error to the log of its service.

    Returns:
        That file, or None when it cannot be written.
    """
    path = data_dir / "logs" / f"{name}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(f"--- {datetime.now(UTC).isoformat()} unexpected error\n")
            file.writelines(traceback.format_exception(error))
    except OSError:
        return None
    return path


def print_error(words: str) -> None:
    """Print one line for the user on stderr."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]zuva:[/] {escape(words)}")
