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
    """A report on chain; `indexed_at` is real time, unix seconds, when its block was indexed."""

    at: Place
    interval: int
    signers: int
    indexed_at: int | None = None


@dataclass(slots=True)
class NodeRecord:
    """One node's part in the reports.

    Attributes:
        position: its place in the oracle set of now, None if it is not in it.
        possible: reports while it was in the set.
        signed: those that it signed.
        last_signed_interval: the newest interval that it signed.
        missed_intervals: reported intervals after it while it was in the set.
        missed_seconds: real time in which those came. While a community catches up, one leader may bring many
            reports at once with the first signatures that suffice.
    """

    position: int | None = None
    possible: int = 0
    signed: int = 0
    last_signed_interval: int | None = None
    missed_intervals: int = 0
    missed_seconds: int = 0

    def is_silent(self, missed_limit: int, seconds_limit: int) -> bool:
        """Tell whether the node is in the set and others signed without it for too long."""
        return (
            self.position is not None
            and self.missed_intervals > missed_limit
            and self.missed_seconds >= seconds_limit
        )


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
    moments = {report.interval: report.indexed_at or 0 for report in reports}
    for oracle, intervals in chances.items():
        last = nodes[oracle].last_signed_interval
        missed = [interval for interval in intervals if last is None or interval > last]
        nodes[oracle].missed_intervals = len(missed)
        if missed:
            began = moments[min(missed) if last is None else last]
            nodes[oracle].missed_seconds = max(moments[interval] for interval in missed) - began
    return nodes
