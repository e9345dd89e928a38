"""Spans of community time as ranges of intervals; local hours and days. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Unit = Literal["hour", "day"]


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time, unix seconds; an interval belongs to the period that it ends in, its end included."""

    start: int
    end: int

    def intervals(self, interval_seconds: int) -> tuple[int, int]:
        """Return the first and the last interval that belong to the period."""
        return self.start // interval_seconds, self.end // interval_seconds - 1


def local_day(interval: int, interval_seconds: int, zone: str) -> Period:
    """Return the local day that `interval` belongs to.

    An interval that ends exactly at midnight belongs to the day that ends, as a reading stamped then does.
    """
    return _day_at((interval + 1) * interval_seconds - 1, ZoneInfo(zone))


def local_periods(span: Period, unit: Unit, zone: str) -> Iterator[Period]:
    """Yield the local hours or days that overlap `span`, ascending; the first and last reach beyond it."""
    place = ZoneInfo(zone)
    at = _day_at if unit == "day" else _hour_at
    period = at(span.start, place)
    while period.start < span.end:
        yield period
        period = at(period.end, place)


def latest(end: int, unit: Unit, count: int, zone: str) -> Period:
    """Return the span of the last `count` local hours or days up to the one that ends at or after `end`."""
    place = ZoneInfo(zone)
    at = _day_at if unit == "day" else _hour_at
    last = at(end - 1, place)
    start = last.start
    for _ in range(count - 1):
        start = at(start - 1, place).start
    return Period(start, last.end)


def _day_at(second: int, place: ZoneInfo) -> Period:
    at = datetime.fromtimestamp(second, UTC).astimezone(place)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    following = (midnight.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=place)
    return Period(int(midnight.timestamp()), int(following.timestamp()))


def _hour_at(second: int, place: ZoneInfo) -> Period:
    at = datetime.fromtimestamp(second, UTC).astimezone(place)
    start = second - at.minute * 60 - at.second
    return Period(start, start + 3600)
