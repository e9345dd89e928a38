"""What the interval endpoints answer. Energy is integer Wh, times are unix seconds UTC."""

from pydantic import BaseModel, Field

from backend.api.community.schemas import Flow
from backend.api.meters.schemas import Status


class IntervalReport(BaseModel):
    """A report as it stands on chain."""

    root: str
    data_hash: str
    total_wh: int
    count: int
    tx_hash: str
    block_number: int
    block_hash: str
    final: bool = Field(description="The finality window has passed at the newest indexed block")


class IntervalItem(Flow):
    """A reported interval; energy is null until its data set is stored."""

    interval: int
    start: int
    end: int
    status: Status
    problem: str | None = Field(description="What does not fit, for a mismatch")
    certified_wh: int
    meters_reporting: int
    production: IntervalReport | None
    consumption: IntervalReport | None


class IntervalPage(BaseModel):
    """Intervals, newest first."""

    items: list[IntervalItem]
    next_cursor: str | None


class CommunityProduction(Flow):
    """What the community moved in one interval."""

    interval: int
    start: int
    end: int
    certified_wh: int
    meters_reporting: int


class CommunityProductionList(BaseModel):
    """Intervals, ascending."""

    items: list[CommunityProduction]


class Leaf(BaseModel):
    """A leaf of the production tree, with what is hashed in it and its way to the root."""

    meter_id: str
    seq: int
    timestamp: int
    flags: int
    generated_wh: int = Field(description="Cumulative generation register")
    salt: str
    leaf: str
    proof: list[str]
    certified: bool


class LeafPage(BaseModel):
    """Production leaves by (meter, seq)."""

    interval: int
    root: str
    data_hash: str
    items: list[Leaf]
    next_cursor: str | None
