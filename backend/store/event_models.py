"""One append-only table per event kind, keyed by (block_number, log_index)."""

from sqlalchemy import ARRAY, BigInteger, Index, LargeBinary, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.store.tables import Base, Big, Binary, FromEvent, OfEvent, Small, TokenId


class MeterRegistered(OfEvent, Base):
    """A meter joined with its opening registers."""

    __tablename__ = "meter_registered"

    meter_id: Mapped[Binary]
    account: Mapped[Binary]
    key: Mapped[Binary]
    kind: Mapped[Small]
    source: Mapped[Small]
    category: Mapped[Small]
    generation_capacity_w: Mapped[Big]
    connection_capacity_w: Mapped[Big]
    feeder: Mapped[Big]
    simulated: Mapped[bool]
    timestamp: Mapped[Big]
    import_wh: Mapped[Big]
    export_wh: Mapped[Big]
    generated_wh: Mapped[Big]
    name: Mapped[str]


class KeyRotated(OfEvent, Base):
    """A meter's signing key changed."""

    __tablename__ = "key_rotated"

    meter_id: Mapped[Binary] = mapped_column(index=True)
    key: Mapped[Binary]
    valid_from_interval: Mapped[Big]


class MeterSuspended(OfEvent, Base):
    """A meter was suspended."""

    __tablename__ = "meter_suspended"

    meter_id: Mapped[Binary] = mapped_column(index=True)


class MeterReinstated(OfEvent, Base):
    """A suspended meter was taken back."""

    __tablename__ = "meter_reinstated"

    meter_id: Mapped[Binary] = mapped_column(index=True)


class OraclesSet(OfEvent, Base):
    """The oracle set and its quorum changed."""

    __tablename__ = "oracles_set"

    oracles: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary))
    quorum: Mapped[Small]


class PausedSet(OfEvent, Base):
    """The deployment was paused or resumed."""

    __tablename__ = "paused_set"

    paused: Mapped[bool]


class GovernorProposed(OfEvent, Base):
    """A new governor was proposed."""

    __tablename__ = "governor_proposed"

    account: Mapped[Binary]
    acceptable_from: Mapped[Big]


class GovernorSet(OfEvent, Base):
    """A governor took over."""

    __tablename__ = "governor_set"

    account: Mapped[Binary]


class GuardianSet(OfEvent, Base):
    """The guardian changed."""

    __tablename__ = "guardian_set"

    account: Mapped[Binary]


class CallScheduled(OfEvent, Base):
    """The governor announced a delayed call."""

    __tablename__ = "call_scheduled"

    call_hash: Mapped[Binary]
    ready_at: Mapped[Big]
    call: Mapped[Binary]


class CallUnscheduled(OfEvent, Base):
    """A delayed call was taken back."""

    __tablename__ = "call_unscheduled"

    call_hash: Mapped[Binary]


class ReporterSet(OfEvent, Base):
    """A contract was allowed, or forbidden, to suspend meters upon disputes."""

    __tablename__ = "reporter_set"

    reporter: Mapped[Binary]
    allowed: Mapped[bool]


class Co2FactorSet(OfEvent, Base):
    """The CO2 factor of a source changed."""

    __tablename__ = "co2_factor_set"

    source: Mapped[Small]
    grams_per_mwh: Mapped[Big]


class Reported(OfEvent, Base):
    """The oracle quorum reported an interval; side 0 is production, 1 is consumption."""

    __tablename__ = "reported"
    __table_args__ = (Index(None, "interval", "side", unique=True), Index(None, "data_hash"))

    side: Mapped[Small]
    interval: Mapped[Big]
    root: Mapped[Binary]
    data_hash: Mapped[Binary]
    total_wh: Mapped[Big]
    count: Mapped[Big]
    signers: Mapped[TokenId]


class Disputed(OfEvent, Base):
    """A leaf was proved to contradict its device; kind 0 is other values, 1 is the order of readings."""

    __tablename__ = "disputed"

    side: Mapped[Small]
    interval: Mapped[Big]
    meter_id: Mapped[Binary]
    leaf: Mapped[Binary]
    signers: Mapped[TokenId]
    kind: Mapped[Small]


class ClaimReset(OfEvent, Base):
    """The governor set a disputed meter's claim back in sequence and time, never in energy."""

    __tablename__ = "claim_reset"

    meter_id: Mapped[Binary]
    seq: Mapped[Big]
    timestamp: Mapped[Big]


class Minted(OfEvent, Base):
    """Certificates were made from a meter's claimed generation."""

    __tablename__ = "minted"
    __table_args__ = (Index(None, "meter_id", "block_number", "log_index"), Index(None, "interval"))

    meter_id: Mapped[Binary]
    interval: Mapped[Big]
    certificate_id: Mapped[TokenId]
    account: Mapped[Binary]
    wh: Mapped[Big]
    claimed_wh: Mapped[Big]
    seq: Mapped[Big]
    timestamp: Mapped[Big]


class Retired(OfEvent, Base):
    """Certificates were used up for good."""

    __tablename__ = "retired"

    account: Mapped[Binary]
    certificate_id: Mapped[TokenId]
    wh: Mapped[Big]
    beneficiary: Mapped[Binary]
    reason: Mapped[str]
    co2_grams: Mapped[TokenId]


class Transferred(FromEvent, Base):
    """Certificates moved; a batch transfer is one row per position."""

    __tablename__ = "transferred"
    __table_args__ = (PrimaryKeyConstraint("block_number", "log_index", "position"),)

    position: Mapped[int]
    sender: Mapped[Binary]
    recipient: Mapped[Binary]
    certificate_id: Mapped[TokenId]
    wh: Mapped[int] = mapped_column(BigInteger)
