"""The first schema: events, data sets, what they add up to."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _origin() -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("block_number", "log_index"),
    )


def upgrade() -> None:
    op.create_table(
        "balance",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("certificate_id", sa.Numeric(precision=78, scale=0), autoincrement=False, nullable=False),
        sa.Column("minted_wh", sa.BigInteger(), nullable=False),
        sa.Column("retired_wh", sa.BigInteger(), nullable=False),
        sa.Column("wh", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "certificate_id", name=op.f("balance_pkey")),
        schema="backend",
    )
    op.create_table(
        "block",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("has_events", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("block_pkey")),
        schema="backend",
    )
    op.create_table(
        "call_scheduled",
        sa.Column("call_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=False),
        sa.Column("call", sa.LargeBinary(), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_table(
        "call_unscheduled",
        sa.Column("call_hash", sa.LargeBinary(), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_table(
        "certificate",
        sa.Column("certificate_id", sa.Numeric(precision=78, scale=0), autoincrement=False, nullable=False),
        sa.Column("minted_wh", sa.BigInteger(), nullable=False),
        sa.Column("retired_wh", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("certificate_pkey")),
        schema="backend",
    )
    op.create_table(
        "co2_factor_set",
        sa.Column("source", sa.SmallInteger(), nullable=False),
        sa.Column("grams_per_mwh", sa.BigInteger(), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_table(
        "cursor",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", name=op.f("cursor_pkey")),
        schema="backend",
    )
    op.create_table(
        "data_set",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("data_hash", sa.LargeBinary(), nullable=False),
        sa.Column("production_root", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("data_set_pkey")),
        sa.UniqueConstraint("data_hash", name=op.f("data_set_data_hash_key")),
        schema="backend",
    )
    op.create_table(
        "data_set_reading",
        sa.Column("data_set_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("meter_id", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("period_seconds", sa.BigInteger(), nullable=False),
        sa.Column("import_wh", sa.BigInteger(), nullable=False),
        sa.Column("export_wh", sa.BigInteger(), nullable=False),
        sa.Column("generated_wh", sa.BigInteger(), nullable=False),
        sa.Column("flags", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("data_set_id", "meter_id", "seq", name=op.f("data_set_reading_pkey")),
        schema="backend",
    )
    op.create_table(
        "deployment",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("genesis_hash", sa.LargeBinary(), nullable=False),
        sa.Column("deployment_block", sa.BigInteger(), nullable=False),
        sa.Column("interval_seconds", sa.BigInteger(), nullable=False),
        sa.Column("finality_seconds", sa.BigInteger(), nullable=False),
        sa.Column("registry_address", sa.LargeBinary(), nullable=False),
        sa.Column("production_address", sa.LargeBinary(), nullable=False),
        sa.Column("consumption_address", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("deployment_single_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("deployment_pkey")),
        schema="backend",
    )
    op.create_table(
        "disputed",
        sa.Column("side", sa.SmallInteger(), nullable=False),
        sa.Column("interval", sa.BigInteger(), nullable=False),
        sa.Column("meter_id", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("signers", sa.Numeric(precision=78, scale=0), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_table(
        "governor_proposed",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("acceptable_from", sa.BigInteger(), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_table(
        "governor_set",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_table(
        "guardian_set",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_table(
        "heartbeat",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("head_number", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", name=op.f("heartbeat_pkey")),
        schema="backend",
    )
    op.create_table(
        "interval",
        sa.Column("interval", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("data_set_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("data_problem", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("generated_wh", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("import_wh", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("export_wh", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("certified_wh", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("meters_reporting", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("meters_certified", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("interval", name=op.f("interval_pkey")),
        schema="backend",
    )
    op.create_index(
        "interval_waiting_idx",
        "interval",
        ["interval"],
        unique=False,
        schema="backend",
        postgresql_where=sa.text("data_set_id IS NULL"),
    )
    op.create_table(
        "key_rotated",
        sa.Column("meter_id", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("valid_from_interval", sa.BigInteger(), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_index(
        op.f("key_rotated_meter_id_idx"), "key_rotated", ["meter_id"], unique=False, schema="backend"
    )
    op.create_table(
        "meter",
        sa.Column("meter_id", sa.LargeBinary(), nullable=False),
        sa.Column("registered_block", sa.BigInteger(), nullable=False),
        sa.Column("registered_log", sa.Integer(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.SmallInteger(), nullable=False),
        sa.Column("category", sa.SmallInteger(), nullable=False),
        sa.Column("generation_capacity_w", sa.BigInteger(), nullable=False),
        sa.Column("connection_capacity_w", sa.BigInteger(), nullable=False),
        sa.Column("feeder", sa.BigInteger(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column("opening_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("opening_import_wh", sa.BigInteger(), nullable=False),
        sa.Column("opening_export_wh", sa.BigInteger(), nullable=False),
        sa.Column("opening_generated_wh", sa.BigInteger(), nullable=False),
        sa.Column("last_interval", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("import_wh", sa.BigInteger(), nullable=False),
        sa.Column("export_wh", sa.BigInteger(), nullable=False),
        sa.Column("generated_wh", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("meter_id", name=op.f("meter_pkey")),
        schema="backend",
    )
    op.create_index(
        op.f("meter_registered_block_registered_log_idx"),
        "meter",
        ["registered_block", "registered_log"],
        unique=True,
        schema="backend",
    )
    op.create_table(
        "meter_claim",
        sa.Column("meter_id", sa.LargeBinary(), nullable=False),
        sa.Column("claimed_wh", sa.BigInteger(), nullable=False),
        sa.Column("minted_wh", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("meter_id", name=op.f("meter_claim_pkey")),
        schema="backend",
    )
    op.create_table(
        "meter_interval",
        sa.Column("interval", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("meter_id", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("generated_wh", sa.BigInteger(), nullable=False),
        sa.Column("import_wh", sa.BigInteger(), nullable=False),
        sa.Column("export_wh", sa.BigInteger(), nullable=False),
        sa.Column("register_generated_wh", sa.BigInteger(), nullable=False),
        sa.Column("register_import_wh", sa.BigInteger(), nullable=False),
        sa.Column("register_export_wh", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("interval", "meter_id", name=op.f("meter_interval_pkey")),
        schema="backend",
    )
    op.create_index(
        op.f("meter_interval_meter_id_interval_idx"),
        "meter_interval",
        ["meter_id", "interval"],
        unique=False,
        schema="backend",
    )
    op.create_index(
        op.f("meter_interval_meter_id_register_generated_wh_idx"),
        "meter_interval",
        ["meter_id", "register_generated_wh"],
        unique=False,
        schema="backend",
    )
    op.create_table(
        "meter_registered",
        sa.Column("meter_id", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.SmallInteger(), nullable=False),
        sa.Column("category", sa.SmallInteger(), nullable=False),
        sa.Column("generation_capacity_w", sa.BigInteger(), nullable=False),
        sa.Column("connection_capacity_w", sa.BigInteger(), nullable=False),
        sa.Column("feeder", sa.BigInteger(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("import_wh", sa.BigInteger(), nullable=False),
        sa.Column("export_wh", sa.BigInteger(), nullable=False),
        sa.Column("generated_wh", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_table(
        "meter_reinstated",
        sa.Column("meter_id", sa.LargeBinary(), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_index(
        op.f("meter_reinstated_meter_id_idx"),
        "meter_reinstated",
        ["meter_id"],
        unique=False,
        schema="backend",
    )
    op.create_table(
        "meter_suspended",
        sa.Column("meter_id", sa.LargeBinary(), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_index(
        op.f("meter_suspended_meter_id_idx"), "meter_suspended", ["meter_id"], unique=False, schema="backend"
    )
    op.create_table(
        "minted",
        sa.Column("meter_id", sa.LargeBinary(), nullable=False),
        sa.Column("interval", sa.BigInteger(), nullable=False),
        sa.Column("certificate_id", sa.Numeric(precision=78, scale=0), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("wh", sa.BigInteger(), nullable=False),
        sa.Column("claimed_wh", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_index(op.f("minted_interval_idx"), "minted", ["interval"], unique=False, schema="backend")
    op.create_index(
        op.f("minted_meter_id_block_number_log_index_idx"),
        "minted",
        ["meter_id", "block_number", "log_index"],
        unique=False,
        schema="backend",
    )
    op.create_table(
        "oracles_set",
        sa.Column("oracles", sa.ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("quorum", sa.SmallInteger(), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_table(
        "paused_set",
        sa.Column("paused", sa.Boolean(), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_table(
        "reported",
        sa.Column("side", sa.SmallInteger(), nullable=False),
        sa.Column("interval", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("data_hash", sa.LargeBinary(), nullable=False),
        sa.Column("total_wh", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("signers", sa.Numeric(precision=78, scale=0), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_index(op.f("reported_data_hash_idx"), "reported", ["data_hash"], unique=False, schema="backend")
    op.create_index(
        op.f("reported_interval_side_idx"), "reported", ["interval", "side"], unique=True, schema="backend"
    )
    op.create_table(
        "reporter_set",
        sa.Column("reporter", sa.LargeBinary(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_table(
        "retired",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("certificate_id", sa.Numeric(precision=78, scale=0), nullable=False),
        sa.Column("wh", sa.BigInteger(), nullable=False),
        sa.Column("beneficiary", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("co2_grams", sa.Numeric(precision=78, scale=0), nullable=False),
        *_origin(),
        schema="backend",
    )
    op.create_table(
        "transferred",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.Column("recipient", sa.LargeBinary(), nullable=False),
        sa.Column("certificate_id", sa.Numeric(precision=78, scale=0), nullable=False),
        sa.Column("wh", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("block_number", "log_index", "position", name=op.f("transferred_pkey")),
        schema="backend",
    )


_TABLES = """
balance block call_scheduled call_unscheduled certificate co2_factor_set cursor data_set
data_set_reading deployment disputed governor_proposed governor_set guardian_set heartbeat
interval key_rotated meter meter_claim meter_interval meter_registered meter_reinstated
meter_suspended minted oracles_set paused_set reported reporter_set retired transferred
"""


def downgrade() -> None:
    for table in _TABLES.split():
        op.drop_table(table, schema="backend")
