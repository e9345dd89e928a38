"""SQL of the admin endpoints. Schemas of nodes are named by settings, which take plain identifiers only."""

from typing import Final

from backend.api.database import Row, Snapshot
from protocol.ack import Status

_INTERVALS: Final = """
SELECT count(*) AS reported, count(*) FILTER (WHERE status = 1) AS verified,
    count(*) FILTER (WHERE status = 2) AS mismatched,
    count(*) FILTER (WHERE data_set_id IS NULL) AS data_sets_missing,
    count(*) FILTER (WHERE data_set_id IS NOT NULL AND meters_certified < meters_reporting) AS uncertified,
    max(interval) AS newest,
    (SELECT count(*) FROM (SELECT 1 FROM backend.reported GROUP BY interval HAVING count(*) = 1) h)
        AS half_reported
FROM backend.interval
"""

# the newest interval's reports and readings may be on their way
_TROUBLED: Final = """
WITH earlier AS (SELECT * FROM backend.interval WHERE interval < (SELECT max(interval) FROM backend.interval))
SELECT (SELECT count(*) FROM backend.interval WHERE status = 2) AS mismatched,
    (SELECT count(*) FROM earlier WHERE data_set_id IS NULL) AS data_sets_missing,
    (SELECT count(*) FROM (SELECT 1 FROM backend.reported JOIN earlier USING (interval)
        GROUP BY interval HAVING count(*) = 1) h) AS half_reported
"""

# a state that the broker had kept says nothing of now: the meter is silent since telemetry began to listen
_HOMES: Final = """
SELECT '0x' || encode(m.meter_id, 'hex') AS meter_id, t.online, m.last_interval IS NULL AS never,
    extract(epoch FROM clock_timestamp() - coalesce(t.arrived_at, CASE WHEN t.time IS NOT NULL THEN
        (SELECT started_at FROM backend.telemetry_service) END))::bigint AS state_age,
    %(newest)s::bigint - coalesce(m.last_interval, m.opening_timestamp / %(seconds)s - 1) AS behind
FROM backend.meter m LEFT JOIN backend.telemetry_meter t USING (meter_id) WHERE NOT m.suspended
"""

_UNKNOWN_REFUSED: Final = """
SELECT count(*) AS count FROM {}.refusal
WHERE status = %(status)s AND received_at > clock_timestamp() - make_interval(secs => %(recent)s)
"""

_DISAGREED: Final = """
SELECT count(*) AS count FROM {}.disagreement
WHERE noted_at > clock_timestamp() - make_interval(secs => %(recent)s)
"""

_METERS: Final = """
SELECT count(*) AS total, count(*) FILTER (WHERE m.suspended) AS suspended,
    count(*) FILTER (WHERE t.online) AS online, count(*) FILTER (WHERE NOT t.online) AS offline,
    count(*) FILTER (WHERE t.online IS NULL) AS unknown, count(t.time) AS with_state,
    count(*) FILTER (WHERE m.seq > 0) AS with_reading
FROM backend.meter m LEFT JOIN backend.telemetry_meter t USING (meter_id)
"""

_TELEMETRY: Final = """
SELECT clock_timestamp() - seen_at < interval '30 seconds' AS running, taken, stored, dropped,
    extract(epoch FROM started_at)::bigint AS started_at, extract(epoch FROM seen_at)::bigint AS seen_at,
    extract(epoch FROM clock_timestamp() - seen_at)::bigint AS silence_seconds, clock,
    extract(epoch FROM clock_at)::bigint AS clock_at,
    extract(epoch FROM clock_timestamp() - clock_at)::bigint AS clock_age
FROM backend.telemetry_service
"""

_PAUSED: Final = "SELECT paused FROM backend.paused_set ORDER BY block_number DESC, log_index DESC LIMIT 1"

_ORACLE_SETS: Final = """
SELECT block_number, log_index, oracles, quorum FROM backend.oracles_set ORDER BY block_number, log_index
"""

