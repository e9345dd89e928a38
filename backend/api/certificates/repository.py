"""SQL of the certificate endpoints."""

from backend.api.database import Row, Snapshot

_TOTALS = """
SELECT certificate_id::text AS id, minted_wh, retired_wh, minted_wh - retired_wh AS supply_wh
FROM backend.certificate ORDER BY certificate_id
"""

_OF_ACCOUNT = """
SELECT certificate_id::text AS id, minted_wh, retired_wh, wh AS supply_wh
FROM backend.balance WHERE account = %(account)s AND (minted_wh, retired_wh, wh) <> (0, 0, 0)
ORDER BY certificate_id
"""

_MINTS = """
SELECT '0x' || encode(meter_id, 'hex') AS meter_id, interval, certificate_id::text AS id,
    '0x' || encode(account, 'hex') AS account, wh, claimed_wh, seq, timestamp,
    '0x' || encode(tx_hash, 'hex') AS tx_hash, block_number, log_index
FROM backend.minted
WHERE (block_number, log_index) < (%(block)s, %(log)s)
    AND (%(meter_id)s::bytea IS NULL OR meter_id = %(meter_id)s) AND wh > 0
ORDER BY block_number DESC, log_index DESC LIMIT %(limit)s
"""


async def totals(snapshot: Snapshot) -> list[Row]:
    """Return all certificates with their totals."""
    return await snapshot.all(_TOTALS)


async def of_account(snapshot: Snapshot, account: bytes) -> list[Row]:
    """Return what an account was minted, retired and holds."""
    return await snapshot.all(_OF_ACCOUNT, account=account)


async def mints(snapshot: Snapshot, meter_id: bytes | None, before: tuple[int, ...], limit: int) -> list[Row]:
    """Return mints before a key of (block, log index), newest first."""
    return await snapshot.all(_MINTS, meter_id=meter_id, block=before[0], log=before[1], limit=limit)
