"""Net metering: a home's slots become its cumulative registers, step by step through time."""

from collections.abc import Iterator
from typing import NamedTuple

from protocol.reading import Flag
from simulation.replay.measurements import HomeSeries, Measurements


class Registers(NamedTuple):
    """A meter's cumulative counters, Wh."""

    import_wh: int = 0
    export_wh: int = 0
    generated_wh: int = 0


ZERO = Registers()


class RegisterReading(NamedTuple):
    """A home's registers at the end of a slot, before they are signed.

    Attributes:
        seq: 1 for the home's first slot, then rising by one.
        timestamp: unix seconds UTC of the slot's end.
        period_seconds: seconds since the home's previous reading.
        registers: the counters at `timestamp`.
        flags: `Flag.POWER_UP` on the first reading after an outage.
    """

    seq: int
    timestamp: int
    period_seconds: int
    registers: Registers
    flags: int


class Step(NamedTuple):
    """Everything that is read at one time: (index of the home, its reading)."""

    end: int
    readings: list[tuple[int, RegisterReading]]


def home_readings(
    home: HomeSeries, slot_seconds: int, opening: Registers = ZERO
) -> Iterator[RegisterReading]:
    """Yield the home's readings in order.

    What the panels do not cover is imported, what the home does not use is exported.
    """
    import_wh, export_wh, generated_wh = opening
    previous_end = home.slots[0].start
    for seq, (start, load_wh, pv_wh) in enumerate(home.slots, 1):
        if load_wh > pv_wh:
            import_wh += load_wh - pv_wh
        else:
            export_wh += pv_wh - load_wh
        generated_wh += pv_wh
        end = start + slot_seconds
        yield RegisterReading(
            seq,
            end,
            end - previous_end,
            Registers(import_wh, export_wh, generated_wh),
            0 if start == previous_end else int(Flag.POWER_UP),
        )
        previous_end = end


def steps(measurements: Measurements, opening: Registers = ZERO) -> Iterator[Step]:
    """Yield all homes' readings time by time, homes in order; times at which no home reads are left out."""
    length = measurements.slot_seconds
    sources = [home_readings(home, length, opening) for home in measurements.homes]
    upcoming: list[RegisterReading | None] = [next(source, None) for source in sources]
    for end in range(measurements.start + length, measurements.end + 1, length):
        readings = []
        for index, reading in enumerate(upcoming):
            if reading is not None and reading.timestamp == end:
                readings.append((index, reading))
                upcoming[index] = next(sources[index], None)
        if readings:
            yield Step(end, readings)
