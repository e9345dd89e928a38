"""Intervals, per-meter energy and statuses from reports and stored data sets, from one interval on."""

INSERT_INTERVALS = """
INSERT INTO backend.interval (interval)
SELECT DISTINCT interval FROM backend.reported WHERE block_number BETWEEN %(first)s AND %(last)s
ON CONFLICT DO NOTHING
"""

FIRST_REPORTED = """
SELECT min(interval) FROM backend.reported WHERE block_number BETWEEN %(first)s AND %(last)s
"""

# content addressing: a data set that is stored already needs no second look
LINK_DATA_SETS = """
UPDATE backend.interval i SET data_set_id = d.id, data_problem = NULL
FROM backend.reported p JOIN backend.data_set d
    ON d.data_hash = p.data_hash AND d.production_root = p.root
WHERE p.interval = i.interval AND p.side = 0 AND i.interval >= %(from)s AND i.data_set_id IS NULL
RETURNING i.interval
"""

WAITING = """
SELECT i.interval, p.data_hash, p.root, p.count
FROM backend.interval i JOIN backend.reported p ON p.interval = i.interval AND p.side = 0
WHERE i.data_set_id IS NULL AND i.interval >= %(from)s ORDER BY i.interval LIMIT %(intervals)s
"""

NEWEST_WITH_ENERGY = "SELECT max(interval) FROM backend.meter_interval"

DELETE_ENERGY = "DELETE FROM backend.meter_interval WHERE interval >= %(from)s"

RESET_REGISTERS = """
UPDATE backend.meter m SET last_interval = s.interval, seq = s.seq, timestamp = s.timestamp,
    import_wh = s.import_wh, export_wh = s.export_wh, generated_wh = s.generated_wh
FROM (
    SELECT o.meter_id, e.interval, coalesce(e.seq, 0) AS seq,
        coalesce(e.timestamp, o.opening_timestamp) AS timestamp,
        coalesce(e.register_import_wh, o.opening_import_wh) AS import_wh,
        coalesce(e.register_export_wh, o.opening_export_wh) AS export_wh,
        coalesce(e.register_generated_wh, o.opening_generated_wh) AS generated_wh
    FROM backend.meter o LEFT JOIN LATERAL (
        SELECT * FROM backend.meter_interval WHERE meter_id = o.meter_id AND interval < %(from)s
        ORDER BY interval DESC LIMIT 1) e ON true
    WHERE o.last_interval >= %(from)s) s
WHERE s.meter_id = m.meter_id
"""

# growth of the registers against the meter's previous reported ones, the opening registers first
INSERT_ENERGY = """
INSERT INTO backend.meter_interval (interval, meter_id, seq, timestamp, generated_wh, import_wh, export_wh,
    register_generated_wh, register_import_wh, register_export_wh, since)
SELECT interval, meter_id, seq, timestamp,
    generated_wh - lag(generated_wh, 1, from_generated) OVER earlier,
    import_wh - lag(import_wh, 1, from_import) OVER earlier,
    export_wh - lag(export_wh, 1, from_export) OVER earlier,
    generated_wh, import_wh, export_wh, least(interval, lag(interval, 1, from_interval) OVER earlier + 1)
FROM (
    SELECT DISTINCT ON (i.interval, r.meter_id) i.interval, r.meter_id, r.seq, r.timestamp,
        r.generated_wh, r.import_wh, r.export_wh,
        m.generated_wh AS from_generated, m.import_wh AS from_import, m.export_wh AS from_export,
        coalesce(m.last_interval, m.opening_timestamp / d.interval_seconds - 1) AS from_interval
    FROM backend.interval i
    CROSS JOIN backend.deployment d
    JOIN backend.data_set_reading r ON r.data_set_id = i.data_set_id
    JOIN backend.meter m ON m.meter_id = r.meter_id
    WHERE i.interval >= %(from)s
    ORDER BY i.interval, r.meter_id, r.seq DESC) newest
WINDOW earlier AS (PARTITION BY meter_id ORDER BY interval)
"""

