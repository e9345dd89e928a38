"""Meters and claims from the events of a range of blocks, forwards and back."""

INSERT_METERS = """
INSERT INTO backend.meter (meter_id, registered_block, registered_log, account, key, name, kind, source,
    category, generation_capacity_w, connection_capacity_w, feeder, simulated, suspended,
    opening_timestamp, opening_import_wh, opening_export_wh, opening_generated_wh,
    seq, timestamp, import_wh, export_wh, generated_wh)
SELECT meter_id, block_number, log_index, account, key, name, kind, source,
    category, generation_capacity_w, connection_capacity_w, feeder, simulated, false,
    timestamp, import_wh, export_wh, generated_wh,
    0, timestamp, import_wh, export_wh, generated_wh
FROM backend.meter_registered WHERE block_number BETWEEN %(first)s AND %(last)s
"""

INSERT_CLAIMS = """
INSERT INTO backend.meter_claim (meter_id, claimed_wh, minted_wh, seq, timestamp)
SELECT meter_id, generated_wh, 0, 0, timestamp
FROM backend.meter_registered WHERE block_number BETWEEN %(first)s AND %(last)s
"""

# the newest key event and the newest of suspended and reinstated decide; `meters` are those to look at again
REFRESH_METERS = """
UPDATE backend.meter m SET
    key = coalesce(
        (SELECT r.key FROM backend.key_rotated r WHERE r.meter_id = m.meter_id
         ORDER BY r.block_number DESC, r.log_index DESC LIMIT 1),
        (SELECT g.key FROM backend.meter_registered g WHERE g.meter_id = m.meter_id)),
    suspended = coalesce(
        (SELECT e.suspended FROM (
            SELECT block_number, log_index, true AS suspended FROM backend.meter_suspended
                WHERE meter_id = m.meter_id
            UNION ALL
            SELECT block_number, log_index, false FROM backend.meter_reinstated
                WHERE meter_id = m.meter_id) e
         ORDER BY e.block_number DESC, e.log_index DESC LIMIT 1), false)
WHERE m.meter_id = ANY(%(meters)s)
"""

TOUCHED_METERS = """
SELECT DISTINCT meter_id FROM (
    SELECT meter_id FROM backend.key_rotated WHERE block_number BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT meter_id FROM backend.meter_suspended WHERE block_number BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT meter_id FROM backend.meter_reinstated WHERE block_number BETWEEN %(first)s AND %(last)s) touched
"""

# a claim that moves from `below` to `above` certifies what a meter generated between these registers: all of
# its intervals up to `above`, and a part in the interval that `above` falls into (a day's last reading can)
_COVERED = """
, covered AS (
    SELECT interval, sum(wh)::bigint AS wh, sum(meters)::bigint AS meters FROM (
        SELECT e.interval, e.register_generated_wh
            - greatest(c.below, e.register_generated_wh - e.generated_wh) AS wh, 1 AS meters
        FROM moved c JOIN backend.meter_interval e ON e.meter_id = c.meter_id
            AND e.register_generated_wh > c.below AND e.register_generated_wh <= c.above
        UNION ALL
        SELECT e.interval, c.above - greatest(c.below, e.register_generated_wh - e.generated_wh), 0
        FROM moved c CROSS JOIN LATERAL (
            SELECT * FROM backend.meter_interval WHERE meter_id = c.meter_id
                AND register_generated_wh > c.above ORDER BY register_generated_wh LIMIT 1) e
        WHERE e.register_generated_wh - e.generated_wh < c.above) parts
    GROUP BY interval)
UPDATE backend.interval i SET meters_certified = i.meters_certified + %(sign)s * covered.meters,
    certified_wh = i.certified_wh + %(sign)s * covered.wh
FROM covered WHERE covered.interval = i.interval
"""

_CLAIMED = """
WITH moved AS (
    SELECT DISTINCT ON (n.meter_id) n.meter_id, c.claimed_wh AS below, n.claimed_wh AS above
    FROM backend.minted n JOIN backend.meter_claim c USING (meter_id)
    WHERE n.block_number BETWEEN %(first)s AND %(last)s
    ORDER BY n.meter_id, n.block_number DESC, n.log_index DESC)
"""

CERTIFY_INTERVALS = "".join((_CLAIMED, _COVERED))

# a claim that the governor set back names another leaf; the register that was claimed never falls
_CLAIM_EVENTS = """
SELECT meter_id, claimed_wh, wh, seq, timestamp, block_number, log_index FROM backend.minted
UNION ALL
SELECT meter_id, NULL, 0, seq, timestamp, block_number, log_index FROM backend.claim_reset
"""

MOVE_CLAIMS = f"""
UPDATE backend.meter_claim c SET claimed_wh = coalesce(n.claimed_wh, c.claimed_wh), seq = n.seq,
    timestamp = n.timestamp, minted_wh = c.minted_wh + n.wh
FROM (
    SELECT DISTINCT ON (meter_id) meter_id, seq, timestamp,
        max(claimed_wh) OVER (PARTITION BY meter_id) AS claimed_wh,
        sum(wh) OVER (PARTITION BY meter_id)::bigint AS wh
    FROM ({_CLAIM_EVENTS}) e WHERE block_number BETWEEN %(first)s AND %(last)s
    ORDER BY meter_id, block_number DESC, log_index DESC) n
WHERE n.meter_id = c.meter_id
"""  # noqa: S608 - a part of the statement

_CLAIMED_BACK = """
WITH moved AS (
    SELECT c.meter_id, c.claimed_wh AS above, coalesce(p.claimed_wh, m.opening_generated_wh) AS below
    FROM (SELECT DISTINCT meter_id FROM backend.minted WHERE block_number >= %(first)s) t
    JOIN backend.meter_claim c USING (meter_id)
    JOIN backend.meter m USING (meter_id)
    LEFT JOIN LATERAL (
        SELECT claimed_wh FROM backend.minted WHERE meter_id = t.meter_id AND block_number < %(first)s
        ORDER BY block_number DESC, log_index DESC LIMIT 1) p ON true)
"""

UNCERTIFY_INTERVALS = "".join((_CLAIMED_BACK, _COVERED))

MOVE_CLAIMS_BACK = f"""
UPDATE backend.meter_claim c SET
    claimed_wh = coalesce(p.claimed_wh, m.opening_generated_wh),
    seq = coalesce(n.seq, 0), timestamp = coalesce(n.timestamp, m.opening_timestamp),
    minted_wh = c.minted_wh - t.wh
FROM (SELECT meter_id, sum(wh)::bigint AS wh FROM ({_CLAIM_EVENTS}) e
      WHERE block_number >= %(first)s GROUP BY meter_id) t
JOIN backend.meter m USING (meter_id)
LEFT JOIN LATERAL (
    SELECT claimed_wh FROM backend.minted WHERE meter_id = t.meter_id AND block_number < %(first)s
    ORDER BY block_number DESC, log_index DESC LIMIT 1) p ON true
LEFT JOIN LATERAL (
    SELECT seq, timestamp FROM ({_CLAIM_EVENTS}) e WHERE meter_id = t.meter_id AND block_number < %(first)s
    ORDER BY block_number DESC, log_index DESC LIMIT 1) n ON true
WHERE t.meter_id = c.meter_id
"""  # noqa: S608 - a part of the statement

DELETE_METERS = "DELETE FROM backend.meter WHERE registered_block >= %(first)s"

DELETE_CLAIMS = """
DELETE FROM backend.meter_claim c USING backend.meter m
WHERE m.meter_id = c.meter_id AND m.registered_block >= %(first)s
"""
