"""What the meter endpoints answer. Energy is integer Wh, times are unix seconds UTC."""

from typing import Literal

from pydantic import BaseModel, Field

from backend.api.community.schemas import Flow

Status = Literal["reported", "verified", "mismatch", "certified"]


class Registers(BaseModel):
    """Cumulative registers at the newest reported reading, the opening ones before the first."""

    timestamp: int
    seq: int = Field(description="0 for the opening registers")
    import_wh: int | None
    export_wh: int | None
    generated_wh: int


class LastInterval(Flow):
    """What the meter moved in its newest reported interval."""

    interval: int


class MeterTotal(Flow):
    """Since the meter was registered."""

    certified_wh: int


class Certified(BaseModel):
    """How far certificates were made from the meter's readings."""

    seq: int
    timestamp: int


class Meter(BaseModel):
    """A meter of the community."""

    meter_id: str
    name: str
    account: str
    kind: str
    source: str
    category: str
    feeder: int
    generation_capacity_w: int
    connection_capacity_w: int
    simulated: bool
    suspended: bool
    registers: Registers
    last: LastInterval | None
    today: Flow
    total: MeterTotal
    certified: Certified
    last_reading_at: int | None = Field(description="Time of the newest reported reading")
    reading_age_seconds: int | None = Field(description="Against the community's `now`")
    last_state_at: int | None = Field(description="Time of the newest telemetry")
    state_age_seconds: int | None = Field(description="Against the community's `now`")
    state_arrived_at: int | None = Field(
        description="Real time when the newest telemetry was sent; null if only a kept one was heard"
    )
    state_arrived_age_seconds: int | None = Field(description="Real seconds since then")
    reading_indexed_at: int | None = Field(
        description="Real time when the report with the newest reading came here"
    )
    reading_indexed_age_seconds: int | None = Field(description="Real seconds since then")
    online: bool | None = Field(
        description="As the meter said last; null if it did not since the connection began"
    )


class MeterPage(BaseModel):
    """Meters in the order they were registered."""

    items: list[Meter]
    next_cursor: str | None


class MeterProduction(Flow):
    """What a meter moved in one interval, or in those that end in one local hour or day; null if unknown."""

    interval: int = Field(description="The interval, or the first that belongs to the hour or day")
    start: int
    end: int
    seq: int | None = Field(description="Of the last reading in it")
    timestamp: int | None = Field(description="Of the last reading in it")
    status: Status | None = Field(description="Of an hour or day: the least of its intervals, mismatch first")
    intervals: int = Field(description="Intervals that the meter reported in")
    intervals_spread: int = Field(
        description="Intervals without a reading of their own. Of an hour or day: those in it that the "
        "energy of the next reading was spread over; of an interval: those before it that it also covers"
    )


class MeterProductionPage(BaseModel):
    """A meter's intervals, hours or days, ascending."""

    bucket: Literal["interval", "hour", "day"]
    items: list[MeterProduction]
    next_cursor: str | None
