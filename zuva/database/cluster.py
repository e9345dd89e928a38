"""One PostgreSQL cluster: made, started, made ready, stopped."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path
from typing import IO, Any

import psycopg
import structlog

from zuva.database.account import Account
from zuva.database.binaries import Binaries
from zuva.database.placement import DATABASE, ROLE, Placement, database_url
from zuva.database.settings import DatabaseSettings
from zuva.errors import ConfigurationError, ServiceEnded
from zuva.processes import dies_with_parent, processes_in

log = structlog.get_logger()


class Cluster:
    """A cluster of one data directory, run by one account with one set of programs."""

    def __init__(
        self,
        settings: DatabaseSettings,
        placement: Placement,
        account: Account,
        binaries: Binaries,
        log_file: IO[bytes] | None = None,
    ) -> None:
        self.placement = placement
        self._settings = settings
        self._account = account
        self._binaries = binaries
        self._log_file = log_file
        self._process: Process | None = None

    async def prepare(self) -> None:
        """Run initdb when the cluster is not there yet; wait for a predecessor that still shuts down."""
        cluster = self.placement.cluster
        version_file = cluster / "PG_VERSION"
        if not (cluster / "global" / "pg_control").is_file():
            await self._initdb()
        major = version_file.read_text().strip()
        if major != str(self._binaries.major):
            raise ConfigurationError(
                f"database: {cluster} was made by PostgreSQL {major}, but {self._binaries.bindir} is "
                f"{self._binaries.version}; set PG_BINDIR to a PostgreSQL {major}, "
                "or remove the data directory"
            )
        await self._outwait_predecessor()

    async def _initdb(self) -> None:
        cluster = self.placement.cluster
        fresh = cluster / "new"
        # initdb fills a directory beside; the last step is one rename per entry, pg_control's directory last,
        # so that a kill in the middle leaves nothing that looks like a cluster.
        shutil.rmtree(fresh, ignore_errors=True)
        options = ["-U", ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions"]
        process = await self._run("initdb", "-D", str(fresh), *options, stdout=PIPE, stderr=STDOUT)
        output, _ = await process.communicate()
        if process.returncode != 0:
            last = output.decode(errors="replace").strip().splitlines()[-1:]
            raise ConfigurationError(
                f"database: initdb failed in {cluster}: {last[0] if last else process.returncode}; "
                "check space and permissions there, or set DATABASE_URL to a server of yours"
            )
        for entry in sorted(fresh.iterdir(), key=lambda path: path.name == "global"):
            target = cluster / entry.name
            if target.is_dir():
                shutil.rmtree(target)
            entry.rename(target)
        fresh.rmdir()
        log.info("database_created", cluster=str(cluster), version=self._binaries.version)

    def _options(self) -> list[str]:
        values = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.placement.sockets),
            "unix_socket_permissions": "0700",
            "fsync": "on",
            "full_page_writes": "on",
            "max_connections": str(self._settings.max_connections),
            "shared_buffers": self._settings.shared_buffers,
            "max_wal_size": self._settings.max_wal_size,
            "min_wal_size": "32MB",
            "log_min_messages": "warning",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        return [part for key, value in values.items() for part in ("-c", f"{key}={value}")]

    async def _outwait_predecessor(self) -> None:
        """Let a server that lost its launcher finish; ask it to when it does not do so by itself."""
        cluster = self.placement.cluster.resolve()
        pid_file = cluster / "postmaster.pid"
        for attempt in range(300):
            left = processes_in(cluster)
            if not left:
                self._remove_stale_pid_files()
                return
            if attempt in {10, 200} and (pid := _pid_in(pid_file)) in left:
                log.info("database_stopping_leftover", pid=pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT if attempt == 10 else signal.SIGQUIT)
            await asyncio.sleep(0.1)
        raise ConfigurationError(
            f"database: a PostgreSQL server (see {pid_file}) still runs on this data directory; stop it first"
        )

    def _remove_stale_pid_files(self) -> None:
        """Remove what a killed server left; we hold the lock, and nobody works in the data directory.

        PostgreSQL itself would be misled by a zombie, or by another program that has the old pid now.
        """
        if Path("/proc/self").exists():
            (self.placement.cluster / "postmaster.pid").unlink(missing_ok=True)
            for leftover in self.placement.sockets.glob(".s.PGSQL.*"):
                leftover.unlink()

    async def start(self) -> Process:
        """Start the server and wait until it answers and the database exists."""
        cluster, said = self.placement.cluster, self._log_file or sys.stderr
        self._process = process = await self._run(
            "postgres", "-D", str(cluster), *self._options(), stdout=said, stderr=said
        )
        while True:
            if process.returncode is not None:
                raise ServiceEnded(
                    f"database: postgres ended with code {process.returncode} while starting in {cluster}; "
                    "its last lines in the log of db say why"
                )
            try:
                await asyncio.to_thread(_ensure_database, self.placement.sockets)
            except psycopg.OperationalError:
                await asyncio.sleep(0.05)
            else:
                return process

    async def stop(self) -> None:
        """Ask the server for a fast shutdown and wait for it; never loses a committed row."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.send_signal(signal.SIGQUIT)  # immediate shutdown: recovery at the next start
            await process.wait()

    async def _run(self, program: str, *arguments: str, **streams: Any) -> Process:  # noqa: ANN401
        account: dict[str, Any] = {}
        if self._account.is_other:
            account = {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        return await asyncio.create_subprocess_exec(
            str(self._binaries.bindir / program), *arguments,
            stdin=asyncio.subprocess.DEVNULL, cwd="/", env=environment | {"LC_ALL": "C"},
            start_new_session=True, preexec_fn=dies_with_parent(signal.SIGINT), **account, **streams,
        )  # fmt: skip


def _pid_in(pid_file: Path) -> int:
    try:
        return int(pid_file.read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return -1


def _ensure_database(sockets: Path) -> None:
    with psycopg.connect(database_url(sockets, "postgres"), autocommit=True, connect_timeout=5) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
        if found is None:
            connection.execute(f"CREATE DATABASE {DATABASE}".encode())
