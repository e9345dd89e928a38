"""Telemetry: what meters say unsigned between their readings. Shown and analysed, never settled."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Integer, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.store.tables import Base, Big, Binary, Small


class StateValues:
    """One state's values, in the units of their names; null where the meter has no sensor."""

    generation_w: Mapped[int | None] = mapped_column(Integer)
    voltage_decivolt: Mapped[int | None] = mapped_column(Integer)
    frequency_millihertz: Mapped[int | None] = mapped_column(Integer)
    power_factor_permille: Mapped[int | None] = mapped_column(SmallInteger)
    temperature_decicelsius: Mapped[int | None] = mapped_column(SmallInteger)


class TelemetryMeter(StateValues, Base):
    """A meter's newest state and status; its number stands for it in the history, which is long."""

    __tablename__ = "telemetry_meter"

    number: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    meter_id: Mapped[Binary] = mapped_column(unique=True)
    time: Mapped[int | None] = mapped_column(BigInteger)
    arrived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    power_w: Mapped[int | None] = mapped_column(Integer)
    online: Mapped[bool | None]
    changed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Telemetry(StateValues, Base):
    """The history of states; one partition per UTC day, made when its first state comes, dropped when old."""

    __tablename__ = "telemetry"
    __table_args__ = {"postgresql_partition_by": "RANGE (time)"}  # noqa: RUF012 - SQLAlchemy's own form

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    time: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    power_w: Mapped[int] = mapped_column(Integer)


class TelemetryService(Base):
    """The one telemetry service: when it wrote, the clock and when it moved, what it took and dropped."""

    __tablename__ = "telemetry_service"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[Small] = mapped_column(primary_key=True, autoincrement=False)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    clock: Mapped[int | None] = mapped_column(BigInteger)
    clock_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    taken: Mapped[Big]
    stored: Mapped[Big]
    dropped: Mapped[dict[str, int]] = mapped_column(JSONB)
