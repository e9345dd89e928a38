"""Alembic's entry: runs on the connection that `oracle.store.migration` opened and locked."""

from alembic import context

schema = context.config.attributes["schema"]
context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema=schema,
    transactional_ddl=True,
)
context.run_migrations()
