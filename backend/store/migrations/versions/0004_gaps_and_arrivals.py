"""Since which interval energy was moved; when a block was indexed and the clock moved, in real time."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_SINCE = """
UPDATE backend.meter_interval e SET since = least(e.interval, s.since)
FROM (
    SELECT interval, meter_id, 1 + lag(interval, 1, (
        SELECT m.opening_timestamp / d.interval_seconds - 1 FROM backend.meter m, backend.deployment d
        WHERE m.meter_id = o.meter_id)) OVER (PARTITION BY meter_id ORDER BY interval) AS since
    FROM backend.meter_interval o) s
WHERE s.interval = e.interval AND s.meter_id = e.meter_id
"""


def upgrade() -> None:
    op.add_column("meter_interval", sa.Column("since", sa.BigInteger(), nullable=True), schema="backend")
    op.execute(_SINCE)
    op.alter_column("meter_interval", "since", nullable=False, schema="backend")
    op.create_index(
        "meter_interval_gap_idx",
        "meter_interval",
        ["interval"],
        schema="backend",
        postgresql_where=sa.text("since < interval"),
    )
    op.add_column("telemetry_service", sa.Column("clock_at", sa.DateTime(timezone=True)), schema="backend")
    # blocks that are there already came at a time that nobody noted
    op.add_column("block", sa.Column("indexed_at", sa.DateTime(timezone=True)), schema="backend")
    op.alter_column("block", "indexed_at", server_default=sa.func.clock_timestamp(), schema="backend")


def downgrade() -> None:
    op.drop_column("block", "indexed_at", schema="backend")
    op.drop_column("telemetry_service", "clock_at", schema="backend")
    op.drop_column("meter_interval", "since", schema="backend")
