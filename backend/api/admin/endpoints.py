"""Endpoints for admins. They only read; with accounts' sign-in they will be closed to everybody else."""

from dataclasses import asdict
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Query, Request, Response

from backend.api.admin import repository
from backend.api.admin.findings import Evidence, judge, verdict
from backend.api.admin.schemas import (
    ClockState,
    Disagreement,
    DisagreementList,
    Finding,
    IndexerLag,
    IntervalCounts,
    MeterCounts,
    Node,
    NodeDisagreements,
    NodeList,
    NodeRefusals,
    Overview,
    RefusalCount,
    RefusalList,
    ReportAge,
    SetAside,
    TelemetryState,
)
from backend.api.admin.signers import NodeRecord, OracleSet, SignedReport, count_signatures
from backend.api.answers import answer
from backend.api.community import repository as community_repository
from backend.api.database import Reading, Row, Snapshot
from backend.api.health import LAG
from backend.api.payouts.money import permille
from backend.api.problems import not_indexed
from backend.api.settings import ApiSettings
from protocol.ack import Status

router = APIRouter(prefix="/admin", tags=["admin"])

_MOST_SHOWN: Final = 100
_JUDGED_REPORTS: Final = 100

Reports = Annotated[int, Query(ge=1, le=1000, description="How many of the newest intervals to look at")]


@router.get("/overview", response_model=Overview, summary="Lags, intervals, meters, and what is wrong")
async def get_overview(request: Request, snapshot: Reading) -> Response:
    """The community's machinery at a glance, judged."""
    settings = request.app.state.settings
    deployment = await community_repository.deployment(snapshot)
    lag = await snapshot.one(LAG)
    if deployment is None or lag is None:
        raise not_indexed()
    counts = await repository.intervals(snapshot)
    waiting = None
    if counts["newest"] is not None:
        ended = deployment["now"] // deployment["interval_seconds"] - 1
        waiting = max(0, ended - counts["newest"])
    told = await repository.telemetry(snapshot)
    report = await community_repository.report(snapshot)
    indexer, paused = _indexer(lag), await repository.paused(snapshot)
    signatures = await _signatures(snapshot, _JUDGED_REPORTS)
    evidence = Evidence(
        interval_seconds=deployment["interval_seconds"],
        blocks_behind=indexer.blocks_behind,
        silence_seconds=indexer.silence_seconds,
        report_age=report["age_seconds"] if report else None,
        waiting=waiting,
        intervals=await repository.troubled(snapshot),
        nodes={f"0x{address.hex()}": node for address, node in signatures.nodes.items()},
        homes=await repository.homes(snapshot, counts["newest"], deployment["interval_seconds"]),
        telemetry=told,
        paused=paused,
        **await _from_nodes(snapshot, settings),
    )
    found = judge(evidence, settings)
    overview = Overview(
        verdict=verdict(found),
        findings=[Finding(**asdict(one)) for one in found],
        report=None if report is None else ReportAge(**report),
        clock=None if told is None else _clock(told),
        now=deployment["now"],
        indexer=indexer,
        intervals=IntervalCounts(waiting=waiting, **counts),
        meters=MeterCounts(**await repository.meters(snapshot)),
        telemetry=None if told is None else TelemetryState(**told),
        paused=paused,
    )
    return answer(request, overview)


@router.get("/nodes", response_model=NodeList, summary="Oracle nodes and their signatures")
async def list_nodes(request: Request, snapshot: Reading, reports: Reports = 100) -> Response:
    """The oracle set on the chain, and how many of the newest reports each node signed."""
    settings = request.app.state.settings
    limit = settings.admin_missed_intervals
    signatures = await _signatures(snapshot, reports)
    nodes = NodeList(
        quorum=signatures.quorum,
        missed_limit=limit,
        reports=len(signatures.intervals),
        newest_interval=max(signatures.intervals, default=None),
        items=[
            Node(
                address=f"0x{address.hex()}",
                active=node.position is not None,
                position=node.position,
                possible=node.possible,
                signed=node.signed,
                signed_permille=permille(node.signed, node.possible),
                last_signed_interval=node.last_signed_interval,
                missed_intervals=node.missed_intervals,
                silent=node.is_silent(limit, settings.admin_missed_seconds),
            )
            for address, node in signatures.nodes.items()
        ],
    )
    return answer(request, nodes)


