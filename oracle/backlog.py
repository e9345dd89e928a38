"""What is accepted and not yet reported on the chain, and the registers last reported. Pure."""

from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from oracle.acceptance import judge_step
from oracle.data_set import choose, first_due_interval
from oracle.meters import MeterBook, Point, point_of
from protocol.ack import Status
from protocol.intervals import interval_end, interval_of
from protocol.reading import SignedReading


class _Entry(NamedTuple):
    seq: int
    arrival: int
    signed: SignedReading


class Backlog:
    """Readings that wait for a report.

    Those that do not fit the registers last reported wait until they do, or for good. What is left out so
    follows from the chain and the reading alone, so nodes that hold the same leave out the same.

    Args:
        meters: for the opening registers.
        reportable: ids of the meters that may be reported: enrolled, and not set aside.
        interval_seconds: length of an interval, seconds.

    Attributes:
        ruled_out_to: gives the sequence number up to which a reinstated meter's statements stay out.
    """

    ruled_out_to: Callable[[bytes], int]

    def __init__(self, meters: MeterBook, reportable: Container[bytes], interval_seconds: int) -> None:
        self._meters = meters
        self._reportable = reportable
        self.interval_seconds = interval_seconds
        self._waiting: dict[bytes, list[_Entry]] = {}
        self._reported: dict[bytes, Point] = {}
        self._arrivals = 0
        self.ruled_out_to = lambda _: 0
        self.last: int | None = None

    def load(
        self, unreported: Iterable[SignedReading], reported: dict[bytes, Point], last: int | None
    ) -> None:
        """Begin anew from the store.

        Args:
            unreported: accepted readings newer than their meter's newest reported leaf.
            reported: per meter, the registers of its newest reported leaf.
            last: newest reported interval.
        """
        self._waiting = {}
        self._reported = reported
        self.last = last
        for signed in unreported:
            self.add(signed)

    def add(self, signed: SignedReading) -> None:
        """Take an accepted, stored reading; one older than what its meter reported is history only."""
        reading = signed.reading
        if reading.seq <= self.floor(reading.meter_id):
            return
        self._arrivals += 1
        waiting = self._waiting.setdefault(reading.meter_id, [])
        waiting.append(_Entry(reading.seq, self._arrivals, signed))
        if len(waiting) > 1 and waiting[-2].seq > reading.seq:
            waiting.sort()

    def forget(self, meter_id: bytes, seqs: Container[int]) -> None:
        """Leave waiting readings of a meter out, because they are void."""
        self._waiting[meter_id] = [e for e in self._waiting.get(meter_id, ()) if e.seq not in seqs]
        self._drop(meter_id)

    def settle(self, interval: int, readings: Iterable[SignedReading]) -> None:
        """Take over that `interval` stands on the chain, made of these readings."""
        self.last = interval if self.last is None else max(interval, self.last)
        for signed in readings:
            point = point_of(signed.reading)
            before = self._reported.get(signed.reading.meter_id)
            if before is None or before.seq < point.seq:
                self._reported[signed.reading.meter_id] = point
        for meter_id in {signed.reading.meter_id for signed in readings}:
            self._drop(meter_id)

    def _drop(self, meter_id: bytes) -> None:
        floor = self.floor(meter_id)
        waiting = [entry for entry in self._waiting.get(meter_id, ()) if entry.seq > floor]
        if waiting:
            self._waiting[meter_id] = waiting
        else:
            self._waiting.pop(meter_id, None)

    def floor(self, meter_id: bytes) -> int:
        """Return the sequence number up to which a meter is reported."""
        reported = self._reported.get(meter_id)
        return reported.seq if reported else 0

    def reported(self, meter_id: bytes) -> Point | None:
        """Return a meter's registers as last reported."""
        return self._reported.get(meter_id)

    def fits(self, signed: SignedReading, before: Point) -> bool:
        """Tell whether a reading can follow the registers reported before it."""
        meter = self._meters[signed.reading.meter_id]
        return judge_step(before, point_of(signed.reading), meter) is Status.ACCEPTED

    def find(self, meter_id: bytes, seq: int) -> SignedReading | None:
        """Return a waiting reading."""
        waiting = self._waiting.get(meter_id, [])
        place = bisect_left(waiting, seq, key=lambda entry: entry.seq)
        return waiting[place].signed if place < len(waiting) and waiting[place].seq == seq else None

    def mark(self) -> int:
        """Return a mark that tells what has arrived until now from what arrives later."""
        return self._arrivals

    def outlook(self, left_out: Container[bytes] = frozenset()) -> "Outlook":
        """Return a look ahead over the coming intervals, without these meters."""
        return Outlook(self, left_out)

    def registers_before(self, meter_id: bytes) -> Point:
        """Return a meter's registers as last reported, or the opening ones."""
        return self._reported.get(meter_id) or self._meters[meter_id].opening

    def entries(self) -> Iterator[tuple[bytes, list[_Entry]]]:
        """Yield what waits, by meter, of the meters that may be reported."""
        for meter_id, waiting in self._waiting.items():
            if meter_id in self._reportable and meter_id in self._meters:
                ruled_out_to = self.ruled_out_to(meter_id)
                yield meter_id, [entry for entry in waiting if entry.seq > ruled_out_to]

    def intervals_due(self, last_due: int) -> list[int]:
        """Return the intervals up to `last_due` that readings wait for, ascending."""
        first = -1 if self.last is None else self.last + 1
        found = {
            max(first, interval_of(entry.signed.reading.timestamp, self.interval_seconds))
            for meter_id, waiting in self.entries()
            for entry in waiting
            if self.fits(entry.signed, self.registers_before(meter_id))
        }
        return sorted(interval for interval in found if interval <= last_due)


