"""What the events and data sets add up to; always recomputable from them."""

from sqlalchemy import BigInteger, Identity, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.store.tables import Base, Big, Binary, Small, TokenId


class Meter(Base):
    """A meter as its events left it, with its newest reported registers."""

    __tablename__ = "meter"
    __table_args__ = (Index(None, "registered_block", "registered_log", unique=True),)

    meter_id: Mapped[Binary] = mapped_column(primary_key=True)
    registered_block: Mapped[Big]
    registered_log: Mapped[int]
    account: Mapped[Binary]
    key: Mapped[Binary]
    name: Mapped[str]
    kind: Mapped[Small]
    source: Mapped[Small]
    category: Mapped[Small]
    generation_capacity_w: Mapped[Big]
    connection_capacity_w: Mapped[Big]
    feeder: Mapped[Big]
    simulated: Mapped[bool]
    suspended: Mapped[bool]
    opening_timestamp: Mapped[Big]
    opening_import_wh: Mapped[Big]
    opening_export_wh: Mapped[Big]
    opening_generated_wh: Mapped[Big]
    last_interval: Mapped[int | None] = mapped_column(BigInteger)
    seq: Mapped[Big]
    timestamp: Mapped[Big]
    import_wh: Mapped[Big]
    export_wh: Mapped[Big]
    generated_wh: Mapped[Big]


class MeterClaim(Base):
    """How far a meter's generation register has been turned into certificates."""

    __tablename__ = "meter_claim"

    meter_id: Mapped[Binary] = mapped_column(primary_key=True)
    claimed_wh: Mapped[Big]
    minted_wh: Mapped[Big]
    seq: Mapped[Big]
    timestamp: Mapped[Big]


class DataSet(Base):
    """The signed readings behind a report, addressed by their hash."""

    __tablename__ = "data_set"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    data_hash: Mapped[Binary] = mapped_column(unique=True)
    production_root: Mapped[Binary]
    leaf_count: Mapped[Big]


class DataSetReading(Base):
    """One signed reading of a data set."""

    __tablename__ = "data_set_reading"

    data_set_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    meter_id: Mapped[Binary] = mapped_column(primary_key=True)
    seq: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    timestamp: Mapped[Big]
    period_seconds: Mapped[Big]
    import_wh: Mapped[Big]
    export_wh: Mapped[Big]
    generated_wh: Mapped[Big]
    flags: Mapped[Big]
    signature: Mapped[Binary]


class Interval(Base):
    """A reported interval: what is known of its data set and what it adds up to.

    Status: 0 reported, 1 verified, 2 mismatch. Energy is null until the data set is stored.
    """

    __tablename__ = "interval"
    __table_args__ = (
        Index("interval_waiting_idx", "interval", postgresql_where=text("data_set_id IS NULL")),
    )

    interval: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    data_set_id: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    data_problem: Mapped[str | None]
    problem: Mapped[str | None]
    generated_wh: Mapped[int] = mapped_column(BigInteger, server_default="0")
    import_wh: Mapped[int] = mapped_column(BigInteger, server_default="0")
    export_wh: Mapped[int] = mapped_column(BigInteger, server_default="0")
    certified_wh: Mapped[int] = mapped_column(BigInteger, server_default="0")
    meters_reporting: Mapped[int] = mapped_column(BigInteger, server_default="0")
    meters_certified: Mapped[int] = mapped_column(BigInteger, server_default="0")


class MeterInterval(Base):
    """What one meter moved up to its last reading in one reported interval, and its registers there.

    It moved it from the begin of interval `since` on, which is earlier than `interval` after a gap.
    """

    __tablename__ = "meter_interval"
    __table_args__ = (
        Index(None, "meter_id", "interval"),
        Index(None, "meter_id", "register_generated_wh"),
        Index("meter_interval_gap_idx", "interval", postgresql_where=text("since < interval")),
    )

    interval: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    meter_id: Mapped[Binary] = mapped_column(primary_key=True)
    seq: Mapped[Big]
    timestamp: Mapped[Big]
    generated_wh: Mapped[Big]
    import_wh: Mapped[Big]
    export_wh: Mapped[Big]
    register_generated_wh: Mapped[Big]
    register_import_wh: Mapped[Big]
    register_export_wh: Mapped[Big]
    since: Mapped[Big]


class Certificate(Base):
    """Totals of one certificate id; supply is minted less retired."""

    __tablename__ = "certificate"

    certificate_id: Mapped[TokenId] = mapped_column(primary_key=True, autoincrement=False)
    minted_wh: Mapped[Big]
    retired_wh: Mapped[Big]


class Balance(Base):
    """One account's part in a certificate id."""

    __tablename__ = "balance"

    account: Mapped[Binary] = mapped_column(primary_key=True)
    certificate_id: Mapped[TokenId] = mapped_column(primary_key=True, autoincrement=False)
    minted_wh: Mapped[Big]
    retired_wh: Mapped[Big]
    wh: Mapped[Big]
