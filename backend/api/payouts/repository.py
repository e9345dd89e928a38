"""SQL of the payout endpoint."""

from backend.api.database import Row, Snapshot
from backend.api.gaps import shifted, total

_SPAN = "(SELECT %(first)s::bigint AS first, %(last)s::bigint AS last)"

_METERS = f"""
SELECT '0x' || encode(m.meter_id, 'hex') AS meter_id, m.name, '0x' || encode(m.account, 'hex') AS account,
    coalesce(o.intervals + g.spread, o.intervals, 0) AS intervals_known,
    coalesce(g.spread, 0) AS intervals_spread, {total("o", "g")}
FROM backend.meter m
CROSS JOIN LATERAL (
    SELECT count(*) AS intervals, sum(generated_wh)::bigint AS generated_wh,
        sum(import_wh)::bigint AS import_wh, sum(export_wh)::bigint AS export_wh
    FROM backend.meter_interval
    WHERE meter_id = m.meter_id AND interval BETWEEN %(first)s AND %(last)s) o
LEFT JOIN ({shifted(_SPAN, "e.meter_id")}) g ON g.key = m.meter_id
WHERE %(account)s::bytea IS NULL OR m.account = %(account)s
ORDER BY m.registered_block, m.registered_log
"""  # noqa: S608 - made of constants

_FIRST = """
SELECT count(*) AS meters, min(m.opening_timestamp) / d.interval_seconds AS first
FROM backend.deployment d LEFT JOIN backend.meter m ON true GROUP BY d.interval_seconds
"""


async def meters(snapshot: Snapshot, first: int, last: int, account: bytes | None) -> list[Row]:
    """Return what every meter, or those of an account, moved in intervals, in the order of registration.

    Energy is null where no interval of it is known.
    """
    return await snapshot.all(_METERS, first=first, last=last, account=account)


async def begin(snapshot: Snapshot) -> Row:
    """Return how many meters there are, and the first interval that one of them can have measured."""
    return await snapshot.one(_FIRST) or {"meters": 0, "first": None}
