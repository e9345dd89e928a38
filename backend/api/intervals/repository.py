"""SQL of the interval endpoints."""

from collections.abc import Sequence

from backend.api.database import Row, Snapshot
from backend.api.gaps import shifted, total
from backend.api.periods import Period

_SIDE = """
    '0x' || encode({0}.root, 'hex') AS {0}_root, '0x' || encode({0}.data_hash, 'hex') AS {0}_data_hash,
    {0}.total_wh AS {0}_total_wh, {0}.count AS {0}_count, '0x' || encode({0}.tx_hash, 'hex') AS {0}_tx_hash,
    {0}.block_number AS {0}_block_number, '0x' || encode({0}b.hash, 'hex') AS {0}_block_hash,
    {0}b.timestamp AS {0}_timestamp
"""

_JOINS = """
LEFT JOIN backend.reported {0} ON {0}.interval = i.interval AND {0}.side = {1}
LEFT JOIN backend.block {0}b ON {0}b.number = {0}.block_number
"""

_INTERVALS = (
    """
SELECT i.interval, i.data_set_id IS NOT NULL AS known, i.generated_wh, i.import_wh, i.export_wh,
    i.certified_wh, i.meters_reporting, i.problem,
    CASE WHEN i.status = 1 AND i.meters_certified = i.meters_reporting THEN 3 ELSE i.status END AS status,
"""
    + _SIDE.format("production")
    + ","
    + _SIDE.format("consumption")
    + "FROM backend.interval i"
    + _JOINS.format("production", 0)
    + _JOINS.format("consumption", 1)
)

_PAGE = _INTERVALS + "WHERE i.interval < %(before)s ORDER BY i.interval DESC LIMIT %(limit)s"
_ONE = _INTERVALS + "WHERE i.interval = %(interval)s"

_PRODUCTION = """
SELECT interval, data_set_id IS NOT NULL AS known, generated_wh, import_wh, export_wh, certified_wh,
    meters_reporting
FROM backend.interval WHERE interval BETWEEN %(first)s AND %(last)s ORDER BY interval LIMIT %(limit)s
"""

_SPANS = (
    "unnest(%(starts)s::bigint[], %(ends)s::bigint[], %(firsts)s::bigint[], %(lasts)s::bigint[])"
    " AS b (start, until, first, last)"
)

_BUCKETS = f"""
SELECT s.start, s.until, s.interval, s.intervals, s.intervals_missing, s.certified_wh, s.meters_reporting,
    coalesce(g.spread, 0) AS intervals_spread, {total("s", "g")}
FROM (
    SELECT b.start, b.until, b.first AS interval, count(i.interval) AS intervals,
        count(*) FILTER (WHERE i.interval IS NOT NULL AND i.data_set_id IS NULL) AS intervals_missing,
        sum(i.generated_wh) FILTER (WHERE i.data_set_id IS NOT NULL)::bigint AS generated_wh,
        sum(i.import_wh) FILTER (WHERE i.data_set_id IS NOT NULL)::bigint AS import_wh,
        sum(i.export_wh) FILTER (WHERE i.data_set_id IS NOT NULL)::bigint AS export_wh,
        coalesce(sum(i.certified_wh), 0)::bigint AS certified_wh,
        coalesce(max(i.meters_reporting), 0)::bigint AS meters_reporting
    FROM {_SPANS} LEFT JOIN backend.interval i ON i.interval BETWEEN b.first AND b.last
    GROUP BY b.start, b.until, b.first) s
LEFT JOIN ({shifted(f"(SELECT * FROM {_SPANS})", "b.start")}) g ON g.key = s.start
ORDER BY s.start
"""  # noqa: S608 - made of constants

_DATA_SET = """
SELECT i.data_set_id, d.leaf_count, '0x' || encode(d.production_root, 'hex') AS root,
    '0x' || encode(d.data_hash, 'hex') AS data_hash
FROM backend.interval i LEFT JOIN backend.data_set d ON d.id = i.data_set_id WHERE i.interval = %(interval)s
"""

_READINGS = """
SELECT r.meter_id, r.seq, r.timestamp, r.flags, r.generated_wh, r.generated_wh <= c.claimed_wh AS certified
FROM backend.data_set_reading r JOIN backend.meter_claim c USING (meter_id)
WHERE r.data_set_id = %(data_set)s ORDER BY r.meter_id, r.seq OFFSET %(start)s LIMIT %(limit)s
"""


async def page(snapshot: Snapshot, before: int, limit: int) -> list[Row]:
    """Return intervals before `before`, newest first."""
    return await snapshot.all(_PAGE, before=before, limit=limit)


async def one(snapshot: Snapshot, interval: int) -> Row | None:
    """Return one interval."""
    return await snapshot.one(_ONE, interval=interval)


async def production(snapshot: Snapshot, first: int, last: int, limit: int) -> list[Row]:
    """Return the community's intervals `first` to `last`, ascending."""
    return await snapshot.all(_PRODUCTION, first=first, last=last, limit=limit)


async def buckets(snapshot: Snapshot, periods: Sequence[Period], interval_seconds: int) -> list[Row]:
    """Return what the community moved in each period."""
    return await snapshot.all(_BUCKETS, **columns_of(periods, interval_seconds))


def columns_of(periods: Sequence[Period], interval_seconds: int) -> dict[str, list[int]]:
    """Return periods as the columns that statements unnest."""
    ranges = [period.intervals(interval_seconds) for period in periods]
    return {
        "starts": [period.start for period in periods],
        "ends": [period.end for period in periods],
        "firsts": [first for first, _ in ranges],
        "lasts": [last for _, last in ranges],
    }


async def data_set(snapshot: Snapshot, interval: int) -> Row | None:
    """Return an interval's data set; its id is None where it is not stored."""
    return await snapshot.one(_DATA_SET, interval=interval)


async def readings(snapshot: Snapshot, data_set_id: int, start: int, limit: int | None) -> list[Row]:
    """Return readings of a data set by (meter, seq), from place `start` on; without `limit` all of them."""
    return await snapshot.all(_READINGS, data_set=data_set_id, start=start, limit=limit)
