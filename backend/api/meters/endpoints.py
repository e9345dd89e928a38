"""Endpoints on meters.

A single home's import and export are personal data. This is the one place where they leave the backend: once
accounts sign in, `_may_see_consumption` decides per caller and meter, and what may not be seen is null.
"""

from fastapi import APIRouter, Request, Response

from backend.api.answers import answer
from backend.api.community import repository as community_repository
from backend.api.community.schemas import Flow
from backend.api.database import Reading, Row, Snapshot
from backend.api.days import local_day
from backend.api.inputs import BIG_LIMIT, Bound, Cursor, Limit, MeterId, read_cursor, write_cursor
from backend.api.intervals.status import STATUSES
from backend.api.meters import repository
from backend.api.meters.schemas import (
    Certified,
    LastInterval,
    Meter,
    MeterPage,
    MeterProduction,
    MeterProductionPage,
    MeterTotal,
    Registers,
)
from backend.api.problems import Problem, not_found, not_indexed
from backend.api.words import CATEGORIES, KINDS, SOURCES, word

router = APIRouter(prefix="/meters", tags=["meters"])


@router.get("", response_model=MeterPage, summary="The community's meters")
async def list_meters(
    request: Request, snapshot: Reading, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """Meters in the order they were registered."""
    after = read_cursor(cursor, 2) or (-1, -1)
    rows = await repository.page(snapshot, after, limit + 1, await _today(request, snapshot))
    more = (
        write_cursor(rows[limit - 1]["registered_block"], rows[limit - 1]["registered_log"])
        if len(rows) > limit
        else None
    )
    return answer(request, MeterPage(items=[_meter(row) for row in rows[:limit]], next_cursor=more))


@router.get("/{meter_id}", response_model=Meter, summary="One meter")
async def get_meter(request: Request, snapshot: Reading, meter_id: MeterId) -> Response:
    """Its registers, its newest interval, today and in total."""
    row = await repository.one(snapshot, meter_id, await _today(request, snapshot))
    if row is None:
        raise _unknown(meter_id)
    return answer(request, _meter(row))


@router.get("/{meter_id}/production", response_model=MeterProductionPage, summary="A meter's intervals")
async def get_production(
    request: Request,
    snapshot: Reading,
    meter_id: MeterId,
    from_interval: Bound = None,
    to_interval: Bound = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """What the meter moved per reported interval, ascending."""
    deployment = await community_repository.deployment(snapshot)
    if deployment is None:
        raise not_indexed()
    if not await repository.exists(snapshot, meter_id):
        raise _unknown(meter_id)
    after = (read_cursor(cursor, 1) or (-1,))[0]
    last = BIG_LIMIT - 1 if to_interval is None else to_interval
    rows = await repository.production(snapshot, meter_id, after, from_interval or 0, last, limit + 1)
    seconds = deployment["interval_seconds"]
    items = [
        MeterProduction(
            interval=row["interval"],
            start=row["interval"] * seconds,
            end=(row["interval"] + 1) * seconds,
            seq=row["seq"],
            timestamp=row["timestamp"],
            status=STATUSES[row["status"]],
            **_flow(row, "").model_dump(),
        )
        for row in rows[:limit]
    ]
    more = write_cursor(items[-1].interval) if len(rows) > limit else None
    return answer(request, MeterProductionPage(items=items, next_cursor=more))


async def _today(request: Request, snapshot: Snapshot) -> tuple[int, int]:
    deployment = await community_repository.deployment(snapshot)
    newest = await community_repository.current(snapshot)
    if deployment is None or newest is None:
        return (0, -1)
    day = local_day(newest["interval"], deployment["interval_seconds"], request.app.state.settings.zone)
    return (day.first_interval, day.last_interval)


def _unknown(meter_id: bytes) -> Problem:
    return not_found("meter", f"no meter 0x{meter_id.hex()} is registered in this community")


def _may_see_consumption() -> bool:
    """Everybody, as long as the API serves one community's own page on its own machine."""
    return True


def _flow(row: Row, prefix: str) -> Flow:
    seen = _may_see_consumption()
    return Flow(
        generated_wh=row[f"{prefix}generated_wh"],
        import_wh=row[f"{prefix}import_wh"] if seen else None,
        export_wh=row[f"{prefix}export_wh"] if seen else None,
    )


def _meter(row: Row) -> Meter:
    total = {
        f"total_{name}": row[name] - row[f"opening_{name}"]
        for name in ("generated_wh", "import_wh", "export_wh")
    }
    last = None
    if row["last_interval"] is not None:
        last = LastInterval(interval=row["last_interval"], **_flow(row, "last_").model_dump())
    return Meter(
        meter_id=row["meter"],
        name=row["name"],
        account=row["owner"],
        kind=word(KINDS, row["kind"]),
        source=word(SOURCES, row["source"]),
        category=word(CATEGORIES, row["category"]),
        feeder=row["feeder"],
        generation_capacity_w=row["generation_capacity_w"],
        connection_capacity_w=row["connection_capacity_w"],
        simulated=row["simulated"],
        suspended=row["suspended"],
        registers=Registers(timestamp=row["timestamp"], seq=row["seq"], **_flow(row, "").model_dump()),
        last=last,
        today=_flow(row, "today_"),
        total=MeterTotal(certified_wh=row["minted_wh"], **_flow(total, "total_").model_dump()),
        certified=Certified(seq=row["certified_seq"], timestamp=row["certified_timestamp"]),
    )
