"""What a dispute proved, and claims that the governor set back after one."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("disputed", sa.Column("kind", sa.SmallInteger(), nullable=False), schema="backend")
    op.create_table(
        "claim_reset",
        sa.Column("meter_id", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("block_number", "log_index"),
        schema="backend",
    )


def downgrade() -> None:
    op.drop_table("claim_reset", schema="backend")
    op.drop_column("disputed", "kind", schema="backend")
