"""Child processes that never outlive their parent, and locks that end with their holder."""

import ctypes
import fcntl
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from zuva.errors import AlreadyRunning, PortTaken

_PR_SET_PDEATHSIG = 1


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


class FileLock:
    """An advisory lock on a file; the kernel drops it when the holder dies, however it dies."""

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        self._what = what
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, or raise `AlreadyRunning` with the pid of its holder."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise AlreadyRunning(
                f"{self._what} is already running (pid {holder}, lock {self.path}); "
                f"stop it first with `zuva down`, or choose another directory with --data"
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; the file stays."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "FileLock":
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


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
