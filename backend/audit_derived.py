"""What the mirror derives from its events and data sets, as statements that SQL can falsify."""

from typing import Final, LiteralString, NamedTuple


class Derived(NamedTuple):
    """One statement.

    Attributes:
        statement: what should hold, in words.
        counted: a query for how many things it speaks of.
        wrong: a query for the first thing for which it does not hold, in words.
    """

    statement: str
    counted: LiteralString
    wrong: LiteralString


DERIVED: Final = (
    Derived(
        "every reported interval has a verified data set",
        "SELECT count(*) FROM backend.interval",
        """
        SELECT 'interval ' || interval || ': ' || coalesce(problem, data_problem, 'not verified yet')
        FROM backend.interval WHERE status <> 1 ORDER BY interval LIMIT 1
        """,
    ),
    Derived(
        "data sets in the store are whole",
        "SELECT count(*) FROM backend.data_set",
        """
        SELECT format('data set %s has %s of %s readings', encode(s.data_hash, 'hex'), r.n, s.leaf_count)
        FROM backend.data_set s CROSS JOIN LATERAL
            (SELECT count(*) AS n FROM backend.data_set_reading WHERE data_set_id = s.id) r
        WHERE r.n <> s.leaf_count ORDER BY s.id LIMIT 1
        """,
    ),
    Derived(
        "interval energy in the store equals the sum over meters",
        "SELECT count(*) FROM backend.interval WHERE status = 1",
        """
        SELECT 'interval ' || i.interval FROM backend.interval i LEFT JOIN (
            SELECT interval, sum(generated_wh) g, sum(import_wh) m, sum(export_wh) x, count(*) n
            FROM backend.meter_interval GROUP BY interval) s USING (interval)
        WHERE i.status = 1 AND (i.generated_wh, i.import_wh, i.export_wh, i.meters_reporting)
            IS DISTINCT FROM (s.g, s.m, s.x, s.n) ORDER BY i.interval LIMIT 1
        """,
    ),
    Derived(
        "certified energy of intervals in the store equals what the claims cover",
        "SELECT count(*) FROM backend.interval WHERE status = 1",
        """
        SELECT 'interval ' || i.interval FROM backend.interval i LEFT JOIN (
            SELECT e.interval, count(*) FILTER (WHERE e.register_generated_wh <= c.claimed_wh) AS meters,
                sum(least(e.generated_wh, greatest(0,
                    c.claimed_wh - (e.register_generated_wh - e.generated_wh)))) AS wh
            FROM backend.meter_interval e JOIN backend.meter_claim c USING (meter_id)
            GROUP BY e.interval) s USING (interval)
        WHERE i.status = 1 AND (i.certified_wh, i.meters_certified) IS DISTINCT FROM (s.wh, s.meters)
        ORDER BY i.interval LIMIT 1
        """,
    ),
    Derived(
        "meters in the store are as their events left them",
        "SELECT count(*) FROM backend.meter_registered",
        """
        SELECT 'meter ' || encode(r.meter_id, 'hex') FROM backend.meter_registered r
        LEFT JOIN backend.meter m USING (meter_id)
        WHERE (m.account, m.name, m.kind, m.source, m.category, m.generation_capacity_w,
               m.connection_capacity_w, m.feeder, m.simulated, m.opening_timestamp, m.opening_import_wh,
               m.opening_export_wh, m.opening_generated_wh)
            IS DISTINCT FROM (r.account, r.name, r.kind, r.source, r.category, r.generation_capacity_w,
               r.connection_capacity_w, r.feeder, r.simulated, r.timestamp, r.import_wh, r.export_wh,
               r.generated_wh)
        OR m.key IS DISTINCT FROM coalesce((SELECT k.key FROM backend.key_rotated k
            WHERE k.meter_id = r.meter_id ORDER BY k.block_number DESC, k.log_index DESC LIMIT 1), r.key)
        OR m.suspended IS DISTINCT FROM coalesce((SELECT e.suspended FROM (
            SELECT block_number, log_index, true AS suspended FROM backend.meter_suspended
                WHERE meter_id = r.meter_id
            UNION ALL SELECT block_number, log_index, false FROM backend.meter_reinstated
                WHERE meter_id = r.meter_id) e
            ORDER BY e.block_number DESC, e.log_index DESC LIMIT 1), false)
        LIMIT 1
        """,
    ),
    Derived(
        "meters' energy in the store adds up to the growth of their registers",
        "SELECT count(*) FROM backend.meter",
        """
        SELECT 'meter ' || encode(m.meter_id, 'hex') FROM backend.meter m LEFT JOIN (
            SELECT meter_id, sum(generated_wh) g, sum(import_wh) i, sum(export_wh) x
            FROM backend.meter_interval GROUP BY meter_id) s USING (meter_id)
        WHERE (coalesce(s.g, 0), coalesce(s.i, 0), coalesce(s.x, 0)) <> (
            m.generated_wh - m.opening_generated_wh, m.import_wh - m.opening_import_wh,
            m.export_wh - m.opening_export_wh) LIMIT 1
        """,
    ),
    Derived(
        "claims in the store equal the mints and resets of their meters",
        "SELECT count(*) FROM backend.meter_claim",
        """
        SELECT 'meter ' || encode(r.meter_id, 'hex') FROM backend.meter_registered r
        LEFT JOIN backend.meter_claim c USING (meter_id)
        LEFT JOIN (SELECT meter_id, sum(wh) AS wh FROM backend.minted GROUP BY meter_id) t USING (meter_id)
        LEFT JOIN (SELECT DISTINCT ON (meter_id) meter_id, claimed_wh FROM backend.minted
            ORDER BY meter_id, block_number DESC, log_index DESC) n USING (meter_id)
        LEFT JOIN (SELECT DISTINCT ON (meter_id) meter_id, seq, timestamp FROM (
            SELECT meter_id, seq, timestamp, block_number, log_index FROM backend.minted
            UNION ALL SELECT meter_id, seq, timestamp, block_number, log_index FROM backend.claim_reset) e
            ORDER BY meter_id, block_number DESC, log_index DESC) l USING (meter_id)
        WHERE (c.claimed_wh, c.minted_wh, c.seq, c.timestamp) IS DISTINCT FROM (
            coalesce(n.claimed_wh, r.generated_wh), coalesce(t.wh, 0), coalesce(l.seq, 0),
            coalesce(l.timestamp, r.timestamp)) LIMIT 1
        """,
    ),
    Derived(
        "certificate totals in the store equal mints and retirements",
        "SELECT count(*) FROM backend.certificate",
        """
        SELECT 'certificate ' || c.certificate_id FROM backend.certificate c WHERE
            c.minted_wh <> (SELECT coalesce(sum(wh), 0) FROM backend.minted m
                WHERE m.certificate_id = c.certificate_id)
            OR c.retired_wh <> (SELECT coalesce(sum(wh), 0) FROM backend.retired r
                WHERE r.certificate_id = c.certificate_id) LIMIT 1
        """,
    ),
    Derived(
        "balances in the store equal each account's transfers",
        "SELECT count(*) FROM backend.balance",
        """
        SELECT 'account ' || encode(account, 'hex') || ', certificate ' || certificate_id FROM (
            SELECT account, certificate_id, sum(wh) AS wh FROM (
                SELECT recipient AS account, certificate_id, wh FROM backend.transferred
                UNION ALL SELECT sender, certificate_id, -wh FROM backend.transferred) moved
            WHERE account <> decode(repeat('00', 20), 'hex') GROUP BY account, certificate_id) t
        FULL JOIN backend.balance b USING (account, certificate_id)
        WHERE coalesce(t.wh, 0) <> coalesce(b.wh, 0) LIMIT 1
        """,
    ),
)
