"""Which reported leaves the keeper claims certificates from. Pure.

Registers are cumulative, so the newest leaf of a meter claims everything before it; only the last leaf of
each UTC day must be claimed too, because a mint never crosses a day. A keeper that lags therefore catches up
with one claim a meter and day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

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
) -> dict[int, list[SignedReading]]:
    """Return the claims to make, by interval ascending.

    Args:
        pending: per meter, reported leaves newer than its claim, ascending by seq.
        claimed: per meter, what was claimed.
    """
    needed: dict[int, list[SignedReading]] = {}
    for meter_id, leaves in pending.items():
        for leaf in _needed_of_meter(leaves, claimed[meter_id].wh):
            needed.setdefault(leaf.interval, []).append(leaf.signed)
    return dict(sorted(needed.items()))


def still_pending(leaves: Sequence[Leaf], claimed: Claimed) -> list[Leaf]:
    """Return the leaves worth keeping: newer than the claim, and the last of their day so far."""
    newer = [leaf for leaf in leaves if leaf.signed.reading.seq > claimed.seq]
    return [leaf for leaf, following in _with_following(newer) if _ends_day(leaf, following)]


def _needed_of_meter(leaves: Sequence[Leaf], claimed_wh: int) -> list[Leaf]:
    needed = []
    for leaf, following in _with_following(leaves):
        if not _ends_day(leaf, following):
            continue
        reading = leaf.signed.reading
        closes_day = following is not None or reading.timestamp % DAY_SECONDS == 0
        if reading.generated_wh > claimed_wh or closes_day:
            needed.append(leaf)
            claimed_wh = reading.generated_wh
    return needed


def _with_following(leaves: Sequence[Leaf]) -> list[tuple[Leaf, Leaf | None]]:
    return list(zip_longest(leaves, leaves[1:]))


def _ends_day(leaf: Leaf, following: Leaf | None) -> bool:
    """Tell whether no later leaf of the same UTC day is known."""
    return following is None or day_of(leaf.signed.reading.timestamp) != day_of(
        following.signed.reading.timestamp
    )