class Outlook:
    """A look ahead: what intervals would be made of, if those before them were reported as settled here."""

    def __init__(self, backlog: Backlog, left_out: Container[bytes]) -> None:
        self._backlog = backlog
        self._left_out = left_out
        self._settled: dict[bytes, Point] = {}
        self.last = backlog.last

    def before(self, meter_id: bytes) -> Point:
        """Return a meter's registers as they would be reported by then."""
        return self._settled.get(meter_id) or self._backlog.registers_before(meter_id)

    def _entries(self) -> Iterator[tuple[bytes, list[_Entry]]]:
        return (each for each in self._backlog.entries() if each[0] not in self._left_out)

    def waiting(
        self, interval: int | None = None, arrived: int | None = None
    ) -> dict[bytes, list[SignedReading]]:
        """Return, per meter and ascending by seq, what would wait.

        Args:
            interval: leave out what was read after its end.
            arrived: leave out what arrived after this mark.
        """
        end = None if interval is None else interval_end(interval, self._backlog.interval_seconds)
        found = {}
        for meter_id, entries in self._entries():
            before = self.before(meter_id)
            readings = [
                entry.signed
                for entry in entries
                if entry.seq > before.seq
                and (end is None or entry.signed.reading.timestamp <= end)
                and (arrived is None or entry.arrival <= arrived)
                and self._backlog.fits(entry.signed, before)
            ]
            if readings:
                found[meter_id] = readings
        return found

    def next_interval(self) -> int | None:
        """Return the next interval that has something to report."""
        first = {}
        for meter_id, entries in self._entries():
            before = self.before(meter_id)
            fitting = (
                e.signed for e in entries if e.seq > before.seq and self._backlog.fits(e.signed, before)
            )
            signed = next(fitting, None)
            if signed is not None:
                first[meter_id] = [signed]
        return first_due_interval(first, self.last, self._backlog.interval_seconds)

    def choose(self, interval: int, waiting: Mapping[bytes, list[SignedReading]]) -> list[SignedReading]:
        """Return the leaves of `interval` out of `waiting`."""
        before = {meter_id: self.before(meter_id) for meter_id in waiting}
        return choose(waiting, before, interval, self._backlog.interval_seconds)

    def settle(self, interval: int, readings: Sequence[SignedReading]) -> None:
        """Go on as if `interval` stood on the chain, made of these readings, ordered by (meter id, seq)."""
        self.last = interval
        for signed in readings:
            self._settled[signed.reading.meter_id] = point_of(signed.reading)
