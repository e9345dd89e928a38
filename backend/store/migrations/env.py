"""Alembic's entry: runs on the connection that `backend.store.migrate` opened and locked."""

from alembic import context

from backend.store.models import SCHEMA, Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table_schema=SCHEMA,
    include_schemas=True,
    transactional_ddl=True,
)
context.run_migrations()
