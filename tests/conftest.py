"""Real parts for every test: a PostgreSQL cluster and an MQTT broker, and a database for each test."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from zuva.database.placement import database_url as url_of
from zuva.database.placement import socket_directory
from zuva.processes import free_port


@contextmanager
def running(
    name: str, environment: dict[str, str], *, within: float = 60
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `zuva NAME` as a process until it says READY; stop it afterwards."""
    with tempfile.TemporaryDirectory(prefix="zt-") as directory:
        address = f"{directory}/notify"
        log = Path(directory) / "log"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel, log.open("wb") as output:
            channel.bind(address)
            channel.settimeout(0.2)
            process = subprocess.Popen(
                [sys.executable, "-m", "zuva", name],
                env=os.environ | environment | {"NOTIFY_SOCKET": address},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
            try:
                deadline = time.monotonic() + within
                while True:
                    try:
                        if channel.recv(4096).startswith(b"READY=1"):
                            break
                    except TimeoutError:
                        pass
                    if process.poll() is not None or time.monotonic() > deadline:
                        pytest.fail(f"zuva {name} did not become ready:\n{log.read_text()[-2000:]}")
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                    try:
                        process.wait(30)
                    except subprocess.TimeoutExpired:
                        process.kill()
                        process.wait()


@contextmanager
def short_directory() -> Iterator[Path]:
    """Yield a temporary directory with a short path that every account may pass."""
    with tempfile.TemporaryDirectory(prefix="zt-", dir="/tmp", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o711)
        yield Path(directory)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Path]:
    """Run one embedded PostgreSQL server for the session; yields the directory of its socket."""
    with short_directory() as data, running("db", {"ZUVA_DATA_DIR": str(data)}):
        yield socket_directory(data)


@pytest.fixture
def database_url(postgres_cluster: Path) -> Iterator[str]:
    """Make an empty database for one test; yields its libpq URL."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(url_of(postgres_cluster, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield url_of(postgres_cluster, name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def shared_broker_url() -> Iterator[str]:
    """Run one embedded MQTT broker for the session; messages of other tests are on it."""
    port = free_port()
    with short_directory() as data:
        environment = {"ZUVA_DATA_DIR": str(data), "ZUVA_BROKER_PORT": str(port)}
        with running("broker", environment):
            yield f"mqtt://127.0.0.1:{port}"


@pytest.fixture
def broker_url() -> Iterator[str]:
    """Run an embedded MQTT broker for one test, with nothing retained on it."""
    port = free_port()
    with short_directory() as data:
        environment = {"ZUVA_DATA_DIR": str(data), "ZUVA_BROKER_PORT": str(port)}
        with running("broker", environment):
            yield f"mqtt://127.0.0.1:{port}"
