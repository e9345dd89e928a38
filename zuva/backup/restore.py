"""`zuva restore`: a data directory from a backup."""

import asyncio
import contextlib
import importlib.metadata
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from zuva.backup import archive
from zuva.backup.make import run_program
from zuva.backup.manifest import DUMP, Manifest, check_versions
from zuva.database.binaries import Binaries, find_binaries
from zuva.database.placement import belongs_also_to
from zuva.database.settings import DatabaseSettings
from zuva.database.temporary import embedded
from zuva.errors import ConfigurationError, ZuvaError
from zuva.processes import cannot_write, make_directory


def restore(source: Path, data_dir: Path, database_url: str | None, tell: Callable[[str], None]) -> Manifest:
    """Make a community's data directory from a backup; it appears when it is whole, or not at all.

    Args:
        source: the backup.
        data_dir: the data directory; it must not be there, or be empty.
        database_url: an empty database of yours; None: an embedded one is made in the data directory.
        tell: told in words what is being done.

    Returns:
        What the backup is of.

    Raises:
        ConfigurationError: The backup is damaged or of newer programs, or something is in the way.
        ZuvaError: The database does not take it, or the disk is full.
    """
    if data_dir.exists() and (not data_dir.is_dir() or any(data_dir.iterdir())):
        raise ConfigurationError(
            f"{data_dir} is not empty; restore into another directory with --data, or move it away"
        )
    manifest = archive.read_manifest(source)
    binaries = find_binaries(DatabaseSettings().bindir)
    check_versions(manifest, str(source), importlib.metadata.version("zuva"), binaries.major)
    make_directory(data_dir.parent)
    with _beside(data_dir) as growing:
        tell("checking and unpacking")
        archive.unpack(source, growing)
        tell("loading the database")
        asyncio.run(_load(growing, database_url, binaries))
        (growing / DUMP).unlink()
        shutil.rmtree(growing / "run", ignore_errors=True)
        belongs_also_to(growing, data_dir)
        growing.rename(data_dir)
    return manifest


@contextlib.contextmanager
def _beside(data_dir: Path) -> Iterator[Path]:
    """Yield a new directory beside another; what is left of it afterwards is removed."""
    try:
        growing = Path(tempfile.mkdtemp(prefix=f".{data_dir.name}-restoring-", dir=data_dir.parent))
        growing.chmod(0o755)  # as every data directory: PostgreSQL's account has to get through
    except OSError as error:
        raise cannot_write(data_dir, error) from error
    try:
        yield growing
    finally:
        shutil.rmtree(growing, ignore_errors=True)


async def _load(data_dir: Path, database_url: str | None, binaries: Binaries) -> None:
    async with contextlib.AsyncExitStack() as stack:
        own = embedded(DatabaseSettings(data_dir=data_dir))
        url = await stack.enter_async_context(own) if database_url is None else database_url
        _check_empty(url)
        await run_program(
            *(str(binaries.bindir / "pg_restore"), f"--dbname={url}", "--no-owner", "--no-privileges"),
            *("--exit-on-error", "--single-transaction", str(data_dir / DUMP)),
        )


def _check_empty(url: str) -> None:
    """Refuse a database that somebody uses."""
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
            ).fetchone()
    except psycopg.OperationalError as error:
        raise ZuvaError(f"restore: the database does not answer ({str(error).splitlines()[0]})") from error
    if row is None or row[0]:
        raise ConfigurationError("restore: the database is not empty; name an empty one by DATABASE_URL")
