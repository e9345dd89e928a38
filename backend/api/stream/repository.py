"""SQL of the event stream."""

from backend.api.database import Row, Snapshot

_STATE = """
SELECT c.block_number, c.block_timestamp AS timestamp,
    (SELECT count(*) FROM backend.interval) AS reports,
    (SELECT count(*) FROM backend.meter) AS meters,
    (SELECT coalesce(sum(minted_wh), 0)::bigint FROM backend.certificate) AS certified_wh
FROM backend.deployment d JOIN backend.cursor c USING (chain_id)
"""


async def state(snapshot: Snapshot) -> Row | None:
    """Return where the database stands, None before the indexer began."""
    return await snapshot.one(_STATE)
