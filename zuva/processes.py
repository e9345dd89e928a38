"""Child processes that never outlive their parent, and locks that end with their holder."""

import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from zuva.errors import AlreadyRunning, ConfigurationError, PortTaken, ZuvaError

_PR_SET_PDEATHSIG = 1
_LOCK_PATIENCE_SECONDS = 0.2
"""A look at the lock by `zuva status` holds it for an instant, and must not count as another holder."""


def cannot_write(path: Path, error: OSError) -> ZuvaError:
    """Return what to raise when `path` cannot be made or written; a full disk may be cured by a restart."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return ZuvaError(f"{path} cannot be written ({error.strerror}); make room on its disk")
    return ConfigurationError(
        f"{path} cannot be written ({error.strerror}); "
        "give this account access to it, or choose another directory with --data"
    )


def make_directory(path: Path) -> None:
    """Make a directory with all above it, unless it is there.

    Raises:
        ZuvaError: It cannot be made; the message names it and the mend.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def dies_with_parent(last_signal: signal.Signals) -> Callable[[], None]:
    """Return a `preexec_fn` by which the kernel sends `last_signal` to the child when its parent dies.

    Linux only; elsewhere the child is found and stopped by the next start.
    """
    parent = os.getpid()
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def arm() -> None:
        prctl(_PR_SET_PDEATHSIG, int(last_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the kernel was told
            os.kill(os.getpid(), signal.SIGKILL)

    return arm


def processes_in(directory: Path) -> set[int]:
    """Return the pids that work in a directory, as every PostgreSQL process does in its cluster."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() == directory:
                found.add(int(entry.name))
    return found


class FileLock:
    """An advisory lock on a file; the kernel drops it when the holder dies, however it dies."""

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        self._what = what
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            AlreadyRunning: Another process has it; the message names its pid.
            ZuvaError: The file cannot be made or written.
        """
        make_directory(self.path.parent)
        try:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            self._lock(self._descriptor)
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, f"{os.getpid()}\n".encode())
        except BlockingIOError:
            holder = self._holder()
            raise AlreadyRunning(
                f"{self._what} is already running (pid {holder}, lock {self.path}); "
                f"stop it first with `zuva down`, or choose another directory with --data"
            ) from None
        except OSError as error:
            self._close()
            raise cannot_write(self.path, error) from error

    @staticmethod
    def _lock(descriptor: int) -> None:
        deadline = time.monotonic() + _LOCK_PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def _holder(self) -> str:
        try:
            return self.path.read_text(errors="replace").strip() or "unknown"
        finally:
            self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def release(self) -> None:
        """Give the lock back; the file stays."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            self._close()

    def __enter__(self) -> "FileLock":
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def is_locked(path: Path) -> bool:
    """Say whether a process holds the lock on `path`; nothing is written and no file is made.

    Raises:
        ConfigurationError: The file is there and cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror}); use the account that started it"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def check_port_free(host: str, port: int, *, service: str, setting: str) -> None:
    """Raise `PortTaken`, naming the port and the setting that moves it, when something listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"{service}: port {port} on {host} cannot be used ({error.strerror}); "
                f"stop the program that holds it, or set {setting} to another port"
            ) from None


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port that nothing listened on a moment ago."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
