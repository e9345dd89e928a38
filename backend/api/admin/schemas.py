"""What the admin endpoints answer."""

from pydantic import BaseModel, Field


class IndexerLag(BaseModel):
    """How far the data are behind the chain."""

    block_number: int
    head_number: int | None
    blocks_behind: int | None
    silence_seconds: int | None = Field(description="Since the indexer was heard of; null if it never was")


class IntervalCounts(BaseModel):
    """Reported intervals by what is known of them, and those that wait for a report."""

    reported: int
    verified: int
    mismatched: int
    data_sets_missing: int
    half_reported: int = Field(description="Only one of the two reports is on the chain")
    uncertified: int = Field(description="Generation of some leaf is not claimed yet")
    newest: int | None
    waiting: int | None = Field(
        description="Ended by the community clock after the newest report, the usual grace included"
    )


class MeterCounts(BaseModel):
    """Meters by what was heard of them."""

    total: int
    suspended: int
    online: int
    offline: int
    unknown: int = Field(description="Never said whether they are online")
    with_state: int
    with_reading: int


class TelemetryState(BaseModel):
    """The telemetry service's account of itself since it started."""

    running: bool = Field(description="It wrote within the last 30 seconds")
    started_at: int = Field(description="Real time")
    seen_at: int = Field(description="Real time")
    taken: int
    stored: int
    dropped: dict[str, int] = Field(description="Messages that did not count, by reason")


class Overview(BaseModel):
    """The community's machinery at a glance."""

    now: int
    indexer: IndexerLag
    intervals: IntervalCounts
    meters: MeterCounts
    telemetry: TelemetryState | None
    paused: bool = Field(description="The guardian or governor paused the contracts")


class Node(BaseModel):
    """An oracle node on the chain and its part in the newest reports of both contracts."""

    address: str
    active: bool
    position: int | None = Field(description="Its bit in a report's signers; null for a former node")
    possible: int = Field(description="Reports while it was in the set")
    signed: int
    signed_permille: int | None
    last_signed_interval: int | None


class NodeList(BaseModel):
    """The oracle set, and former nodes that were in it for some of the reports."""

    quorum: int
    reports: int = Field(description="Newest intervals that were looked at")
    newest_interval: int | None
    items: list[Node]


class RefusalCount(BaseModel):
    """Readings that a node refused for one reason; old ones are forgotten by the nodes."""

    reason: str
    count: int
    newest_at: int = Field(description="Real time")


class NodeRefusals(BaseModel):
    """One node's refusals."""

    node: str = Field(description="The node's schema")
    readable: bool
    refusals: list[RefusalCount]


class RefusalList(BaseModel):
    """Refused readings by node and reason."""

    items: list[NodeRefusals]


class Disagreement(BaseModel):
    """What a node could not agree on with another."""

    interval: int
    peer: str | None
    meter_id: str | None
    seq: int | None
    words: str
    noted_at: int = Field(description="Real time")


class SetAside(BaseModel):
    """A meter that contradicted itself, so that reports go on without it."""

    meter_id: str
    words: str
    noted_at: int = Field(description="Real time")


class NodeDisagreements(BaseModel):
    """One node's disagreements, newest first, and the meters it set aside."""

    node: str = Field(description="The node's schema")
    readable: bool
    disagreements: list[Disagreement]
    set_aside: list[SetAside]


class DisagreementList(BaseModel):
    """Disagreements by node."""

    items: list[NodeDisagreements]
