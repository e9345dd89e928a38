"""Endpoints on intervals."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from backend.api.answers import answer
from backend.api.community import repository as community_repository
from backend.api.database import Reading, Row, Snapshot
from backend.api.inputs import (
    BIG_LIMIT,
    Bound,
    Bucket,
    Cursor,
    From,
    Interval,
    Limit,
    To,
    read_cursor,
    write_cursor,
)
from backend.api.intervals import repository
from backend.api.intervals.proofs import LeafTrees, leaf_tree, proved_leaves
from backend.api.intervals.schemas import (
    CommunityProduction,
    CommunityProductionList,
    IntervalItem,
    IntervalPage,
    IntervalReport,
    LeafPage,
)
from backend.api.intervals.status import STATUSES
from backend.api.problems import Problem, not_found, not_indexed
from backend.api.spans import LONGEST, local_buckets

router = APIRouter(tags=["intervals"])

_DEFAULT_INTERVALS = 96


@router.get("/production", response_model=CommunityProductionList, summary="The community over time")
async def get_production(
    request: Request,
    snapshot: Reading,
    bucket: Bucket = "interval",
    start: From = None,
    end: To = None,
    from_interval: Bound = None,
    to_interval: Bound = None,
) -> Response:
    """What the community moved per interval, hour or day, ascending, at most 1000 of them.

    By default the last 96 intervals, 48 hours or 31 days up to the newest reported interval.
    """
    deployment = await _deployment(snapshot)
    seconds = deployment["interval_seconds"]
    newest = await community_repository.current(snapshot)
    if bucket == "interval":
        last = to_interval if to_interval is not None else (newest["interval"] if newest else 0)
        if end is not None:
            last = end // seconds - 1
        first = from_interval if from_interval is not None else max(0, last - _DEFAULT_INTERVALS + 1)
        if start is not None:
            first = start // seconds
        rows = await repository.production(snapshot, first, last, LONGEST)
        items = [_of_interval(row, seconds) for row in rows]
    else:
        zone = request.app.state.settings.zone
        newest_end = (newest["interval"] + 1) * seconds if newest else None
        periods = local_buckets(start, end, newest_end, bucket, zone)
        rows = await repository.buckets(snapshot, periods, seconds)
        items = [CommunityProduction(end=row.pop("until"), **row) for row in rows]
    return answer(request, CommunityProductionList(bucket=bucket, items=items))


@router.get("/intervals", response_model=IntervalPage, summary="Reported intervals")
async def list_intervals(
    request: Request, snapshot: Reading, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """Reported intervals with their reports on chain, newest first."""
    before = (read_cursor(cursor, 1) or (BIG_LIMIT - 1,))[0]
    deployment = await _deployment(snapshot)
    rows = await repository.page(snapshot, before, limit + 1)
    items = [_item(row, deployment) for row in rows[:limit]]
    more = write_cursor(items[-1].interval) if len(rows) > limit else None
    return answer(request, IntervalPage(items=items, next_cursor=more))


@router.get("/intervals/{interval}", response_model=IntervalItem, summary="One interval")
async def get_interval(request: Request, snapshot: Reading, interval: Interval) -> Response:
    """An interval and its reports."""
    deployment = await _deployment(snapshot)
    row = await repository.one(snapshot, interval)
    if row is None:
        raise _unknown(interval)
    return answer(request, _item(row, deployment))


@router.get("/intervals/{interval}/leaves", response_model=LeafPage, summary="Production leaves with proofs")
async def list_leaves(
    request: Request, snapshot: Reading, interval: Interval, limit: Limit = 1000, cursor: Cursor = None
) -> Response:
    """The leaves of the production tree with their inclusion proofs, by (meter, seq)."""
    start = (read_cursor(cursor, 1) or (0,))[0]
    found = await repository.data_set(snapshot, interval)
    if found is None:
        raise _unknown(interval)
    if found["data_set_id"] is None:
        raise not_found("data-set", f"interval {interval} is reported, but its data set is not verified yet")
    trees: LeafTrees = request.app.state.leaf_trees
    tree = trees.get(found["data_hash"])
    if tree is None:
        rows = await repository.readings(snapshot, found["data_set_id"], 0, None)
        # hashing a large tree must not hold up other requests
        tree = await asyncio.to_thread(leaf_tree, rows)
        trees.put(found["data_hash"], tree)
        rows = rows[start : start + limit]
    else:
        rows = await repository.readings(snapshot, found["data_set_id"], start, limit)
    items = await asyncio.to_thread(proved_leaves, tree, rows)
    more = write_cursor(start + limit) if start + limit < found["leaf_count"] else None
    page = LeafPage(
        interval=interval, root=found["root"], data_hash=found["data_hash"], items=items, next_cursor=more
    )
    return answer(request, page)


async def _deployment(snapshot: Snapshot) -> Row:
    deployment = await community_repository.deployment(snapshot)
    if deployment is None:
        raise not_indexed()
    return deployment


def _unknown(interval: int) -> Problem:
    return not_found("interval", f"interval {interval} was not reported")


def _of_interval(row: Row, interval_seconds: int) -> CommunityProduction:
    return CommunityProduction(
        certified_wh=row["certified_wh"],
        meters_reporting=row["meters_reporting"],
        intervals=1,
        intervals_missing=0 if row["known"] else 1,
        intervals_spread=0,
        **_span(row, interval_seconds),
    )


def _span(row: Row, interval_seconds: int) -> dict[str, Any]:
    interval, known = row["interval"], row["known"]
    return {
        "interval": interval,
        "start": interval * interval_seconds,
        "end": (interval + 1) * interval_seconds,
        "generated_wh": row["generated_wh"] if known else None,
        "import_wh": row["import_wh"] if known else None,
        "export_wh": row["export_wh"] if known else None,
    }


def _item(row: Row, deployment: Row) -> IntervalItem:
    return IntervalItem(
        status=STATUSES[row["status"]],
        problem=row["problem"],
        certified_wh=row["certified_wh"],
        meters_reporting=row["meters_reporting"],
        production=_report(row, "production", deployment),
        consumption=_report(row, "consumption", deployment),
        **_span(row, deployment["interval_seconds"]),
    )


def _report(row: Row, side: str, deployment: Row) -> IntervalReport | None:
    if row[f"{side}_root"] is None:
        return None
    names = ("root", "data_hash", "total_wh", "count", "tx_hash", "block_number", "block_hash")
    final_from = row[f"{side}_timestamp"] + deployment["finality_seconds"]
    return IntervalReport(
        **{name: row[f"{side}_{name}"] for name in names}, final=deployment["block_timestamp"] >= final_from
    )
