"""What the admin endpoints answer."""

from typing import Literal

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


class Finding(BaseModel):
    """Something that is not as it should be; docs/api.md lists the codes with their numbers."""

    code: str
    severity: Literal["info", "warning", "critical"]
    subjects: list[str] = Field(
        description="At most 20 addresses of nodes, meter ids or schemas that it is about"
    )
    numbers: dict[str, int | None] = Field(description="What it was judged by, with the limit")


class ReportAge(BaseModel):
    """The newest report."""

    interval: int
    indexed_at: int | None = Field(description="Real time when its block came here; null if unknown")
    age_seconds: int | None = Field(description="Real seconds since then")


class ClockState(BaseModel):
    """The community clock as it was heard."""

    time: int | None = Field(description="Community time")
    heard_at: int | None = Field(description="Real time when it last moved")
    age_seconds: int | None = Field(description="Real seconds since then")
    refused: int = Field(description="Clock messages ahead of the wall clock since telemetry started")


class Overview(BaseModel):
    """The community's machinery at a glance."""

    verdict: Literal["ok", "warning", "critical"] = Field(description="The worst finding's severity")
    findings: list[Finding] = Field(description="Worst first")
    report: ReportAge | None
    clock: ClockState | None
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
    missed_intervals: int = Field(description="Reported intervals after it while the node was in the set")
    silent: bool = Field(
        description="It is in the set, and missed more than `missed_limit` over some minutes of real time"
    )


class NodeList(BaseModel):
    """The oracle set, and former nodes that were in it for some of the reports."""

    quorum: int
    missed_limit: int = Field(description="Intervals in a row that a node need not sign")
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
