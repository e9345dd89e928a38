"""Brings a node's schema to the newest version."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

# any constant will do as long as nothing else in the database locks it
_MIGRATION_LOCK = 0x7A757662


def migrate(database_url: str, schema: str) -> None:
    """Create or upgrade a node's schema; safe to call from several processes at once.

    Args:
        database_url: a libpq URL, `postgresql://user@/name?host=/socket/dir`.
        schema: the node's schema, a plain lower-case identifier.
    """
    engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        configuration = Config()
        configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        configuration.attributes["connection"] = connection
        configuration.attributes["schema"] = schema
        command.upgrade(configuration, "head")
        connection.commit()
