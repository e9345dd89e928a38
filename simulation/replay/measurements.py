"""Measured homes from a CSV file: `home,slot_start,load_wh,pv_wh`, one row a home and slot.

Rows may come in any order, because the time says where a row belongs. What is missing inside a home's
measurements is an error, or on request an outage; a home may begin later or end earlier than the others.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from protocol.intervals import DAY_SECONDS
from simulation.errors import MeasurementError
from simulation.replay.local_time import find_zone, unix_seconds

COLUMNS: Final = ("home", "slot_start", "load_wh", "pv_wh")
NAME_BYTES_LIMIT: Final = 64
# a thousand homes' summed slots stay far below the registers' 2^63
SLOT_WH_LIMIT: Final = 1 << 40


class Slot(NamedTuple):
    """What one home did in one slot.

    Attributes:
        start: unix seconds UTC at which the slot begins.
        load_wh: consumption in the slot, Wh.
        pv_wh: generation in the slot, Wh.
    """

    start: int
    load_wh: int
    pv_wh: int


class HomeSeries(NamedTuple):
    """One home's slots in ascending order; missing slots are outages."""

    name: str
    slots: tuple[Slot, ...]


class Measurements(NamedTuple):
    """The measured homes.

    Attributes:
        slot_seconds: length of every slot, the settlement interval of a replay.
        homes: ordered by name, each with at least one slot.
    """

    slot_seconds: int
    homes: tuple[HomeSeries, ...]

    @property
    def start(self) -> int:
        """Unix seconds UTC at which the first slot begins."""
        return min(home.slots[0].start for home in self.homes)

    @property
    def end(self) -> int:
        """Unix seconds UTC at which the last slot ends."""
        return max(home.slots[-1].start for home in self.homes) + self.slot_seconds

    @property
    def readings(self) -> int:
        """The number of readings these measurements make."""
        return sum(len(home.slots) for home in self.homes)


class _Row(NamedTuple):
    line: int
    text: str
    slot: Slot


def read_measurements(
    path: Path, zone: str, *, slot_seconds: int | None = None, allow_gaps: bool = False
) -> Measurements:
    """Read a CSV file; see `parse_measurements`.

    Raises:
        MeasurementError: the file cannot be read, or says something wrong; with the line number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return parse_measurements(file, str(path), zone, slot_seconds=slot_seconds, allow_gaps=allow_gaps)
    except UnicodeDecodeError as error:
        raise MeasurementError(f"{path} is not UTF-8 text; save it as CSV in UTF-8") from error
    except OSError as error:
        raise MeasurementError(
            f"{path} cannot be read ({error.strerror}); give the path of a CSV file"
        ) from error


def parse_measurements(
    lines: Iterable[str],
    source: str,
    zone: str,
    *,
    slot_seconds: int | None = None,
    allow_gaps: bool = False,
) -> Measurements:
    """Parse CSV text.

    Args:
        lines: the text, header first.
        source: what to call it in messages.
        zone: IANA zone of times that carry no offset.
        slot_seconds: length of the slots; derived from the data if None.
        allow_gaps: take missing slots as outages instead of refusing them.

    Raises:
        MeasurementError: with the line number and the mend.
    """
    homes = _read_rows(lines, source, zone)
    length = _checked_length(slot_seconds, source) if slot_seconds else _derive_length(homes, source)
    for name, rows in homes.items():
        _check_aligned(rows, length, source, zone)
        if not allow_gaps:
            _check_gapless(name, rows, length, source)
    series = (HomeSeries(name, tuple(row.slot for row in rows)) for name, rows in sorted(homes.items()))
    return Measurements(length, tuple(series))


def _read_rows(lines: Iterable[str], source: str, zone: str) -> dict[str, list[_Row]]:
    """Return each home's rows in ascending order of time."""
    known_zone = find_zone(zone)
    seconds_of: dict[str, int] = {}
    homes: dict[str, dict[int, _Row]] = {}
    for line, fields in _records(lines, source):
        where = f"{source} line {line}"
        name, text, load, pv = fields
        start = seconds_of.get(text)
        if start is None:
            try:
                start = seconds_of[text] = unix_seconds(text, known_zone)
            except MeasurementError as error:
                raise MeasurementError(f"{where}: slot_start {error}") from error
        rows = homes.get(name)
        if rows is None:
            rows = homes[_checked_name(name, where)] = {}
        if start in rows:
            raise MeasurementError(
                f"{where}: {name} already has slot {text} in line {rows[start].line}; remove one of them"
            )
        slot = Slot(start, _energy(load, "load_wh", where), _energy(pv, "pv_wh", where))
        rows[start] = _Row(line, text, slot)
    if not homes:
        raise MeasurementError(f"{source} has no measurements after its header; add rows")
    return {name: [rows[start] for start in sorted(rows)] for name, rows in homes.items()}


