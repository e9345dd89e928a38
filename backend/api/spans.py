"""Which intervals, hours or days a request asks for."""

from itertools import islice
from typing import Final

from backend.api.inputs import period_of
from backend.api.periods import Period, Unit, latest, local_periods
from backend.api.problems import Problem

LONGEST: Final = 1000
"""Most intervals, hours or days in one answer."""

_DEFAULT: Final[dict[Unit, int]] = {"hour": 48, "day": 31}


def local_buckets(
    start: int | None, end: int | None, newest_end: int | None, unit: Unit, zone: str
) -> list[Period]:
    """Return the local hours or days from `start` to `end`; by default the last ones up to `newest_end`.

    Raises:
        Problem: the range ends before it begins, or has too many of them.
    """
    last = newest_end if end is None else end
    if last is None or (end is None and start is not None and start >= last):
        return []
    span = latest(max(last, 1), unit, _DEFAULT[unit], zone) if start is None else period_of(start, last)
    periods = list(islice(local_periods(span, unit, zone), LONGEST + 1))
    if len(periods) > LONGEST:
        raise Problem(
            422, "range-too-long", "The range is too long", f"at most {LONGEST} {unit}s come in one answer"
        )
    return periods
