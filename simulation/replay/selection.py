"""Which part of the measurements to replay: from a time, for some days, with so many homes."""

from datetime import UTC, datetime

from protocol.intervals import DAY_SECONDS
from simulation.errors import MeasurementError
from simulation.replay.measurements import HomeSeries, Measurements


def select_time(
    measurements: Measurements, *, start_at: int | None = None, days: int | None = None
) -> Measurements:
    """Keep the slots that begin at `start_at` (unix seconds) or later, for `days` times 24 hours.

    Without `start_at` the days count from the first slot. Homes without a slot in that time are left out.

    Raises:
        MeasurementError: nothing is left, or days is not positive.
    """
    if days is not None and days < 1:
        raise MeasurementError(f"{days} days cannot be replayed; give 1 or more")
    first = measurements.start if start_at is None else start_at
    end = measurements.end if days is None else first + days * DAY_SECONDS
    kept = []
    for home in measurements.homes:
        slots = tuple(slot for slot in home.slots if first <= slot.start < end)
        if slots:
            kept.append(HomeSeries(home.name, slots))
    if not kept:
        raise MeasurementError(
            f"no measurements between {_text(first)} and {_text(end)}; "
            f"the data span {_text(measurements.start)} to {_text(measurements.end)}"
        )
    return measurements._replace(homes=tuple(kept))


def tile(measurements: Measurements, homes: int) -> Measurements:
    """Return exactly `homes` homes: the first ones by name, or all and copies of them.

    The n-th round of copies is named `<home>-t<n>` from `-t02` on; each copy is a home of its own.

    Raises:
        MeasurementError: homes is not positive, or a copy's name is taken by a measured home.
    """
    if homes < 1:
        raise MeasurementError(f"{homes} homes cannot be replayed; give 1 or more")
    measured = measurements.homes
    names = {home.name for home in measured}
    tiled = list(measured[:homes])
    for index in range(len(measured), homes):
        original = measured[index % len(measured)]
        name = f"{original.name}-t{index // len(measured) + 1:02d}"
        if name in names:
            raise MeasurementError(f"home {name} is measured and would also be a copy; rename it in the data")
        tiled.append(HomeSeries(name, original.slots))
    return measurements._replace(homes=tuple(tiled))


def _text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M UTC")
