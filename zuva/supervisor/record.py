"""What a supervisor leaves on disk while it runs: status.json, and how to tell its processes from others'."""

import contextlib
import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class ServiceRecord:
    """One service as others see it."""

    name: str
    state: str
    pid: int | None
    born: int | None
    """Start time of the process in clock ticks since boot: with the pid it names one process for good."""
    since: float
    restarts: int
    status: str


@dataclass(frozen=True)
class Record:
    """All of one supervisor's services."""

    pid: int
    born: int | None
    url: str | None
    services: tuple[ServiceRecord, ...]


def born(pid: int) -> int | None:
    """Return when a live process started, in clock ticks since boot; None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return None
    return None if fields[0] in {"Z", "X"} else int(fields[19])


def is_alive(pid: int | None, birth: int | None) -> bool:
    """Say whether the very process that had this pid and start time still runs."""
    return pid is not None and birth is not None and born(pid) == birth


def write(path: Path, record: Record) -> None:
    """Replace the file at once, so that a reader never sees half of it."""
    partial = path.with_suffix(".new")
    partial.write_text(json.dumps(asdict(record), indent=1) + "\n")
    partial.replace(path)


def read(path: Path) -> Record | None:
    """Return what a supervisor left; None when there is nothing readable."""
    try:
        content = json.loads(path.read_text())
        services = tuple(ServiceRecord(**service) for service in content.pop("services"))
        return Record(**content, services=services)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def stop_leftovers(record: Record, patience: float = 10.0) -> list[str]:
    """Stop services whose supervisor is dead, and nothing else; return their names."""
    left = [service for service in record.services if is_alive(service.pid, service.born)]
    names = [service.name for service in left]
    for last_word in (signal.SIGTERM, signal.SIGKILL):
        for service in left:
            if service.pid is not None and is_alive(service.pid, service.born):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(service.pid, last_word)
        deadline = time.monotonic() + patience
        while left and time.monotonic() < deadline:
            left = [service for service in left if is_alive(service.pid, service.born)]
            time.sleep(0.05)
    return names
