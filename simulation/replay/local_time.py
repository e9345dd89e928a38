"""Local times of measured data to unix seconds, refusing times that a clock change makes unclear."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulation.errors import MeasurementError


def find_zone(name: str) -> ZoneInfo:
    """Return the IANA zone called `name`, for example Africa/Harare or Etc/GMT+8.

    Raises:
        MeasurementError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise MeasurementError(
            f"there is no time zone {name!r}; give an IANA name such as Africa/Harare, America/Los_Angeles "
            "or a fixed offset such as Etc/GMT+8 (8 hours behind UTC)"
        ) from error


def unix_seconds(text: str, zone: ZoneInfo) -> int:
    """Return the unix seconds of an ISO 8601 time.

    A time without an offset is local to `zone`; a time that carries its own offset is taken as it is.

    Raises:
        MeasurementError: not an ISO time, before 1970, or a local time that does not exist or exists twice.
    """
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise MeasurementError(f"{text!r} is not a time; write ISO 8601 such as 2016-07-31T23:00") from error
    if local.microsecond:
        raise MeasurementError(f"{text!r} is not a whole second")
    if local.year < 1970 or local.year > 9000:
        raise MeasurementError(f"{text!r} is outside the years 1970 to 9000")
    seconds = int(local.timestamp()) if local.tzinfo else _local_seconds(text, local, zone)
    if seconds < 0:
        raise MeasurementError(f"{text!r} is before 1970 in UTC")
    return seconds


def _local_seconds(text: str, local: datetime, zone: ZoneInfo) -> int:
    first = local.replace(tzinfo=zone)
    second = local.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local
        trouble = "exists twice" if exists else "does not exist"
        raise MeasurementError(
            f"{text!r} {trouble} in {zone.key}, where the clocks change; {_mend(text, first, second)}"
        )
    return int(first.timestamp())


def _mend(text: str, first: datetime, second: datetime) -> str:
    # the offset that is in force without summer time
    candidates = [t for t in (first, second) if not t.dst()] or [second]
    offset = candidates[0].utcoffset() or timedelta()
    with_offset = f"write the offset into the time, as in {text}{_offset_text(offset)}"
    hours, rest = divmod(int(offset.total_seconds()), 3600)
    if rest:
        return with_offset
    fixed = "Etc/UTC" if hours == 0 else f"Etc/GMT{-hours:+d}"
    return f"if the meter's clock did not change, use the fixed-offset zone {fixed}, else {with_offset}"


def _offset_text(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
