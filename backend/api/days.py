"""The community's local day as a range of intervals. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class LocalDay:
    """A local day: its first second, and the first and last interval that end within it."""

    start: int
    first_interval: int
    last_interval: int


def local_day(interval: int, interval_seconds: int, zone: str) -> LocalDay:
    """Return the local day that `interval` belongs to.

    An interval that ends exactly at midnight belongs to the day that ends, as a reading stamped then does.
    """
    last_second = (interval + 1) * interval_seconds - 1
    at = datetime.fromtimestamp(last_second, UTC).astimezone(ZoneInfo(zone))
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    following = (midnight.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=ZoneInfo(zone))
    start, end = int(midnight.timestamp()), int(following.timestamp())
    return LocalDay(start, start // interval_seconds, end // interval_seconds - 1)
