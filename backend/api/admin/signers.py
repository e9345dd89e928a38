"""Who signed which reports, from the events' bitmaps and the oracle sets of their time. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

Place = tuple[int, int]
"""Block number and log index of an event."""


@dataclass(frozen=True, slots=True)
class OracleSet:
    """The oracle nodes from one event on; an address's place is its bit in a report's signers."""

    since: Place
    oracles: tuple[bytes, ...]
    quorum: int


@dataclass(frozen=True, slots=True)
class SignedReport:
    """A report on chain."""

    at: Place
    interval: int
    signers: int


@dataclass(slots=True)
class NodeRecord:
    """One node's part in the reports.

    Attributes:
        position: its place in the oracle set of now, None if it is not in it.
        possible: reports while it was in the set.
        signed: those that it signed.
        last_signed_interval: the newest interval that it signed.
        missed_intervals: reported intervals after it while it was in the set.
    """

    position: int | None = None
    possible: int = 0
    signed: int = 0
    last_signed_interval: int | None = None
    missed_intervals: int = 0


def count_signatures(sets: Sequence[OracleSet], reports: Sequence[SignedReport]) -> dict[bytes, NodeRecord]:
    """Return each node's record by its address: those of the set of now in its order, then former ones.

    Args:
        sets: all oracle sets, ascending.
        reports: the reports to look at.
    """
    current = sets[-1].oracles if sets else ()
    nodes = {oracle: NodeRecord(position) for position, oracle in enumerate(current)}
    places = [one.since for one in sets]
    chances: dict[bytes, set[int]] = {}
    for report in reports:
        valid = bisect_right(places, report.at) - 1
        if valid < 0:
            continue
        for position, oracle in enumerate(sets[valid].oracles):
            node = nodes.setdefault(oracle, NodeRecord())
            node.possible += 1
            chances.setdefault(oracle, set()).add(report.interval)
            if report.signers >> position & 1:
                node.signed += 1
                node.last_signed_interval = max(node.last_signed_interval or 0, report.interval)
    for oracle, intervals in chances.items():
        last = nodes[oracle].last_signed_interval
        nodes[oracle].missed_intervals = sum(last is None or interval > last for interval in intervals)
    return nodes
