"""Brings a database's `backend` schema to the newest version."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from backend.store.errors import DatabaseUnavailable
from backend.store.tables import SCHEMA

# any constant will do as long as nothing else in the database locks it: services start side by side
_MIGRATION_LOCK = 0x7A757661


def migrate(database_url: str, revision: str = "head") -> None:
    """Create or upgrade the schema `backend`; safe to call from several processes at once.

    Args:
        database_url: a libpq URL, `postgresql://user@/name?host=/socket/dir`.
        revision: how far to upgrade.

    Raises:
        DatabaseUnavailable: nothing answers at the URL.
    """
    url = make_url(database_url).set(drivername="postgresql+psycopg")
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            command.upgrade(_configuration(connection), revision)
            connection.commit()
    except OperationalError as error:
        raise DatabaseUnavailable(
            f"the database {url.render_as_string(hide_password=True)} does not answer"
            f" ({str(error.orig).splitlines()[0]}): start it, or set DATABASE_URL to one that runs"
        ) from error
    finally:
        engine.dispose()


def newest_revision() -> str:
    """Return the revision that this code expects the database to be at."""
    revision = ScriptDirectory(str(Path(__file__).parent / "migrations")).get_current_head()
    if revision is None:
        raise LookupError("the migrations directory is empty: reinstall the package")
    return revision


def current_revision(connection: Connection) -> str | None:
    """Return the revision the database is at, None before the first migration."""
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    return context.get_current_revision()


def _configuration(connection: Connection) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    configuration.attributes["connection"] = connection
    return configuration
