"""Which reported leaves the keeper claims certificates from. Pure.

Registers are cumulative, so the newest leaf of a meter claims everything before it. Because a mint never
crosses a day, a claim that brings energy is preceded by the last leaf of the day before. A keeper that lags
therefore catches up with one claim a meter and day, and meters that generate nothing cost nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from protocol.intervals import DAY_SECONDS, day_of
from protocol.reading import SignedReading


@dataclass(frozen=True, slots=True)
class Leaf:
    """A reading in the report of an interval that stands on the chain."""

    interval: int
    signed: SignedReading


@dataclass(frozen=True, slots=True)
class Claimed:
    """What EnergyProduction has claimed for a meter: register in Wh, and the reading it came from."""

    wh: int
    seq: int
    timestamp: int


def needed_claims(
    pending: Mapping[bytes, Sequence[Leaf]], claimed: Mapping[bytes, Claimed]
) -> list[tuple[int, list[SignedReading]]]:
    """Return the batches of claims to make, each with its interval, in the order in which to make them.

    A batch holds one leaf a meter: within one proof the order of leaves is that of their hashes.

    Args:
        pending: per meter, reported leaves newer than its claim, ascending by seq.
        claimed: per meter, what was claimed.
    """
    batches: dict[tuple[int, int], list[SignedReading]] = {}
    for meter_id, leaves in pending.items():
        turns = Counter[int]()
        for leaf in _needed(leaves, claimed[meter_id]):
            batches.setdefault((leaf.interval, turns[leaf.interval]), []).append(leaf.signed)
            turns[leaf.interval] += 1
    return [(interval, claims) for (interval, _), claims in sorted(batches.items(), key=lambda b: b[0])]


def still_pending(leaves: Sequence[Leaf], claimed: Claimed) -> list[Leaf]:
    """Return the leaves that a claim may still need: those needed now, and the last two days' edges."""
    newer = [leaf for leaf in leaves if leaf.signed.reading.seq > claimed.seq]
    days = sorted({_day(leaf) for leaf in newer})[-2:]
    kept = {leaf.signed.reading.seq for leaf in _needed(newer, claimed)}
    kept |= {leaf.signed.reading.seq for leaf in _edges(newer) if _day(leaf) in days}
    return [leaf for leaf in newer if leaf.signed.reading.seq in kept]


def _edges(leaves: Sequence[Leaf]) -> list[Leaf]:
    """Return the first and the last known leaf of each UTC day."""
    edges = []
    for before, leaf, following in zip([None, *leaves], leaves, [*leaves[1:], None], strict=False):
        first = before is None or _day(before) != _day(leaf)
        last = following is None or _day(following) != _day(leaf)
        if first or last:
            edges.append(leaf)
    return edges


def _needed(leaves: Sequence[Leaf], claimed: Claimed) -> list[Leaf]:
    """Return each day's last leaf if it brings energy, after the leaves that lead up to its day."""
    needed: list[Leaf] = []
    at = claimed
    for number, leaf in enumerate(leaves):
        following = leaves[number + 1] if number + 1 < len(leaves) else None
        if following is not None and _day(following) == _day(leaf):
            continue
        if leaf.signed.reading.generated_wh <= at.wh:
            continue
        for step in (*_way(leaves[:number], at, _day(leaf)), leaf):
            needed.append(step)
            reading = step.signed.reading
            at = Claimed(reading.generated_wh, reading.seq, reading.timestamp)
    return needed


def _way(earlier: Sequence[Leaf], at: Claimed, day: int) -> list[Leaf]:
    """Return the leaves to claim between `at` and a leaf of `day`, so that no claim crosses a day unseen."""
    way = []
    ends = [leaf for leaf in earlier if _day(leaf) < day and leaf.signed.reading.seq > at.seq]
    if ends:
        way.append(ends[-1])
    seq, timestamp = (
        (ends[-1].signed.reading.seq, ends[-1].signed.reading.timestamp) if ends else (at.seq, at.timestamp)
    )
    if timestamp < day * DAY_SECONDS:
        # no reading closed the day before at midnight: the step over it is its own claim
        way += [leaf for leaf in earlier if _day(leaf) == day and leaf.signed.reading.seq == seq + 1]
    return way


def _day(leaf: Leaf) -> int:
    return day_of(leaf.signed.reading.timestamp)
