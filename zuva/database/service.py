"""The service `zuva db`: one embedded PostgreSQL server, until it is told to stop."""

import contextlib
from collections.abc import Callable

import structlog

from zuva.database.account import choose_account, reachable_binaries
from zuva.database.binaries import find_binaries
from zuva.database.cluster import Cluster
from zuva.database.placement import place
from zuva.database.settings import DatabaseSettings
from zuva.errors import ServiceEnded
from zuva.processes import FileLock

log = structlog.get_logger()


async def serve(
    settings: DatabaseSettings, *, ready: Callable[[], None], status: Callable[[str], None]
) -> None:
    """Run the embedded database of a data directory until cancelled.

    Raises:
        ConfigurationError: No programs, no account, a cluster of another version, or already running.
        ServiceEnded: When the server ends by itself.
    """
    data_dir = settings.data_dir.resolve()
    with FileLock(data_dir / "run" / "db.lock", f"the database of {data_dir}"):
        account = choose_account(settings.account)
        found = find_binaries(settings.bindir)
        binaries = reachable_binaries(found, account, settings.state_dir)
        placement = place(data_dir, account, settings.state_dir)
        if account.is_other:
            log.info(
                "database_account",
                note="root may not run PostgreSQL; another account does",
                account=account.name,
                programs=str(binaries.bindir),
                data=str(placement.cluster),
            )
        cluster = Cluster(settings, placement, account, binaries)
        try:
            status("preparing" if (placement.cluster / "PG_VERSION").exists() else "creating the database")
            await cluster.prepare()
            status("starting (recovering if it was killed)")
            process = await cluster.start()
            log.info("database_ready", url=placement.url, version=binaries.version, programs=binaries.origin)
            ready()
            account_note = f", account {account.name}" if account.is_other else ""
            status(f"PostgreSQL {binaries.version}{account_note}")
            code = await process.wait()
            raise ServiceEnded(f"database: postgres ended with code {code}; the log of db says why")
        finally:
            await cluster.stop()
            if not placement.sockets.is_relative_to(data_dir):
                with contextlib.suppress(OSError):
                    placement.sockets.rmdir()