_SIGNED: Final = """
SELECT block_number, log_index, interval, signers, extract(epoch FROM b.indexed_at)::bigint AS indexed_at
FROM backend.reported JOIN backend.block b ON b.number = block_number
WHERE interval IN (SELECT interval FROM backend.interval ORDER BY interval DESC LIMIT %(reports)s)
"""

_REFUSALS: Final = """
SELECT status, count(*) AS count, extract(epoch FROM max(received_at))::bigint AS newest_at
FROM {}.refusal GROUP BY status ORDER BY count DESC, status
"""

_DISAGREEMENTS: Final = """
SELECT interval, '0x' || encode(peer, 'hex') AS peer, '0x' || encode(meter_id, 'hex') AS meter_id, seq, words,
    extract(epoch FROM noted_at)::bigint AS noted_at
FROM {}.disagreement ORDER BY id DESC LIMIT %(limit)s
"""

_SET_ASIDE: Final = """
SELECT '0x' || encode(meter_id, 'hex') AS meter_id, words, extract(epoch FROM noted_at)::bigint AS noted_at
FROM {}.set_aside ORDER BY noted_at DESC LIMIT %(limit)s
"""


async def intervals(snapshot: Snapshot) -> Row:
    """Return reported intervals, counted."""
    return await snapshot.one(_INTERVALS) or {}


async def troubled(snapshot: Snapshot) -> Row:
    """Return how many intervals are not as they should be, those that may be on their way left out."""
    return await snapshot.one(_TROUBLED) or {}


async def homes(snapshot: Snapshot, newest: int | None, interval_seconds: int) -> list[Row]:
    """Return what was heard of each meter in service: status, age of its state, intervals behind `newest`."""
    return await snapshot.all(_HOMES, newest=newest, seconds=interval_seconds)


async def unknown_refused(snapshot: Snapshot, schema: str, recent_seconds: int) -> int:
    """Return how many readings of unknown meters a node refused lately, 0 if its store cannot be read."""
    rows = await snapshot.all_of_another_room(
        _UNKNOWN_REFUSED.format(schema), status=Status.UNKNOWN_METER.value, recent=recent_seconds
    )
    return rows[0]["count"] if rows else 0


async def disagreed(snapshot: Snapshot, schema: str, recent_seconds: int) -> int:
    """Return how many disagreements a node noted lately, 0 if its store cannot be read."""
    rows = await snapshot.all_of_another_room(_DISAGREED.format(schema), recent=recent_seconds)
    return rows[0]["count"] if rows else 0


async def meters(snapshot: Snapshot) -> Row:
    """Return meters, counted."""
    return await snapshot.one(_METERS) or {}


async def telemetry(snapshot: Snapshot) -> Row | None:
    """Return the telemetry service's account, None if it never ran."""
    return await snapshot.one(_TELEMETRY)


async def paused(snapshot: Snapshot) -> bool:
    """Tell whether the contracts are paused."""
    row = await snapshot.one(_PAUSED)
    return bool(row and row["paused"])


async def oracle_sets(snapshot: Snapshot) -> list[Row]:
    """Return all oracle sets, ascending."""
    return await snapshot.all(_ORACLE_SETS)


async def signed(snapshot: Snapshot, reports: int) -> list[Row]:
    """Return the reports of the newest intervals with their signers."""
    return await snapshot.all(_SIGNED, reports=reports)


async def refusals(snapshot: Snapshot, schema: str) -> list[Row] | None:
    """Return a node's refusals by reason, None if its store cannot be read."""
    return await snapshot.all_of_another_room(_REFUSALS.format(schema))


async def disagreements(snapshot: Snapshot, schema: str, limit: int) -> list[Row] | None:
    """Return a node's newest disagreements, None if its store cannot be read."""
    return await snapshot.all_of_another_room(_DISAGREEMENTS.format(schema), limit=limit)


async def set_aside(snapshot: Snapshot, schema: str, limit: int) -> list[Row] | None:
    """Return the meters that a node set aside, None if its store cannot be read."""
    return await snapshot.all_of_another_room(_SET_ASIDE.format(schema), limit=limit)
