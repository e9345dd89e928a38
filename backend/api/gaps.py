"""SQL for energy of a meter that came back after a gap: its first reading says how much, but not when.

Each row of `meter_interval` holds what was moved since the meter's reading before. Where that is longer than
one interval, hours, days and other spans of intervals get even shares of it in whole Wh, one for each
interval that they cover; the remainder belongs to the last interval. So disjoint spans add up to exactly what
the register grew.
"""

FLOWS = ("generated_wh", "import_wh", "export_wh")


def shifted(spans: str, key: str = "", condition: str = "true") -> str:
    """Return a query for what spans gain or lose against the sum of the rows whose interval is in them.

    Its columns: `key`, `spread` (intervals without a reading of their own that are covered), and the flows in
    Wh. Without a key it is one row, of nulls where there is no gap.

    Args:
        spans: a relation with the columns `first` and `last`, intervals, both included.
        key: a column of `spans`, named `b`, or of the rows, named `e`, to group by.
        condition: what else must hold of the rows.
    """
    # the row's own interval is in the span: it keeps its share and the remainder only
    flows = ", ".join(
        f"sum({name} / n * k + own * (mod({name}, n) - {name}))::bigint AS {name}" for name in FLOWS
    )
    keys, named = (f"{key} AS key, ", "key, ") if key else ("", "")
    return f"""
SELECT {named}sum(k - own)::bigint AS spread, {flows}
FROM (
    SELECT {keys}{", ".join(f"e.{name}" for name in FLOWS)}, e.interval - e.since + 1 AS n,
        least(e.interval, b.last) - greatest(e.since, b.first) + 1 AS k, (e.interval <= b.last)::int AS own
    FROM {spans} b JOIN backend.meter_interval e
        ON e.since < e.interval AND e.interval >= b.first AND e.since <= b.last AND {condition}) gap
{"GROUP BY key" if key else ""}
"""  # noqa: S608 - made of constants


def total(measured: str, gap: str) -> str:
    """Return the columns of flows that add up two relations; null where both are."""
    return ", ".join(
        f"coalesce({measured}.{name} + {gap}.{name}, {measured}.{name}, {gap}.{name}) AS {name}"
        for name in FLOWS
    )
