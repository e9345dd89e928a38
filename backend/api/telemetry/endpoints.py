"""Endpoints on telemetry."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from backend.api.answers import answer
from backend.api.community import repository as community_repository
from backend.api.database import Reading, Row
from backend.api.inputs import Cursor, From, Limit, MeterId, To, period_of, read_cursor, write_cursor
from backend.api.meters import repository as meters_repository
from backend.api.privacy import may_see_consumption
from backend.api.problems import Problem, not_found, not_indexed
from backend.api.telemetry import repository
from backend.api.telemetry.schemas import (
    CommunityTelemetry,
    MeterTelemetry,
    TelemetryPage,
    TelemetrySeries,
    TelemetryStep,
)

router = APIRouter(tags=["telemetry"])

_DEFAULT_SECONDS: Final = 6 * 3600
_DEFAULT_STEPS: Final = 360
_MOST_STEPS: Final = 2000

Step = Annotated[int | None, Query(ge=1, le=86_400, description="Seconds that one item stands for")]


@router.get("/telemetry", response_model=TelemetryPage, summary="What the meters see now")
async def list_telemetry(
    request: Request, snapshot: Reading, limit: Limit = 1000, cursor: Cursor = None
) -> Response:
    """The newest state and status of every meter that said anything; unsigned, never settled."""
    after = read_cursor(cursor, 2) or (-1, -1)
    deployment = await community_repository.deployment(snapshot)
    if deployment is None:
        raise not_indexed()
    fresh_seconds = request.app.state.settings.telemetry_fresh_seconds
    rows = await repository.page(snapshot, after, limit + 1, fresh_seconds)
    more = None
    if len(rows) > limit:
        more = write_cursor(rows[limit - 1]["registered_block"], rows[limit - 1]["registered_log"])
    page = TelemetryPage(
        now=deployment["now"],
        fresh_seconds=fresh_seconds,
        community=CommunityTelemetry(**await repository.community(snapshot, fresh_seconds)),
        items=[meter_of(row) for row in rows[:limit]],
        next_cursor=more,
    )
    return answer(request, page)


@router.get("/meters/{meter_id}/telemetry", response_model=TelemetrySeries, summary="A meter's history")
async def get_series(
    request: Request,
    snapshot: Reading,
    meter_id: MeterId,
    start: From = None,
    end: To = None,
    step_seconds: Step = None,
) -> Response:
    """Its states in steps of time, with the least, mean and greatest power; by default the last six hours."""
    if not await meters_repository.exists(snapshot, meter_id):
        raise not_found("meter", f"no meter 0x{meter_id.hex()} is registered in this community")
    newest = await repository.newest(snapshot, meter_id)
    if end is None:
        end = max((newest or {}).get("time") or 0, start or 0) + 1
    if start is None:
        start = max(0, end - _DEFAULT_SECONDS)
    span = period_of(start, end)
    step = step_seconds or max(1, -(-(end - start) // _DEFAULT_STEPS))
    if (end - start) // step > _MOST_STEPS:
        raise Problem(
            422,
            "range-too-long",
            "The range is too long",
            f"at most {_MOST_STEPS} steps come in one answer: take a longer step_seconds",
        )
    rows = []
    if newest and may_see_consumption():
        rows = await repository.series(snapshot, newest["number"], start, end, step)
    series = TelemetrySeries(
        meter_id=f"0x{meter_id.hex()}",
        start=span.start,
        end=span.end,
        step_seconds=step,
        items=[TelemetryStep(**row) for row in rows],
    )
    return answer(request, series)


def meter_of(row: Row) -> MeterTelemetry:
    """Return a row of the newest states as it is answered; its power says when people are at home."""
    values = {name: row[name] for name in MeterTelemetry.model_fields}
    if not may_see_consumption():
        values |= dict.fromkeys(("power_w", "power_factor_permille"))
    return MeterTelemetry(**values)
