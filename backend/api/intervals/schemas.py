"""What the interval endpoints answer. Energy is integer Wh, times are unix seconds UTC."""

from typing import Literal

from pydantic import BaseModel, Field

from backend.api.community.schemas import Covered, Flow
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


class CommunityProduction(Flow, Covered):
    """What the community moved in one interval, or in the intervals that end in one local hour or day."""

    interval: int = Field(description="The interval, or the first that belongs to the hour or day")
    start: int
    end: int
    certified_wh: int
    intervals_spread: int = Field(
        description="Intervals of single meters, without a reading of their own, that the energy of the next "
        "reading was spread over; 0 for an interval, which is as measured"
    )
    meters_reporting: int = Field(description="Of an hour or day: the most in one of its intervals")


class CommunityProductionList(BaseModel):
    """Intervals, hours or days, ascending."""

    bucket: Literal["interval", "hour", "day"]
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
