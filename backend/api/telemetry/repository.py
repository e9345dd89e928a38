"""SQL of the telemetry endpoints and of the stream's telemetry events."""

from datetime import datetime
from typing import Final

from backend.api.database import Row, Snapshot

# a status that was never said does not make a state old
_FRESH: Final = (
    "coalesce(t.arrived_at > clock_timestamp() - make_interval(secs => %(fresh)s)"
    " AND t.online IS DISTINCT FROM false, false)"
)

_AGE: Final = "greatest(0, extract(epoch FROM clock_timestamp() - {}))::bigint"

_METERS: Final = f"""
SELECT '0x' || encode(t.meter_id, 'hex') AS meter_id, t.time,
    extract(epoch FROM t.arrived_at)::bigint AS arrived_at, {_AGE.format("t.arrived_at")}
        AS arrived_age_seconds, {_FRESH} AS fresh, t.online, t.power_w,
    t.generation_w, t.voltage_decivolt, t.frequency_millihertz, t.power_factor_permille,
    t.temperature_decicelsius, m.registered_block, m.registered_log, t.changed_at
FROM backend.telemetry_meter t JOIN backend.meter m USING (meter_id)
"""  # noqa: S608 - parts of the statement

_PAGE = (
    _METERS
    + """
WHERE t.changed_at IS NOT NULL AND (m.registered_block, m.registered_log) > (%(block)s, %(log)s)
ORDER BY m.registered_block, m.registered_log LIMIT %(limit)s
"""
)

_CHANGED = (
    _METERS
    + """
WHERE t.changed_at > %(since)s
ORDER BY t.changed_at DESC, m.registered_block, m.registered_log LIMIT %(limit)s
"""
)

_COMMUNITY = f"""
SELECT count(*) AS meters, count(t.time) AS heard, count(*) FILTER (WHERE {_FRESH}) AS fresh,
    count(*) FILTER (WHERE t.online) AS online, count(*) FILTER (WHERE NOT t.online) AS offline,
    sum(t.power_w) FILTER (WHERE {_FRESH})::bigint AS power_w,
    sum(t.generation_w) FILTER (WHERE {_FRESH})::bigint AS generation_w, max(t.time) AS newest_at,
    {_AGE.format("max(t.arrived_at)")} AS newest_arrived_age_seconds
FROM backend.meter m LEFT JOIN backend.telemetry_meter t USING (meter_id)
"""  # noqa: S608 - parts of the statement

_NEWEST = "SELECT number, time FROM backend.telemetry_meter WHERE meter_id = %(meter_id)s"

_SERIES = """
SELECT time / %(step)s * %(step)s AS time, count(*) AS count,
    min(power_w) AS power_min_w, round(avg(power_w))::bigint AS power_mean_w, max(power_w) AS power_max_w,
    min(generation_w) AS generation_min_w, round(avg(generation_w))::bigint AS generation_mean_w,
    max(generation_w) AS generation_max_w, round(avg(voltage_decivolt))::bigint AS voltage_mean_decivolt,
    round(avg(frequency_millihertz))::bigint AS frequency_mean_millihertz,
    round(avg(power_factor_permille))::bigint AS power_factor_mean_permille,
    round(avg(temperature_decicelsius))::bigint AS temperature_mean_decicelsius
FROM backend.telemetry WHERE number = %(number)s AND time >= %(first)s AND time < %(last)s
GROUP BY 1 ORDER BY 1
"""


async def page(snapshot: Snapshot, after: tuple[int, ...], limit: int, fresh_seconds: int) -> list[Row]:
    """Return meters with a state or a status after a key of (block, log index)."""
    return await snapshot.all(_PAGE, block=after[0], log=after[1], limit=limit, fresh=fresh_seconds)


async def changed(snapshot: Snapshot, since: datetime, limit: int, fresh_seconds: int) -> list[Row]:
    """Return meters that said something after `since`, the newest first."""
    return await snapshot.all(_CHANGED, since=since, limit=limit, fresh=fresh_seconds)


async def community(snapshot: Snapshot, fresh_seconds: int) -> Row:
    """Return all meters together."""
    return await snapshot.one(_COMMUNITY, fresh=fresh_seconds) or {}


async def newest(snapshot: Snapshot, meter_id: bytes) -> Row | None:
    """Return a meter's number in the history and the time of its newest state; None if never listened to."""
    return await snapshot.one(_NEWEST, meter_id=meter_id)


async def series(snapshot: Snapshot, number: int, first: int, last: int, step: int) -> list[Row]:
    """Return a meter's history from `first` to before `last` in steps of `step` seconds."""
    return await snapshot.all(_SERIES, number=number, first=first, last=last, step=step)
