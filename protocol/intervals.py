"""Settlement intervals and certificate days.

Interval `t` of length L seconds covers the time after `t * L` up to and including `(t + 1) * L`, because a
register read exactly at the end of a slot states that slot's energy. Days are UTC and follow the same rule.
"""

DAY_SECONDS = 86_400


def interval_of(timestamp: int, interval_seconds: int) -> int:
    """Return the interval that a reading stamped `timestamp` (unix seconds) falls in."""
    return (timestamp - 1) // interval_seconds


def interval_start(interval: int, interval_seconds: int) -> int:
    """Return the unix second at which `interval` begins (exclusive)."""
    return interval * interval_seconds


def interval_end(interval: int, interval_seconds: int) -> int:
    """Return the unix second at which `interval` ends (inclusive)."""
    return (interval + 1) * interval_seconds


def day_of(timestamp: int) -> int:
    """Return the UTC day (days since 1970) that a reading stamped `timestamp` belongs to."""
    return (timestamp - 1) // DAY_SECONDS
