"""Telemetry: newest state per meter, the history in daily partitions, the service's own account."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def _values() -> tuple[sa.Column[int], ...]:
    return (
        sa.Column("generation_w", sa.Integer(), nullable=True),
        sa.Column("voltage_decivolt", sa.Integer(), nullable=True),
        sa.Column("frequency_millihertz", sa.Integer(), nullable=True),
        sa.Column("power_factor_permille", sa.SmallInteger(), nullable=True),
        sa.Column("temperature_decicelsius", sa.SmallInteger(), nullable=True),
    )


def upgrade() -> None:
    op.create_table(
        "telemetry_meter",
        sa.Column("number", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("meter_id", sa.LargeBinary(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("power_w", sa.Integer(), nullable=True),
        sa.Column("online", sa.Boolean(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        *_values(),
        sa.PrimaryKeyConstraint("number", name=op.f("telemetry_meter_pkey")),
        sa.UniqueConstraint("meter_id", name=op.f("telemetry_meter_meter_id_key")),
        schema="backend",
    )
    op.create_table(
        "telemetry",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("power_w", sa.Integer(), nullable=False),
        *_values(),
        sa.PrimaryKeyConstraint("number", "time", name=op.f("telemetry_pkey")),
        schema="backend",
        postgresql_partition_by="RANGE (time)",
    )
    op.create_table(
        "telemetry_service",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock", sa.BigInteger(), nullable=True),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("dropped", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("telemetry_service_single_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("telemetry_service_pkey")),
        schema="backend",
    )


def downgrade() -> None:
    for table in ("telemetry_service", "telemetry", "telemetry_meter"):
        op.drop_table(table, schema="backend")
