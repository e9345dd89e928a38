"""Everything the indexer keeps, in a form that two databases can be compared by."""

from typing import Any

import psycopg

from backend.indexer.event_tables import COLUMNS

_DERIVED = {
    "cursor": "SELECT * FROM backend.cursor",
    "meter": "SELECT * FROM backend.meter ORDER BY meter_id",
    "meter_claim": "SELECT * FROM backend.meter_claim ORDER BY meter_id",
    "meter_interval": "SELECT * FROM backend.meter_interval ORDER BY interval, meter_id",
    "interval": """SELECT i.interval, d.data_hash, d.production_root, d.leaf_count, i.status, i.problem,
        i.generated_wh, i.import_wh, i.export_wh, i.certified_wh, i.meters_reporting, i.meters_certified
        FROM backend.interval i LEFT JOIN backend.data_set d ON d.id = i.data_set_id ORDER BY 1""",
    "data_set": """SELECT d.data_hash, r.meter_id, r.seq, r.timestamp, r.generated_wh, r.import_wh,
        r.export_wh, r.signature
        FROM backend.data_set d JOIN backend.data_set_reading r ON r.data_set_id = d.id
        ORDER BY 1, 2, 3""",
    "certificate": "SELECT * FROM backend.certificate ORDER BY certificate_id",
    "balance": """SELECT * FROM backend.balance WHERE (minted_wh, retired_wh, wh) <> (0, 0, 0)
        ORDER BY account, certificate_id""",
    "event blocks": "SELECT number, hash, timestamp FROM backend.block WHERE has_events ORDER BY number",
}


def everything(connection: psycopg.Connection[Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables, apart from surrogate keys and heartbeats."""
    events = {
        table: f"SELECT {', '.join(columns)} FROM backend.{table} ORDER BY block_number, log_index"
        for table, columns in COLUMNS.items()
    }
    return {name: connection.execute(query).fetchall() for name, query in (events | _DERIVED).items()}