@router.get("/refusals", response_model=RefusalList, summary="Refused readings by reason")
async def list_refusals(request: Request, snapshot: Reading) -> Response:
    """Per oracle node whose store can be read from here."""
    items = []
    for schema in request.app.state.settings.node_schemas:
        rows = await repository.refusals(snapshot, schema)
        counts = [
            RefusalCount(reason=_reason(row["status"]), count=row["count"], newest_at=row["newest_at"])
            for row in rows or ()
        ]
        items.append(NodeRefusals(node=schema, readable=rows is not None, refusals=counts))
    return answer(request, RefusalList(items=items))


@router.get("/disagreements", response_model=DisagreementList, summary="Disagreements between nodes")
async def list_disagreements(request: Request, snapshot: Reading) -> Response:
    """The newest 100 of each node whose store can be read from here, and the meters it set aside."""
    items = []
    for schema in request.app.state.settings.node_schemas:
        rows = await repository.disagreements(snapshot, schema, _MOST_SHOWN)
        aside = await repository.set_aside(snapshot, schema, _MOST_SHOWN)
        items.append(
            NodeDisagreements(
                node=schema,
                readable=rows is not None and aside is not None,
                disagreements=[Disagreement(**row) for row in rows or ()],
                set_aside=[SetAside(**row) for row in aside or ()],
            )
        )
    return answer(request, DisagreementList(items=items))


class _Signatures(NamedTuple):
    quorum: int
    intervals: set[int]
    nodes: dict[bytes, NodeRecord]


async def _signatures(snapshot: Snapshot, reports: int) -> _Signatures:
    sets = [
        OracleSet((row["block_number"], row["log_index"]), tuple(row["oracles"]), row["quorum"])
        for row in await repository.oracle_sets(snapshot)
    ]
    signed = [
        SignedReport(
            (row["block_number"], row["log_index"]), row["interval"], int(row["signers"]), row["indexed_at"]
        )
        for row in await repository.signed(snapshot, reports)
    ]
    intervals = {report.interval for report in signed}
    return _Signatures(sets[-1].quorum if sets else 0, intervals, count_signatures(sets, signed))


async def _from_nodes(snapshot: Snapshot, settings: ApiSettings) -> dict[str, Any]:
    """Return what nodes' own stores say, as far as they can be read."""
    refused, disagreed, aside = {}, {}, set()
    for schema in settings.node_schemas:
        refused[schema] = await repository.unknown_refused(snapshot, schema, settings.admin_recent_seconds)
        disagreed[schema] = await repository.disagreed(snapshot, schema, settings.admin_recent_seconds)
        rows = await repository.set_aside(snapshot, schema, _MOST_SHOWN) or ()
        aside |= {row["meter_id"] for row in rows}
    return {"unknown_refused": refused, "disagreements": disagreed, "set_aside": sorted(aside)}


def _clock(told: Row) -> ClockState:
    return ClockState(
        time=told["clock"],
        heard_at=told["clock_at"],
        age_seconds=told["clock_age"],
        refused=told["dropped"].get("clock ahead", 0),
    )


def _indexer(lag: Row) -> IndexerLag:
    head, silence = lag["head_number"], lag["silence"]
    return IndexerLag(
        block_number=lag["block_number"],
        head_number=head,
        blocks_behind=None if head is None else max(0, head - lag["block_number"]),
        silence_seconds=None if silence is None else int(silence),
    )


def _reason(status: int) -> str:
    try:
        return Status(status).words
    except ValueError:
        return str(status)
