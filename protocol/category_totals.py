"""Import by category of meter, published only where it says nothing of a single household.

A category with fewer than five meters is left out, and so is the next smallest one where the community's
total, which is public, would otherwise give it away by subtraction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocol.eip712 import Domain, type_hash, word
from protocol.errors import ProtocolError
from protocol.keccak import keccak256
from protocol.registration import Category

CATEGORY_TOTALS_TYPE: Final = "CategoryTotals(uint64 interval,uint64[3] importWh,uint32[3] meters)"
FEWEST_METERS: Final = 5
"""How many meters a published total holds at least."""

_TYPE_HASH = type_hash(CATEGORY_TOTALS_TYPE)


class TooFewMeters(ProtocolError):
    """A total that would say something of single meters."""


@dataclass(frozen=True, slots=True)
class CategoryTotals:
    """What a quorum of oracle nodes states of an interval.

    Attributes:
        interval: interval index.
        import_wh: growth of the import registers by `Category`, Wh; zero where it is left out.
        meters: number of meters behind each; zero where it is left out.

    Raises:
        TooFewMeters: a category with 1 to 4 meters, or energy without meters.
    """

    interval: int
    import_wh: tuple[int, int, int]
    meters: tuple[int, int, int]

    def __post_init__(self) -> None:
        for category, wh, meters in zip(Category, self.import_wh, self.meters, strict=True):
            if 0 < meters < FEWEST_METERS or (wh and not meters):
                raise TooFewMeters(
                    f"a total of {meters} {category.name.lower()} meters is not published; "
                    f"it takes {FEWEST_METERS}"
                )

    def digest(self, domain: Domain) -> bytes:
        """Return the EIP-712 digest in EnergyConsumption's domain."""
        arrays = (keccak256(b"".join(map(word, values))) for values in (self.import_wh, self.meters))
        return domain.digest(keccak256(_TYPE_HASH + word(self.interval) + b"".join(arrays)))


def category_totals(interval: int, imports: Iterable[tuple[Category, int]]) -> CategoryTotals:
    """Return what may be published of an interval.

    Args:
        interval: interval index.
        imports: category and import growth (Wh) of every meter of the community's total.
    """
    wh, meters = [0] * len(Category), [0] * len(Category)
    for category, import_wh in imports:
        wh[category] += import_wh
        meters[category] += 1
    left_out = 0
    for category in sorted(Category, key=lambda each: (meters[each], each)):
        if meters[category] >= FEWEST_METERS and not 0 < left_out < FEWEST_METERS:
            break
        left_out += meters[category]
        wh[category] = meters[category] = 0
    return CategoryTotals(interval, (wh[0], wh[1], wh[2]), (meters[0], meters[1], meters[2]))
