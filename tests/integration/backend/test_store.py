"""The migrations make exactly the tables that the models describe."""

import asyncio

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from backend.indexer.event_tables import COLUMNS
from backend.store import DatabaseUnavailable, migrate, migration
from backend.store.migration import current_revision, newest_revision
from backend.store.models import SCHEMA, Base
from zuva.processes import free_port


def test_a_migrated_database_is_what_the_models_say(database_url: str) -> None:
    migrate(database_url)
    engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        options = {"version_table_schema": SCHEMA, "include_schemas": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
        assert current_revision(connection) == newest_revision()
    engine.dispose()


def test_energy_that_is_there_already_is_known_to_be_of_a_gap(database_url: str) -> None:
    migration.migrate(database_url, "0003")
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO backend.deployment VALUES (1, 1, '', 0, 900, 0, '', '', '');"
            "INSERT INTO backend.meter SELECT '', 0, 0, '', '', '', 0, 0, 0, 0, 0, 1, true, false, 9000,"
            " 0, 0, 0, NULL, 0, 0, 0, 0, 0;"
            "INSERT INTO backend.meter_interval SELECT i, '', 0, 0, 0, 0, 0, 0, 0, 0"
            " FROM unnest(ARRAY[12, 13, 16]) i"
        )
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT interval, since FROM backend.meter_interval ORDER BY 1").fetchall()
    assert found == [(12, 10), (13, 13), (16, 14)]


def test_every_event_table_is_found_by_its_blocks(database_url: str) -> None:
    """Windows and forks are ranges of blocks, so the key of each table begins with the block."""
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        for table in COLUMNS:
            found = connection.execute(
                "SELECT pg_get_indexdef(indexrelid) FROM pg_index"
                " WHERE indrelid = %s::regclass AND indisprimary",
                (f"backend.{table}",),
            ).fetchone()
            assert found is not None
            assert "(block_number, log_index" in found[0], table


async def test_several_may_migrate_at_once(database_url: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(migrate, database_url) for _ in range(4)))
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT count(*) FROM backend.alembic_version").fetchone()
    assert found == (1,)


def test_an_absent_database_is_named_without_its_password() -> None:
    port = free_port()
    with pytest.raises(DatabaseUnavailable, match=f"127.0.0.1:{port}") as raised:
        migrate(f"postgresql://zuva:secret@127.0.0.1:{port}/zuva")
    assert "secret" not in str(raised.value)
