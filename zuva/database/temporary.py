"""The embedded database for the length of one command, where it is not running anyway."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from zuva.database.account import choose_account, reachable_binaries
from zuva.database.binaries import find_binaries
from zuva.database.cluster import Cluster
from zuva.database.placement import database_url, place, socket_directory
from zuva.database.settings import DatabaseSettings
from zuva.processes import FileLock, is_locked, make_directory
from zuva.supervisor.logfile import Rotation, open_log


@contextlib.asynccontextmanager
async def embedded(settings: DatabaseSettings) -> AsyncIterator[str]:
    """Yield the URL of a data directory's database; start its server for that long unless it runs.

    Raises:
        ConfigurationError: As `zuva db`.
        ServiceEnded: The server ends while starting.
    """
    data_dir = settings.data_dir.resolve()
    lock = data_dir / "run" / "db.lock"
    if is_locked(lock):
        yield database_url(socket_directory(data_dir))
        return
    make_directory(data_dir / "logs")
    with contextlib.ExitStack() as stack:
        stack.enter_context(FileLock(lock, f"the database of {data_dir}"))
        account = choose_account(settings.account)
        binaries = reachable_binaries(find_binaries(settings.bindir), account, settings.state_dir)
        placement = place(data_dir, account, settings.state_dir)
        log_file = stack.enter_context(open_log(data_dir / "logs" / "db.log", Rotation()))
        cluster = Cluster(settings, placement, account, binaries, log_file)
        try:
            await cluster.prepare()
            await cluster.start()
            yield placement.url
        finally:
            await cluster.stop()
            _remove_sockets(placement.sockets, data_dir)


def _remove_sockets(sockets: Path, data_dir: Path) -> None:
    if not sockets.is_relative_to(data_dir):
        with contextlib.suppress(OSError):
            sockets.rmdir()
