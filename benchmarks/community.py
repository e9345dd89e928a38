"""A whole community as a user starts it: `zuva up` as a process, watched from outside."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from zuva.processes import free_port

T = TypeVar("T")


class CommunityFailed(Exception):
    """The community did not do what was waited for; carries the last lines of its log."""


@dataclass(frozen=True, slots=True)
class RunningCommunity:
    """A running `zuva up`.

    Attributes:
        data: its data directory.
        url: where its API and page answer.
        environment: what it was started with; other commands on the same community need it too.
        process: the supervisor.
        log: what the supervisor printed.
    """

    data: Path
    url: str
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def chain_url(self) -> str:
        """Where the community's chain answers."""
        return f"http://127.0.0.1:{self.environment['ZUVA_CHAIN_PORT']}"

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON answer of an API path."""
        response = httpx.get(self.url + path, timeout=10, trust_env=False)
        response.raise_for_status()
        return response.json()

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

    def services(self) -> dict[str, dict[str, Any]]:
        """Return the services as `zuva status --json` knows them, by name."""
        try:
            content = json.loads((self.data / "run" / "status.json").read_text())
        except (OSError, ValueError):
            return {}
        return {service["name"]: service for service in content["services"]}

    def state(self, service: str) -> str:
        """Return the state of one service, empty before it is known."""
        return str(self.services().get(service, {}).get("state", ""))

    def kill(self, service: str) -> None:
        """Kill -9 one service with all its children."""
        pid = self.services()[service]["pid"]
        process = psutil.Process(pid)
        for each in (*process.children(recursive=True), process):
            each.kill()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `zuva` command on this community."""
        return subprocess.run(
            [sys.executable, "-P", "-m", "zuva", *arguments, "--data", str(self.data)],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def tail(self) -> str:
        """Return the last lines the supervisor printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])


@contextmanager
def running_community(data: Path, settings: Mapping[str, str]) -> Iterator[RunningCommunity]:
    """Start `zuva up` on free ports; stop it as Ctrl-C does at the end.

    Args:
        data: data directory; an existing community goes on.
        settings: further ZUVA_ variables.
    """
    ports = {name: str(free_port()) for name in ("ZUVA_API_PORT", "ZUVA_CHAIN_PORT", "ZUVA_BROKER_PORT")}
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("ZUVA_") and k != "DATABASE_URL"}
    environment = inherited | {"ZUVA_DATA_DIR": str(data)} | ports | dict(settings)
    data.mkdir(parents=True, exist_ok=True)
    log = data / "up.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "zuva", "up", "--data", str(data)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    url = f"http://127.0.0.1:{ports['ZUVA_API_PORT']}"
    try:
        yield RunningCommunity(data, url, environment, process, log)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(90)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