MOVE_REGISTERS = """
UPDATE backend.meter m SET last_interval = e.interval, seq = e.seq, timestamp = e.timestamp,
    import_wh = e.register_import_wh, export_wh = e.register_export_wh, generated_wh = e.register_generated_wh
FROM (SELECT DISTINCT ON (meter_id) * FROM backend.meter_interval WHERE interval >= %(from)s
      ORDER BY meter_id, interval DESC) e
WHERE e.meter_id = m.meter_id
"""

SUM_INTERVALS = """
UPDATE backend.interval i SET generated_wh = s.generated_wh, import_wh = s.import_wh, export_wh = s.export_wh,
    meters_reporting = s.meters, meters_certified = s.certified, certified_wh = s.certified_wh
FROM (
    SELECT e.interval, sum(e.generated_wh)::bigint AS generated_wh, sum(e.import_wh)::bigint AS import_wh,
        sum(e.export_wh)::bigint AS export_wh, count(*) AS meters,
        count(*) FILTER (WHERE e.register_generated_wh <= c.claimed_wh) AS certified,
        sum(least(e.generated_wh, greatest(
            0, c.claimed_wh - (e.register_generated_wh - e.generated_wh))))::bigint AS certified_wh
    FROM backend.meter_interval e JOIN backend.meter_claim c USING (meter_id)
    WHERE e.interval >= %(from)s GROUP BY e.interval) s
WHERE s.interval = i.interval
"""

# totals are comparable only while every earlier report's data set is known
JUDGE = """
WITH gap AS (SELECT min(interval) AS first FROM backend.interval WHERE data_set_id IS NULL),
seen AS (
    SELECT i.interval, d.id AS data_set_id,
        CASE
        WHEN d.id IS NULL THEN i.data_problem
        WHEN p.count <> d.leaf_count THEN format(
            'the production report counts %%s leaves, its data set has %%s', p.count, d.leaf_count)
        WHEN whole.known AND p.total_wh <> i.generated_wh THEN format(
            'the production report totals %%s Wh, its data set %%s Wh', p.total_wh, i.generated_wh)
        WHEN c.data_hash <> p.data_hash THEN 'the consumption report names another data set'
        WHEN c.count <> d.leaf_count THEN format(
            'the consumption report counts %%s leaves, its data set has %%s', c.count, d.leaf_count)
        WHEN whole.known AND c.total_wh <> i.import_wh THEN format(
            'the consumption report totals %%s Wh, its data set %%s Wh', c.total_wh, i.import_wh)
        END AS problem
    FROM backend.interval i
    LEFT JOIN backend.reported p ON p.interval = i.interval AND p.side = 0
    LEFT JOIN backend.reported c ON c.interval = i.interval AND c.side = 1
    LEFT JOIN backend.data_set d ON d.id = i.data_set_id
    CROSS JOIN LATERAL (
        SELECT NOT EXISTS (SELECT 1 FROM gap WHERE gap.first < i.interval) AS known) whole
    WHERE i.interval >= %(from)s),
judged AS (
    SELECT interval, problem,
        (CASE WHEN problem IS NOT NULL THEN 2 WHEN data_set_id IS NOT NULL THEN 1 ELSE 0 END)::smallint
            AS status
    FROM seen)
UPDATE backend.interval i SET status = j.status, problem = j.problem
FROM judged j
WHERE j.interval = i.interval AND (i.status, i.problem) IS DISTINCT FROM (j.status, j.problem)
"""

DELETE_INTERVALS = "DELETE FROM backend.interval WHERE interval >= %(from)s"

RECREATE_INTERVALS = """
INSERT INTO backend.interval (interval)
SELECT DISTINCT interval FROM backend.reported WHERE interval >= %(from)s
"""

DELETE_ORPHANED_DATA_SETS = """
WITH orphaned AS (
    DELETE FROM backend.data_set d
    WHERE NOT EXISTS (SELECT 1 FROM backend.reported r WHERE r.data_hash = d.data_hash) RETURNING d.id)
DELETE FROM backend.data_set_reading r USING orphaned WHERE r.data_set_id = orphaned.id
"""
