"""SQL of the meter endpoints."""

from collections.abc import Sequence

from backend.api.database import Row, Snapshot
from backend.api.gaps import shifted, total
from backend.api.intervals.repository import columns_of
from backend.api.periods import Period

_SPANS = (
    "unnest(%(starts)s::bigint[], %(ends)s::bigint[], %(firsts)s::bigint[], %(lasts)s::bigint[])"
    " AS b (start, until, first, last)"
)
_TODAY = "(SELECT %(first)s::bigint AS first, %(last)s::bigint AS last)"

_METERS = f"""
SELECT m.*, c.minted_wh, c.seq AS certified_seq, c.timestamp AS certified_timestamp,
    s.time AS last_state_at, s.online, extract(epoch FROM s.arrived_at)::bigint AS state_arrived_at,
    greatest(0, extract(epoch FROM clock_timestamp() - s.arrived_at))::bigint AS state_arrived_age_seconds,
    extract(epoch FROM k.indexed_at)::bigint AS reading_indexed_at,
    greatest(0, extract(epoch FROM clock_timestamp() - k.indexed_at))::bigint AS reading_indexed_age_seconds,
    '0x' || encode(m.meter_id, 'hex') AS meter, '0x' || encode(m.account, 'hex') AS owner,
    l.generated_wh AS last_generated_wh, l.import_wh AS last_import_wh, l.export_wh AS last_export_wh,
    t.generated_wh AS today_generated_wh, t.import_wh AS today_import_wh, t.export_wh AS today_export_wh
FROM backend.meter m
JOIN backend.meter_claim c USING (meter_id)
LEFT JOIN backend.telemetry_meter s USING (meter_id)
LEFT JOIN backend.meter_interval l ON l.meter_id = m.meter_id AND l.interval = m.last_interval
LEFT JOIN backend.reported p ON p.interval = m.last_interval AND p.side = 0
LEFT JOIN backend.block k ON k.number = p.block_number
LEFT JOIN LATERAL (
    SELECT {total("o", "g")} FROM (
        SELECT sum(generated_wh)::bigint AS generated_wh, sum(import_wh)::bigint AS import_wh,
            sum(export_wh)::bigint AS export_wh
        FROM backend.meter_interval
        WHERE meter_id = m.meter_id AND interval BETWEEN %(first)s AND %(last)s) o,
        ({shifted(_TODAY, condition="e.meter_id = m.meter_id")}) g) t ON true
"""  # noqa: S608 - made of constants

_PAGE = (
    _METERS
    + """
WHERE (m.registered_block, m.registered_log) > (%(block)s, %(log)s)
ORDER BY m.registered_block, m.registered_log LIMIT %(limit)s
"""
)

_ONE = _METERS + "WHERE m.meter_id = %(meter_id)s"

_PRODUCTION = """
SELECT e.interval, e.seq, e.timestamp, e.generated_wh, e.import_wh, e.export_wh,
    e.interval - e.since AS spread,
    CASE WHEN i.status = 1 AND e.register_generated_wh <= c.claimed_wh THEN 3 ELSE i.status END AS status
FROM backend.meter_interval e
JOIN backend.interval i USING (interval)
JOIN backend.meter_claim c ON c.meter_id = e.meter_id
WHERE e.meter_id = %(meter_id)s AND e.interval > %(after)s AND e.interval BETWEEN %(first)s AND %(last)s
ORDER BY e.interval LIMIT %(limit)s
"""


# the least of a bucket's statuses stands for it; a mismatch before all others
_BUCKETS = f"""
SELECT s.start, s.until, s.interval, s.intervals, s.seq, s.timestamp, s.status,
    coalesce(g.spread, 0) AS spread, {total("s", "g")}
FROM (
    SELECT b.start, b.until, b.first AS interval, count(e.interval) AS intervals, max(e.seq) AS seq,
        max(e.timestamp) AS timestamp, sum(e.generated_wh)::bigint AS generated_wh,
        sum(e.import_wh)::bigint AS import_wh, sum(e.export_wh)::bigint AS export_wh,
        CASE WHEN bool_or(e.status = 2) THEN 2 ELSE min(e.status) END AS status
    FROM {_SPANS}
    LEFT JOIN (
        SELECT p.*, CASE WHEN i.status = 1 AND p.register_generated_wh <= c.claimed_wh THEN 3 ELSE i.status
            END AS status
        FROM backend.meter_interval p
        JOIN backend.interval i USING (interval)
        JOIN backend.meter_claim c ON c.meter_id = p.meter_id
        WHERE p.meter_id = %(meter_id)s) e ON e.interval BETWEEN b.first AND b.last
    GROUP BY b.start, b.until, b.first) s
LEFT JOIN ({shifted(f"(SELECT * FROM {_SPANS})", "b.start", "e.meter_id = %(meter_id)s")}) g
    ON g.key = s.start
ORDER BY s.start
"""  # noqa: S608 - made of constants


async def page(snapshot: Snapshot, after: tuple[int, ...], limit: int, today: tuple[int, int]) -> list[Row]:
    """Return meters after a key of (block, log index), in the order of registration."""
    return await snapshot.all(_PAGE, block=after[0], log=after[1], limit=limit, first=today[0], last=today[1])


async def one(snapshot: Snapshot, meter_id: bytes, today: tuple[int, int]) -> Row | None:
    """Return one meter."""
    return await snapshot.one(_ONE, meter_id=meter_id, first=today[0], last=today[1])


async def exists(snapshot: Snapshot, meter_id: bytes) -> bool:
    """Tell whether a meter is registered."""
    found = await snapshot.one("SELECT 1 FROM backend.meter WHERE meter_id = %(meter_id)s", meter_id=meter_id)
    return found is not None


async def production(
    snapshot: Snapshot, meter_id: bytes, after: int, first: int, last: int, limit: int
) -> list[Row]:
    """Return a meter's intervals after `after`, within `first` to `last`."""
    return await snapshot.all(
        _PRODUCTION, meter_id=meter_id, after=after, first=first, last=last, limit=limit
    )


async def buckets(
    snapshot: Snapshot, meter_id: bytes, periods: Sequence[Period], interval_seconds: int
) -> list[Row]:
    """Return what a meter moved in each period."""
    return await snapshot.all(_BUCKETS, meter_id=meter_id, **columns_of(periods, interval_seconds))
