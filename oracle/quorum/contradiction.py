"""Two signed statements of a meter that cannot both be true: its fault, as anybody can check. Pure.

These are what the contracts' disputes accept: one sequence number with two contents, or an order of sequence
numbers against registers or time. Implausible growth contradicts nothing; it is never reported.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from oracle.acceptance import judge_order, judge_signature
from oracle.judge import Neighbours
from oracle.meters import MeterBook, point_of
from protocol.ack import Status
from protocol.eip712 import Domain
from protocol.reading import SignedReading


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two statements of one meter, the one with the lower sequence number first."""

    first: SignedReading
    second: SignedReading

    @property
    def meter_id(self) -> bytes:
        """The meter that contradicts itself."""
        return self.first.reading.meter_id

    @property
    def newest_seq(self) -> int:
        """The higher of the two sequence numbers."""
        return self.second.reading.seq

    @property
    def words(self) -> str:
        """What contradicts what, for people."""
        a, b = self.first.reading, self.second.reading
        if a.seq == b.seq:
            return f"signed two statements under seq {a.seq}"
        return f"seq {b.seq} cannot follow seq {a.seq}: its time or a register fell"


class Evidence(NamedTuple):
    """A contradiction, and the first block whose reinstatement of the meter would end it."""

    found: Contradiction
    block: int


def contradiction_of(one: SignedReading, other: SignedReading, meters: MeterBook) -> Contradiction | None:
    """Return the contradiction between two statements, if they are one meter's and cannot both be true.

    Signatures are not looked at; see `is_evidence`.
    """
    if one.reading.meter_id not in meters or one.reading.meter_id != other.reading.meter_id:
        return None
    if one.reading == other.reading:
        return None
    first, second = sorted((one, other), key=lambda s: (s.reading.seq, s.record()))
    same_seq = first.reading.seq == second.reading.seq
    if same_seq or judge_order(point_of(first.reading), point_of(second.reading)) is not Status.ACCEPTED:
        return Contradiction(first, second)
    return None


def is_evidence(found: Contradiction, domain: Domain, meters: MeterBook, interval_seconds: int) -> bool:
    """Tell whether a contradiction that somebody else claims is one, and the meter signed both statements."""
    if contradiction_of(found.first, found.second, meters) != found:
        return False
    meter = replace(meters[found.meter_id], suspended=False)
    return all(
        judge_signature(signed, domain, meter, interval_seconds) is Status.ACCEPTED
        for signed in (found.first, found.second)
    )


def contradiction_among(
    signed: SignedReading, neighbours: Neighbours, meters: MeterBook
) -> Contradiction | None:
    """Return the contradiction between a statement and what is stored around it."""
    stored: Iterable[SignedReading | None] = (neighbours.same, neighbours.before, neighbours.after)
    found = (contradiction_of(signed, other, meters) for other in stored if other is not None)
    return next((each for each in found if each is not None), None)
