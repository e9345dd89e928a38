"""Which readings an interval's report is made of, and the two trees over them. Pure.

A report states, per meter, the accepted reading with the highest sequence number not after the interval's
end, if it is newer than what was reported before. So that certificates can be dated, it also states the last
reading of each UTC day completed in between, and the first of a day that no reading opened at midnight.
Readings that arrive later go into the next report.

Nodes agree by union: choosing from the union of what each node chose gives the same as choosing from the
union of all that they hold, whatever subset of a meter's readings each of them heard.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from oracle.meters import Point, point_of
from protocol.intervals import DAY_SECONDS, day_of, interval_end, interval_of
from protocol.leaf import consumption_leaf, interval_salt, production_leaf
from protocol.merkle import MerkleTree
from protocol.reading import Reading, SignedReading
from protocol.report import Report, data_hash_of


class DataSet(NamedTuple):
    """The readings behind an interval's two reports, ordered by (meter id, seq), addressed by their hash."""

    interval: int
    data_hash: bytes
    readings: tuple[SignedReading, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a node proposes for one interval: the readings, and the two reports over them.

    Attributes:
        interval: interval index.
        readings: the data set, ordered by (meter id, seq).
        production: report to EnergyProduction, over the generation registers.
        consumption: report to EnergyConsumption, over the salted import and export registers.
    """

    interval: int
    readings: tuple[SignedReading, ...]
    production: Report
    consumption: Report

    @property
    def data_set(self) -> DataSet:
        """The readings with their hash."""
        return DataSet(self.interval, self.production.data_hash, self.readings)


def choose(
    unreported: Mapping[bytes, list[SignedReading]],
    reported: Mapping[bytes, Point],
    interval: int,
    interval_seconds: int,
) -> list[SignedReading]:
    """Choose the readings of `interval`'s report.

    Args:
        unreported: per meter, accepted readings newer than its last reported one, ascending by seq.
        reported: per meter, its last reported registers, or the opening ones.
        interval: interval index.
        interval_seconds: length of an interval, seconds.

    Returns:
        The chosen readings, ordered by (meter id, seq).
    """
    end = interval_end(interval, interval_seconds)
    chosen: list[SignedReading] = []
    for meter_id in sorted(unreported):
        due = [signed for signed in unreported[meter_id] if signed.reading.timestamp <= end]
        before = reported[meter_id]
        for signed, following in zip_longest(due, due[1:]):
            if _ends_day(signed.reading, following) or _begins_day(signed.reading, before):
                chosen.append(signed)
            before = point_of(signed.reading)
    return chosen


def _ends_day(reading: Reading, following: SignedReading | None) -> bool:
    """Tell whether nothing newer is known of the reading's UTC day."""
    return following is None or day_of(reading.timestamp) != day_of(following.reading.timestamp)


def _begins_day(reading: Reading, before: Point) -> bool:
    """Tell whether the reading is its day's first and the day before was not closed at midnight.

    Energy between the two has no certain day; reported next to each other, they keep that part small.
    """
    return before.timestamp < day_of(reading.timestamp) * DAY_SECONDS


def union(
    ours: Mapping[bytes, list[SignedReading]], others: Iterable[SignedReading]
) -> dict[bytes, list[SignedReading]]:
    """Return, per meter and ascending by seq, what is in either; of one seq the first of `ours` counts."""
    added: dict[bytes, list[SignedReading]] = {}
    for signed in others:
        added.setdefault(signed.reading.meter_id, []).append(signed)
    result = dict(ours)
    for meter_id, readings in added.items():
        by_seq = {signed.reading.seq: signed for signed in readings}
        by_seq |= {signed.reading.seq: signed for signed in ours.get(meter_id, ())}
        result[meter_id] = [by_seq[seq] for seq in sorted(by_seq)]
    return result


def first_due_interval(
    unreported: Mapping[bytes, list[SignedReading]], last_reported: int | None, interval_seconds: int
) -> int | None:
    """Return the next interval that has something to report, or None if nothing waits.

    A late reading of an interval already reported waits for the next one.
    """
    earliest = min(
        (
            interval_of(readings[0].reading.timestamp, interval_seconds)
            for readings in unreported.values()
            if readings
        ),
        default=None,
    )
    if earliest is None or last_reported is None:
        return earliest
    return max(earliest, last_reported + 1)


def propose(
    interval: int,
    readings: Sequence[SignedReading],
    reported: Mapping[bytes, Point],
    secrets: Mapping[bytes, bytes],
) -> Proposal:
    """Build both reports over a chosen data set.

    Args:
        interval: interval index.
        readings: non-empty, ordered by (meter id, seq).
        reported: per meter, the registers last reported, or the opening ones.
        secrets: per meter, the secret that salts its consumption leaves.
    """
    return Proposal(
        interval,
        tuple(readings),
        production_report(interval, readings, reported),
        consumption_report(interval, readings, reported, secrets),
    )


def production_report(
    interval: int, readings: Sequence[SignedReading], reported: Mapping[bytes, Point]
) -> Report:
    """Build the report to EnergyProduction alone; no secret is needed. Arguments as of `propose`."""
    data_hash = data_hash_of(signed.record() for signed in readings)
    generated_wh, _ = _growth(readings, reported)
    return Report(interval, production_tree(readings).root, data_hash, generated_wh, len(readings))


def consumption_report(
    interval: int,
    readings: Sequence[SignedReading],
    reported: Mapping[bytes, Point],
    secrets: Mapping[bytes, bytes],
) -> Report:
    """Build the report to EnergyConsumption alone. Arguments as of `propose`.

    Raises:
        KeyError: the secret of a meter is not here.
    """
    data_hash = data_hash_of(signed.record() for signed in readings)
    _, import_wh = _growth(readings, reported)
    meter_ids = {signed.reading.meter_id for signed in readings}
    salts = {meter_id: interval_salt(secrets[meter_id], interval) for meter_id in meter_ids}
    return Report(interval, consumption_tree(readings, salts).root, data_hash, import_wh, len(readings))


def production_tree(readings: Sequence[SignedReading]) -> MerkleTree:
    """Return the tree over the readings' generation registers."""
    return MerkleTree(production_leaf(signed.reading) for signed in readings)


def consumption_tree(readings: Sequence[SignedReading], salts: Mapping[bytes, bytes]) -> MerkleTree:
    """Return the tree over the readings' import and export registers, salted per meter."""
    return MerkleTree(consumption_leaf(signed.reading, salts[signed.reading.meter_id]) for signed in readings)


def _growth(readings: Sequence[SignedReading], reported: Mapping[bytes, Point]) -> tuple[int, int]:
    """Return by how many Wh (generated, imported) the readings move the registers on."""
    generated_wh = import_wh = 0
    last = {signed.reading.meter_id: signed.reading for signed in readings}
    for meter_id, reading in last.items():
        generated_wh += reading.generated_wh - reported[meter_id].generated_wh
        import_wh += reading.import_wh - reported[meter_id].import_wh
    return generated_wh, import_wh
