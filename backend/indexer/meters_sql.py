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

# a leaf is certified when the meter's claim covers its register; count those that a claim newly covers
COUNT_NEWLY_CERTIFIED = """
WITH newest AS (
    SELECT DISTINCT ON (meter_id) meter_id, claimed_wh FROM backend.minted
    WHERE block_number BETWEEN %(first)s AND %(last)s
    ORDER BY meter_id, block_number DESC, log_index DESC),
covered AS (
    SELECT e.interval, count(*) AS meters
    FROM newest n JOIN backend.meter_claim c USING (meter_id)
    JOIN backend.meter_interval e ON e.meter_id = n.meter_id
        AND e.register_generated_wh > c.claimed_wh AND e.register_generated_wh <= n.claimed_wh
    GROUP BY e.interval)
UPDATE backend.interval i SET meters_certified = i.meters_certified + covered.meters
FROM covered WHERE covered.interval = i.interval
"""

MOVE_CLAIMS = """
UPDATE backend.meter_claim c SET claimed_wh = n.claimed_wh, seq = n.seq, timestamp = n.timestamp,
    minted_wh = c.minted_wh + n.wh
FROM (
    SELECT DISTINCT ON (meter_id) meter_id, claimed_wh, seq, timestamp,
        sum(wh) OVER (PARTITION BY meter_id)::bigint AS wh
    FROM backend.minted WHERE block_number BETWEEN %(first)s AND %(last)s
    ORDER BY meter_id, block_number DESC, log_index DESC) n
WHERE n.meter_id = c.meter_id
"""

COUNT_NO_LONGER_CERTIFIED = """
WITH back AS (
    SELECT c.meter_id, c.claimed_wh AS above, coalesce(p.claimed_wh, m.opening_generated_wh) AS below
    FROM (SELECT DISTINCT meter_id FROM backend.minted WHERE block_number >= %(first)s) t
    JOIN backend.meter_claim c USING (meter_id)
    JOIN backend.meter m USING (meter_id)
    LEFT JOIN LATERAL (
        SELECT claimed_wh FROM backend.minted WHERE meter_id = t.meter_id AND block_number < %(first)s
        ORDER BY block_number DESC, log_index DESC LIMIT 1) p ON true),
covered AS (
    SELECT e.interval, count(*) AS meters
    FROM back b JOIN backend.meter_interval e ON e.meter_id = b.meter_id
        AND e.register_generated_wh > b.below AND e.register_generated_wh <= b.above
    GROUP BY e.interval)
UPDATE backend.interval i SET meters_certified = i.meters_certified - covered.meters
FROM covered WHERE covered.interval = i.interval
"""

MOVE_CLAIMS_BACK = """
UPDATE backend.meter_claim c SET
    claimed_wh = coalesce(p.claimed_wh, m.opening_generated_wh),
    seq = coalesce(p.seq, 0), timestamp = coalesce(p.timestamp, m.opening_timestamp),
    minted_wh = c.minted_wh - t.wh
FROM (SELECT meter_id, sum(wh)::bigint AS wh FROM backend.minted
      WHERE block_number >= %(first)s GROUP BY meter_id) t
JOIN backend.meter m USING (meter_id)
LEFT JOIN LATERAL (
    SELECT claimed_wh, seq, timestamp FROM backend.minted
    WHERE meter_id = t.meter_id AND block_number < %(first)s
    ORDER BY block_number DESC, log_index DESC LIMIT 1) p ON true
WHERE t.meter_id = c.meter_id
"""

DELETE_METERS = "DELETE FROM backend.meter WHERE registered_block >= %(first)s"

DELETE_CLAIMS = """
DELETE FROM backend.meter_claim c USING backend.meter m
WHERE m.meter_id = c.meter_id AND m.registered_block >= %(first)s
"""
