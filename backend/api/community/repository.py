"""SQL of the community endpoints."""

from backend.api.database import Row, Snapshot
from backend.api.gaps import shifted, total
from protocol.clock import CLOCK_AHEAD_SECONDS

_DEPLOYMENT = """
SELECT d.chain_id, d.interval_seconds, d.finality_seconds, c.block_number, c.block_timestamp,
    greatest(c.block_timestamp, (
        SELECT clock FROM backend.telemetry_service
        WHERE clock <= extract(epoch FROM clock_timestamp()) + %(ahead)s)) AS now,
    '0x' || encode(c.block_hash, 'hex') AS block_hash,
    '0x' || encode(d.registry_address, 'hex') AS registry,
    '0x' || encode(d.production_address, 'hex') AS production,
    '0x' || encode(d.consumption_address, 'hex') AS consumption
FROM backend.deployment d JOIN backend.cursor c USING (chain_id)
"""

_TOTALS = """
SELECT i.reports, i.reports AS intervals, i.intervals_missing, i.readings, i.generated_wh, i.import_wh,
    i.export_wh, c.certified_wh, c.retired_wh
FROM (
    SELECT count(*) AS reports, count(*) FILTER (WHERE i.data_set_id IS NULL) AS intervals_missing,
        coalesce(sum(d.leaf_count), 0)::bigint AS readings,
        coalesce(sum(i.generated_wh), 0)::bigint AS generated_wh,
        coalesce(sum(i.import_wh), 0)::bigint AS import_wh,
        coalesce(sum(i.export_wh), 0)::bigint AS export_wh
    FROM backend.interval i LEFT JOIN backend.data_set d ON d.id = i.data_set_id) i,
    (SELECT coalesce(sum(minted_wh), 0)::bigint AS certified_wh,
        coalesce(sum(retired_wh), 0)::bigint AS retired_wh FROM backend.certificate) c
"""

_CURRENT = """
SELECT interval, data_set_id IS NOT NULL AS known, generated_wh, import_wh, export_wh, meters_reporting
FROM backend.interval ORDER BY interval DESC LIMIT 1
"""

_RANGE = f"""
SELECT m.intervals, m.intervals_missing, m.certified_wh, coalesce(g.spread, 0) AS intervals_spread,
    {total("m", "g")}
FROM (
    SELECT count(*) AS intervals, count(*) FILTER (WHERE data_set_id IS NULL) AS intervals_missing,
        coalesce(sum(certified_wh), 0)::bigint AS certified_wh,
        sum(generated_wh) FILTER (WHERE data_set_id IS NOT NULL)::bigint AS generated_wh,
        sum(import_wh) FILTER (WHERE data_set_id IS NOT NULL)::bigint AS import_wh,
        sum(export_wh) FILTER (WHERE data_set_id IS NOT NULL)::bigint AS export_wh
    FROM backend.interval WHERE interval BETWEEN %(first)s AND %(last)s) m,
    ({shifted("(SELECT %(first)s::bigint AS first, %(last)s::bigint AS last)")}) g
"""  # noqa: S608 - made of constants

_REPORT = """
SELECT r.interval, extract(epoch FROM b.indexed_at)::bigint AS indexed_at,
    greatest(0, extract(epoch FROM clock_timestamp() - b.indexed_at))::bigint AS age_seconds
FROM backend.reported r LEFT JOIN backend.block b ON b.number = r.block_number
ORDER BY r.interval DESC, r.block_number DESC LIMIT 1
"""


async def deployment(snapshot: Snapshot) -> Row | None:
    """Return the deployment and the newest indexed block, None before the indexer found them."""
    return await snapshot.one(_DEPLOYMENT, ahead=CLOCK_AHEAD_SECONDS)


async def totals(snapshot: Snapshot) -> Row:
    """Return the sums over everything."""
    return await snapshot.one(_TOTALS) or {}


async def current(snapshot: Snapshot) -> Row | None:
    """Return the newest reported interval."""
    return await snapshot.one(_CURRENT)


async def between(snapshot: Snapshot, first: int, last: int) -> Row:
    """Return the sums over the intervals `first` to `last`, flows of gaps pro rata; null if none is known."""
    return await snapshot.one(_RANGE, first=first, last=last) or {}


async def report(snapshot: Snapshot) -> Row | None:
    """Return the newest report with the real time when its block was indexed."""
    return await snapshot.one(_REPORT)


async def meters(snapshot: Snapshot) -> int:
    """Return the number of meters."""
    row = await snapshot.one("SELECT count(*) AS meters FROM backend.meter")
    return int(row["meters"]) if row else 0
