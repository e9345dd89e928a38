"""SQL of the payout endpoint."""

from backend.api.database import Row, Snapshot

_METERS = """
SELECT '0x' || encode(m.meter_id, 'hex') AS meter_id, m.name, '0x' || encode(m.account, 'hex') AS account,
    coalesce(sum(e.generated_wh), 0)::bigint AS generated_wh,
    coalesce(sum(e.export_wh), 0)::bigint AS export_wh, coalesce(sum(e.import_wh), 0)::bigint AS import_wh
FROM backend.meter m
LEFT JOIN backend.meter_interval e
    ON e.meter_id = m.meter_id AND e.interval BETWEEN %(first)s AND %(last)s
GROUP BY m.meter_id ORDER BY m.registered_block, m.registered_log
"""


async def meters(snapshot: Snapshot, first: int, last: int) -> list[Row]:
    """Return what every meter moved in the intervals `first` to `last`, in the order of registration."""
    return await snapshot.all(_METERS, first=first, last=last)
