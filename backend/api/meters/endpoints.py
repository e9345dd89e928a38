"""Endpoints on meters."""

from fastapi import APIRouter, Request, Response

from backend.api.answers import answer
from backend.api.community import repository as community_repository
from backend.api.community.schemas import Flow
from backend.api.database import Reading, Row, Snapshot
from backend.api.inputs import (
    BIG_LIMIT,
    Bound,
    Bucket,
    Cursor,
    From,
    Limit,
    MeterId,
    To,
    read_cursor,
    write_cursor,
)
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
from backend.api.periods import local_day
from backend.api.privacy import may_see_consumption
from backend.api.problems import Problem, not_found, not_indexed
from backend.api.spans import local_buckets
from backend.api.words import CATEGORIES, KINDS, SOURCES, word

router = APIRouter(prefix="/meters", tags=["meters"])


@router.get("", response_model=MeterPage, summary="The community's meters")
async def list_meters(
    request: Request, snapshot: Reading, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """Meters in the order they were registered."""
    after = read_cursor(cursor, 2) or (-1, -1)
    now, today = await _now(request, snapshot)
    rows = await repository.page(snapshot, after, limit + 1, today)
    more = (
        write_cursor(rows[limit - 1]["registered_block"], rows[limit - 1]["registered_log"])
        if len(rows) > limit
        else None
    )
    return answer(request, MeterPage(items=[_meter(row, now) for row in rows[:limit]], next_cursor=more))


@router.get("/{meter_id}", response_model=Meter, summary="One meter")
async def get_meter(request: Request, snapshot: Reading, meter_id: MeterId) -> Response:
    """Its registers, its newest interval, today and in total."""
    now, today = await _now(request, snapshot)
    row = await repository.one(snapshot, meter_id, today)
    if row is None:
        raise _unknown(meter_id)
    return answer(request, _meter(row, now))


@router.get("/{meter_id}/production", response_model=MeterProductionPage, summary="A meter over time")
async def get_production(
    request: Request,
    snapshot: Reading,
    meter_id: MeterId,
    bucket: Bucket = "interval",
    start: From = None,
    end: To = None,
    from_interval: Bound = None,
    to_interval: Bound = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """What the meter moved per reported interval, ascending; or per local hour or day, all at once."""
    deployment = await community_repository.deployment(snapshot)
    if deployment is None:
        raise not_indexed()
    if not await repository.exists(snapshot, meter_id):
        raise _unknown(meter_id)
    seconds = deployment["interval_seconds"]
    if bucket != "interval":
        newest = await community_repository.current(snapshot)
        newest_end = (newest["interval"] + 1) * seconds if newest else None
        periods = local_buckets(start, end, newest_end, bucket, request.app.state.settings.zone)
        rows = await repository.buckets(snapshot, meter_id, periods, seconds)
        items = [_moved(row, row["start"], row["until"], row["intervals"]) for row in rows]
        return answer(request, MeterProductionPage(bucket=bucket, items=items, next_cursor=None))
    after = (read_cursor(cursor, 1) or (-1,))[0]
    first = start // seconds if start is not None else from_interval or 0
    last = BIG_LIMIT - 1 if to_interval is None else to_interval
    if end is not None:
        last = end // seconds - 1
    rows = await repository.production(snapshot, meter_id, after, first, last, limit + 1)
    items = [
        _moved(row, row["interval"] * seconds, (row["interval"] + 1) * seconds, 1) for row in rows[:limit]
    ]
    more = write_cursor(items[-1].interval) if len(rows) > limit else None
    return answer(request, MeterProductionPage(bucket=bucket, items=items, next_cursor=more))


async def _now(request: Request, snapshot: Snapshot) -> tuple[int, tuple[int, int]]:
    """Return community time, and the first and last interval of today."""
    deployment = await community_repository.deployment(snapshot)
    newest = await community_repository.current(snapshot)
    if deployment is None or newest is None:
        return (deployment["now"] if deployment else 0, (0, -1))
    seconds = deployment["interval_seconds"]
    day = local_day(newest["interval"], seconds, request.app.state.settings.zone)
    return deployment["now"], day.intervals(seconds)


def _moved(row: Row, start: int, end: int, intervals: int) -> MeterProduction:
    return MeterProduction(
        interval=row["interval"],
        start=start,
        end=end,
        seq=row["seq"],
        timestamp=row["timestamp"],
        status=None if row["status"] is None else STATUSES[row["status"]],
        intervals=intervals,
        intervals_spread=row["spread"],
        **_flow(row, "").model_dump(),
    )


def _unknown(meter_id: bytes) -> Problem:
    return not_found("meter", f"no meter 0x{meter_id.hex()} is registered in this community")


def _flow(row: Row, prefix: str) -> Flow:
    seen = may_see_consumption()
    return Flow(
        generated_wh=row[f"{prefix}generated_wh"],
        import_wh=row[f"{prefix}import_wh"] if seen else None,
        export_wh=row[f"{prefix}export_wh"] if seen else None,
    )


def _meter(row: Row, now: int) -> Meter:
    total = {
        f"total_{name}": row[name] - row[f"opening_{name}"]
        for name in ("generated_wh", "import_wh", "export_wh")
    }
    last = None
    if row["last_interval"] is not None:
        last = LastInterval(interval=row["last_interval"], **_flow(row, "last_").model_dump())
    read_at = row["timestamp"] if row["seq"] else None
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
        last_reading_at=read_at,
        reading_age_seconds=_age(read_at, now),
        last_state_at=row["last_state_at"],
        state_age_seconds=_age(row["last_state_at"], now),
        state_arrived_at=row["state_arrived_at"],
        state_arrived_age_seconds=row["state_arrived_age_seconds"],
        reading_indexed_at=row["reading_indexed_at"],
        reading_indexed_age_seconds=row["reading_indexed_age_seconds"],
        online=row["online"],
    )


def _age(at: int | None, now: int) -> int | None:
    return None if at is None else max(0, now - at)
