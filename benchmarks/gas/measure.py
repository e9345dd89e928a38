"""One measured price of a call."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure before its peer stands beside it.

    Attributes:
        name: the figure's key without the bench's name before it.
        gas: what it took, for each if it is one of many.
        floor: the least it could have taken by the EVM's price list.
    """

    name: str
    gas: float
    floor: float
