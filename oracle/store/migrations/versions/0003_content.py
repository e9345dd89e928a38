"""Data sets as content alone; every piece of evidence against a meter."""

from alembic import context, op

revision = "0003"
down_revision = "0002"

CHANGES = """
ALTER TABLE {schema}.proposal
    DROP COLUMN production_root,
    DROP COLUMN consumption_root,
    DROP COLUMN production_total_wh,
    DROP COLUMN consumption_total_wh;
ALTER TABLE {schema}.set_aside DROP CONSTRAINT set_aside_pkey;
CREATE UNIQUE INDEX set_aside_once ON {schema}.set_aside
    (meter_id, block_number, sha256(first_record || second_record));
"""


def upgrade() -> None:
    op.execute(CHANGES.format(schema=context.config.attributes["schema"]))
