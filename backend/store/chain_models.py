"""Where the indexer stands on the chain, and the deployment the database belongs to."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.store.tables import Base, Big, Binary, Small


class Deployment(Base):
    """The one deployment this database mirrors."""

    __tablename__ = "deployment"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[Small] = mapped_column(primary_key=True, autoincrement=False)
    chain_id: Mapped[Big]
    genesis_hash: Mapped[Binary]
    deployment_block: Mapped[Big]
    interval_seconds: Mapped[Big]
    finality_seconds: Mapped[Big]
    registry_address: Mapped[Binary]
    production_address: Mapped[Binary]
    consumption_address: Mapped[Binary]


class Cursor(Base):
    """The last block whose events are in the database."""

    __tablename__ = "cursor"

    chain_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    block_number: Mapped[Big]
    block_hash: Mapped[Binary]
    block_timestamp: Mapped[Big]


class Heartbeat(Base):
    """The chain's head as the indexer last saw it; tells a lag from a quiet chain."""

    __tablename__ = "heartbeat"

    chain_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    head_number: Mapped[Big]
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Block(Base):
    """A block with events, or the last one of an indexed window; old ones without events are pruned.

    `indexed_at` is real time; null for blocks from before it was noted.
    """

    __tablename__ = "block"

    number: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[Binary]
    timestamp: Mapped[Big]
    has_events: Mapped[bool]
    indexed_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
