"""A whole community as a user starts it: `zuva up` as a process on ports of its own, watched from outside."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import psutil

from zuva.processes import free_port

T = TypeVar("T")
PORTS: Final = ("API", "CHAIN", "BROKER", "SUPERVISOR", "ORACLE_1", "ORACLE_2", "ORACLE_3")
_STOP_SECONDS: Final = 120


class CommunityFailed(Exception):
    """The community did not do what was waited for; carries the last lines of its log."""


@dataclass(frozen=True)
class Community:
    """A data directory and what every command on it is called with.

    Attributes:
        data: the data directory.
        environment: variables of every command; no ZUVA_ variable of ours is among them.
    """

    data: Path
    environment: dict[str, str]

    @classmethod
    def on_free_ports(cls, data: Path, settings: Mapping[str, str] | None = None) -> "Community":
        """Return a community on ports that nothing listens on, with further ZUVA_ variables."""
        ports = {f"ZUVA_{name}_PORT": str(free_port()) for name in PORTS}
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("ZUVA_") and k != "DATABASE_URL"}
        return cls(data, inherited | ports | dict(settings or {}))

    @property
    def url(self) -> str:
        """Where its API and page answer."""
        return f"http://127.0.0.1:{self.environment['ZUVA_API_PORT']}"

    @property
    def chain_url(self) -> str:
        """Where its chain answers."""
        return f"http://127.0.0.1:{self.environment['ZUVA_CHAIN_PORT']}"

    @property
    def log(self) -> Path:
        """What its supervisors printed."""
        return self.data / "up.log"

    def command(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run a `zuva` command on this community, with further variables."""
        return subprocess.run(
            self._command_line(*arguments),
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def _command_line(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-m", "zuva", *arguments, "--data", str(self.data)]

    @contextmanager
    def up(self, *options: str) -> Iterator["RunningCommunity"]:
        """Start `zuva up`; stop it as Ctrl-C does at the end."""
        self.data.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                self._command_line("up", *options),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            yield RunningCommunity(self.data, self.environment, process)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def services(self) -> dict[str, dict[str, Any]]:
        """Return the services as `zuva status --json` knows them, by name."""
        return {service["name"]: service for service in self._record().get("services", ())}

    def state(self, service: str) -> str:
        """Return the state of one service, empty before it is known."""
        return str(self.services().get(service, {}).get("state", ""))

    def _record(self) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads((self.data / "run" / "status.json").read_text())
        except (OSError, ValueError):
            return {}
        return content

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON answer of an API path."""
        response = httpx.get(self.url + path, timeout=10, trust_env=False)
        response.raise_for_status()
        return response.json()

    def tail(self) -> str:
        """Return the last lines the supervisor printed, and the services as they are now."""
        lines = self.log.read_text(errors="replace").splitlines()[-25:]
        lines += [f"{s['name']}: {s['state']} {s['status']}" for s in self.services().values()]
        return "\n".join(lines)


@dataclass(frozen=True)
class RunningCommunity(Community):
    """A running `zuva up`.

    Attributes:
        process: the supervisor.
    """

    process: subprocess.Popen[bytes]

    def _record(self) -> dict[str, Any]:
        found = super()._record()
        return found if found.get("pid") == self.process.pid else {}  # another one's is over

    def wait_for(self, what: str, ask: Callable[[], T | None], seconds: float, pause: float = 0.05) -> T:
        """Poll until `ask` returns something true; connection errors count as not yet.

        Raises:
            CommunityFailed: it did not within `seconds`, or the supervisor ended.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise CommunityFailed(f"zuva up ended while waiting for {what}:\n{self.tail()}")
            try:
                if found := ask():
                    return found
            except httpx.HTTPError:
                pass
            time.sleep(pause)
        raise CommunityFailed(f"no {what} within {seconds:g} s:\n{self.tail()}")

    def until(self, states: Mapping[str, str], seconds: float = 180) -> None:
        """Wait until these services are in these states.

        Raises:
            CommunityFailed: they are not within `seconds`, or the supervisor ended.
        """

        def reached() -> bool:
            found = self.services()
            return all(found.get(name, {}).get("state") == state for name, state in states.items())

        self.wait_for(f"{dict(states)}", reached, seconds)

    def kill(self, service: str) -> None:
        """Kill -9 one service with all its children.

        Raises:
            CommunityFailed: it has no process within a minute.
        """
        self.signal_family(service, signal.SIGKILL)

    def signal_family(self, service: str, number: signal.Signals) -> None:
        """Send a signal to a service and all its children; one that is just being started is waited for.

        Raises:
            CommunityFailed: it has no process within a minute.
        """
        process = self.process_of(service)
        for each in (*process.children(recursive=True), process):
            with suppress(psutil.NoSuchProcess):
                each.send_signal(number)

    def process_of(self, service: str) -> psutil.Process:
        """Return the process of a service; one that is just being started is waited for.

        Raises:
            CommunityFailed: it has none within a minute.
        """

        def running() -> psutil.Process | None:
            pid = self.services().get(service, {}).get("pid")
            # psutil takes no pid for the caller's own
            return psutil.Process(pid) if pid and psutil.pid_exists(pid) else None

        return self.wait_for(f"process of {service}", running, 60)


@contextmanager
def running_community(data: Path, settings: Mapping[str, str]) -> Iterator[RunningCommunity]:
    """Start `zuva up` on free ports; stop it as Ctrl-C does at the end.

    Args:
        data: data directory; an existing community goes on.
        settings: further ZUVA_ variables.
    """
    with Community.on_free_ports(data, settings).up() as running:
        yield running
