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


class MeterPage(BaseModel):
    """Meters in the order they were registered."""

    items: list[Meter]
    next_cursor: str | None


class MeterProduction(Flow):
    """What a meter moved in one interval, and the reading that said so."""

    interval: int
    start: int
    end: int
    seq: int
    timestamp: int
    status: Status


class MeterProductionPage(BaseModel):
    """A meter's intervals, ascending."""

    items: list[MeterProduction]
    next_cursor: str | None