def _records(lines: Iterable[str], source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line numbers and the four wanted fields of every row that is not blank."""
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, None)
        if not header:
            raise MeasurementError(f"{source} is empty; its first line must be {','.join(COLUMNS)}")
        places = _column_places(header, source)
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise MeasurementError(
                    f"{source} line {reader.line_num}: {len(row)} fields where the header has {len(header)}; "
                    "complete or remove the line"
                )
            yield reader.line_num, [row[place].strip() for place in places]
    except csv.Error as error:
        raise MeasurementError(
            f"{source} line {reader.line_num}: not CSV ({error}); mend the line"
        ) from error


def _column_places(header: list[str], source: str) -> list[int]:
    names = [name.strip() for name in header]
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise MeasurementError(
            f"{source} line 1: column {', '.join(missing)} missing; the header must have {','.join(COLUMNS)}"
        )
    repeated = [column for column in COLUMNS if names.count(column) > 1]
    if repeated:
        raise MeasurementError(f"{source} line 1: column {repeated[0]} appears twice; rename one of them")
    return [names.index(column) for column in COLUMNS]


def _checked_name(name: str, where: str) -> str:
    if not name:
        raise MeasurementError(f"{where}: home is empty; name the home")
    if not name.isprintable() or len(name.encode()) > NAME_BYTES_LIMIT:
        raise MeasurementError(
            f"{where}: home {name[:80]!r} is not a printable name of at most {NAME_BYTES_LIMIT} bytes; "
            "shorten it"
        )
    return name


def _energy(text: str, column: str, where: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 13:
        value = int(text)
        if value < SLOT_WH_LIMIT:
            return value
    elif not text:
        raise MeasurementError(
            f"{where}: {column} is empty; unknown is not zero: remove the line and allow gaps"
        )
    elif text[0] == "-" and text[1:].replace(".", "", 1).isdigit():
        raise MeasurementError(
            f"{where}: {column} is negative ({text}); load_wh and pv_wh are gross and never negative"
        )
    elif not text.isdigit():
        raise MeasurementError(f"{where}: {column} {text[:40]!r} is not a number of whole watt-hours")
    raise MeasurementError(f"{where}: {column} {text[:40]} is not below {SLOT_WH_LIMIT} Wh; check its unit")


def _checked_length(seconds: int, source: str) -> int:
    if seconds <= 0 or DAY_SECONDS % seconds:
        raise MeasurementError(
            f"{source}: slots of {seconds} s do not divide a day of {DAY_SECONDS} s; "
            "use slots such as 900, 1800 or 3600 s"
        )
    return seconds


def _derive_length(homes: dict[str, list[_Row]], source: str) -> int:
    # the most common step, not the smallest: one misplaced row must be named by its line, not change the slot
    steps = Counter(b.slot.start - a.slot.start for rows in homes.values() for a, b in pairwise(rows))
    if not steps:
        raise MeasurementError(
            f"{source}: one slot a home does not tell how long slots are; add rows or give the slot length"
        )
    most = max(steps.values())
    return _checked_length(min(step for step, count in steps.items() if count == most), source)


def _check_aligned(rows: list[_Row], length: int, source: str, zone: str) -> None:
    for row in rows:
        if row.slot.start % length:
            raise MeasurementError(
                f"{source} line {row.line}: slot {row.text} ({zone}) does not begin on a multiple of "
                f"{length} s of UTC; mend the time, the zone or the slot length"
            )


def _check_gapless(name: str, rows: list[_Row], length: int, source: str) -> None:
    for before, after in pairwise(rows):
        missing = (after.slot.start - before.slot.start) // length - 1
        if missing:
            raise MeasurementError(
                f"{source} line {after.line}: {name} jumps from {before.text} to {after.text}, "
                f"{missing} slots are missing; add the rows, or allow gaps to replay them as an outage"
            )
