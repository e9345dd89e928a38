"""When a community of simulated homes begins."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from simulation.errors import MeasurementError
from simulation.replay.local_time import find_zone, unix_seconds
from simulation.settings import HomesSettings

DAYS_BEFORE_NOW: Final = 7


def default_start(zone: str, now: float, days: int | None = None) -> str:
    """Return the local date on which a new community begins, ISO 8601: some days before now.

    Args:
        zone: IANA zone.
        now: unix seconds UTC.
        days: how many days before; a week if None.

    Raises:
        MeasurementError: there is no such zone.
    """
    today = datetime.fromtimestamp(now, UTC).astimezone(find_zone(zone)).date()
    return (today - timedelta(days=days or DAYS_BEFORE_NOW)).isoformat()


def first_midnight(settings: HomesSettings) -> int:
    """Return the unix seconds UTC at which the community begins.

    Raises:
        MeasurementError: no start or zone, or a midnight at which no interval begins.
    """
    if settings.start is None:
        raise MeasurementError(
            "nobody said when the homes began; set ZUVA_HOMES_START to a date such as "
            f"{date(2025, 11, 3).isoformat()}, for good"
        )
    begin = unix_seconds(f"{settings.start.isoformat()}T00:00", find_zone(settings.zone))
    if begin % settings.interval_seconds:
        raise MeasurementError(
            f"midnight in {settings.zone} is no multiple of {settings.interval_seconds} s in UTC; "
            "set ZUVA_HOMES_INTERVAL_SECONDS to a shorter interval that divides it, such as 900"
        )
    return begin


def local_offset(settings: HomesSettings) -> int:
    """Return local time less UTC, seconds, as it is at the begin.

    The homes keep that offset: where clocks change they go on by the old one.
    """
    begin = datetime.fromtimestamp(first_midnight(settings), find_zone(settings.zone))
    return int((begin.utcoffset() or timedelta()).total_seconds())
