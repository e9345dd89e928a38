"""Which reported leaves the keeper claims certificates from. Pure.

Registers are cumulative, so the newest leaf of a meter claims everything before it. Because a mint never
crosses a day, a claim that brings energy is preceded by the last leaf of the day before. A keeper that lags
therefore catches up with one claim a meter and day, and meters that generate nothing cost nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from protocol.intervals import day_of
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
) -> dict[int, list[SignedReading]]:
    """Return the claims to make, by interval ascending.

    Args:
        pending: per meter, reported leaves newer than its claim, ascending by seq.
        claimed: per meter, what was claimed.
    """
    needed: dict[int, list[SignedReading]] = {}
    for meter_id, leaves in pending.items():
        for leaf in _needed(_day_ends(leaves), claimed[meter_id]):
            needed.setdefault(leaf.interval, []).append(leaf.signed)
    return dict(sorted(needed.items()))


def still_pending(leaves: Sequence[Leaf], claimed: Claimed) -> list[Leaf]:
    """Return the leaves that a claim may still need: those that bring energy, and the last two days' ends."""
    ends = _day_ends([leaf for leaf in leaves if leaf.signed.reading.seq > claimed.seq])
    needed = _needed(ends, claimed)
    return [leaf for i, leaf in enumerate(ends) if leaf in needed or i >= len(ends) - 2]


def _day_ends(leaves: Sequence[Leaf]) -> list[Leaf]:
    """Return the last known leaf of each UTC day."""
    return [
        leaf
        for leaf, following in zip_longest(leaves, leaves[1:])
        if following is None or _day(leaf) != _day(following)
    ]


def _needed(day_ends: Sequence[Leaf], claimed: Claimed) -> list[Leaf]:
    needed: list[Leaf] = []
    claimed_wh = claimed.wh
    for before, leaf in zip([None, *day_ends], day_ends, strict=False):
        if leaf.signed.reading.generated_wh <= claimed_wh:
            continue
        if before is not None and before not in needed:
            needed.append(before)
        needed.append(leaf)
        claimed_wh = leaf.signed.reading.generated_wh
    return needed


def _day(leaf: Leaf) -> int:
    return day_of(leaf.signed.reading.timestamp)
