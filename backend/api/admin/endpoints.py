"""Endpoints for admins. They only read; with accounts' sign-in they will be closed to everybody else."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from backend.api.admin import repository
from backend.api.admin.schemas import (
    Disagreement,
    DisagreementList,
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
    SetAside,
    TelemetryState,
)
from backend.api.admin.signers import OracleSet, SignedReport, count_signatures
from backend.api.answers import answer
from backend.api.community import repository as community_repository
from backend.api.database import Reading, Row
from backend.api.health import LAG
from backend.api.payouts.money import permille
from backend.api.problems import not_indexed
from protocol.ack import Status

router = APIRouter(prefix="/admin", tags=["admin"])

_MOST_SHOWN: Final = 100

Reports = Annotated[int, Query(ge=1, le=1000, description="How many of the newest intervals to look at")]


@router.get("/overview", response_model=Overview, summary="Lags, intervals, meters and telemetry")
async def get_overview(request: Request, snapshot: Reading) -> Response:
    """The community's machinery at a glance."""
    deployment = await community_repository.deployment(snapshot)
    lag = await snapshot.one(LAG)
    if deployment is None or lag is None:
        raise not_indexed()
    counts = await repository.intervals(snapshot)
    waiting = None
    if counts["newest"] is not None:
        ended = deployment["now"] // deployment["interval_seconds"] - 1
        waiting = max(0, ended - counts["newest"])
    telemetry = await repository.telemetry(snapshot)
    overview = Overview(
        now=deployment["now"],
        indexer=_indexer(lag),
        intervals=IntervalCounts(waiting=waiting, **counts),
        meters=MeterCounts(**await repository.meters(snapshot)),
        telemetry=None if telemetry is None else TelemetryState(**telemetry),
        paused=await repository.paused(snapshot),
    )
    return answer(request, overview)


@router.get("/nodes", response_model=NodeList, summary="Oracle nodes and their signatures")
async def list_nodes(request: Request, snapshot: Reading, reports: Reports = 100) -> Response:
    """The oracle set on the chain, and how many of the newest reports each node signed."""
    sets = [
        OracleSet((row["block_number"], row["log_index"]), tuple(row["oracles"]), row["quorum"])
        for row in await repository.oracle_sets(snapshot)
    ]
    signed = [
        SignedReport((row["block_number"], row["log_index"]), row["interval"], int(row["signers"]))
        for row in await repository.signed(snapshot, reports)
    ]
    nodes = NodeList(
        quorum=sets[-1].quorum if sets else 0,
        reports=len({report.interval for report in signed}),
        newest_interval=max((report.interval for report in signed), default=None),
        items=[
            Node(
                address=f"0x{address.hex()}",
                active=node.position is not None,
                position=node.position,
                possible=node.possible,
                signed=node.signed,
                signed_permille=permille(node.signed, node.possible),
                last_signed_interval=node.last_signed_interval,
            )
            for address, node in count_signatures(sets, signed).items()
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
