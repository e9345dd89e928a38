"""Randomness without state: every number is a hash of the seed and of what it is for.

So it does not matter in which order, from which step on, or in how many pieces a simulation runs. The mixing
function is splitmix64's finaliser (Steele, Lea and Flood 2014).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
_MASK = (1 << 64) - 1
_TO_UNIT = 2.0**-53


def _mixed(value: int) -> int:
    value = (value ^ (value >> 30)) * _FIRST & _MASK
    value = (value ^ (value >> 27)) * _SECOND & _MASK
    return value ^ (value >> 31)


class Noise:
    """Random numbers of one purpose, addressed by integers.

    Args:
        seed: not negative; the same seed gives the same numbers.
        purpose: keeps the numbers of different purposes independent of each other.
    """

    def __init__(self, seed: int, purpose: str) -> None:
        key = _mixed(seed & _MASK) ^ _mixed(seed >> 64)
        for byte in purpose.encode():
            key = _mixed((key + _GOLDEN + byte) & _MASK)
        self._key = key

    def _start(self, address: tuple[int, ...]) -> int:
        key = self._key
        for part in address:
            key = _mixed((key + _GOLDEN) & _MASK ^ (part & _MASK))
        return key

    def uniforms(self, count: int, *address: int) -> Floats:
        """Return `count` numbers in (0, 1) that belong to an address."""
        values = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GOLDEN) + np.uint64(
            self._start(address)
        )
        values = (values ^ (values >> np.uint64(30))) * np.uint64(_FIRST)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(_SECOND)
        values ^= values >> np.uint64(31)
        return ((values >> np.uint64(11)).astype(np.float64) + 0.5) * _TO_UNIT

    def uniform(self, *address: int) -> float:
        """Return the number in (0, 1) that belongs to an address."""
        return float(self.uniforms(1, *address)[0])

    def normals(self, count: int, *address: int) -> Floats:
        """Return `count` standard normal numbers that belong to an address (Box and Muller 1958)."""
        pairs = self.uniforms(2 * count, *address)
        radius = np.sqrt(-2 * np.log(pairs[:count]))
        return np.asarray(radius * np.cos(2 * np.pi * pairs[count:]), dtype=np.float64)
