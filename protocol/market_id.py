"""Market ids: what clears together, readable in 32 bytes.

Byte 0 is the kind, byte 1 the flags (bit 0: certificates come with the energy, bit 1: simulated ones), byte
2 the sources whose certificates are meant, one bit each. Spot and forward markets end with the feeder in 4
bytes, a pair with the last 29 bytes of keccak256(abi.encode(a, b)), a being the lower address.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol.eip712 import address_word
from protocol.errors import ProtocolError
from protocol.keccak import keccak256
from protocol.keys import address_text
from protocol.registration import Source

MARKET_BYTES: Final = 32
_BUNDLED: Final = 1
_SIMULATED: Final = 2
_HEAD: Final = 3
_FEEDER_BYTES: Final = 4
_ALL_SOURCES: Final = (1 << len(Source)) - 1


class BadMarket(ProtocolError):
    """Bytes that are no market's id, or parts that make none."""


class MarketKind(IntEnum):
    """When a market clears, and who may trade in it."""

    SPOT = 1
    FORWARD = 2
    PAIR = 3


@dataclass(frozen=True, slots=True)
class Market:
    """What clears together.

    Attributes:
        kind: spot clears metered energy after the interval, forward promises before it, a pair is forward
            between two accounts.
        tail: the feeder as 4 bytes behind 25 zero bytes, or the hash of the two accounts: 29 bytes.
        bundled: whether the buyer also receives the certificates.
        simulated: whether these are of simulated meters.
        source_mask: the sources meant, bit by `Source`; zero unless `bundled`.
    """

    kind: MarketKind
    tail: bytes
    bundled: bool = False
    simulated: bool = False
    source_mask: int = 0

    def __post_init__(self) -> None:
        if len(self.tail) != MARKET_BYTES - _HEAD:
            raise BadMarket(f"a market's id ends with 29 bytes behind its head, not {len(self.tail)}")
        if self.kind is not MarketKind.PAIR and any(self.tail[:-_FEEDER_BYTES]):
            raise BadMarket("the id of a spot or forward market has zeros before its feeder")
        if self.bundled and not 0 < self.source_mask <= _ALL_SOURCES:
            raise BadMarket(
                f"a bundled market names its sources by a mask of 1 to {_ALL_SOURCES}, not {self.source_mask}"
            )
        if not self.bundled and self.source_mask:
            raise BadMarket("only a bundled market names sources")

    @property
    def feeder(self) -> int | None:
        """The feeder, or None for a pair."""
        return None if self.kind is MarketKind.PAIR else int.from_bytes(self.tail[-_FEEDER_BYTES:], "big")

    @property
    def id(self) -> bytes:
        """The 32 bytes."""
        flags = self.bundled * _BUNDLED | self.simulated * _SIMULATED
        return bytes((self.kind, flags, self.source_mask)) + self.tail


def spot(feeder: int, *, bundled: bool = False, simulated: bool = False, source_mask: int = 0) -> Market:
    """Return the spot market of a feeder."""
    return Market(MarketKind.SPOT, _feeder_tail(feeder), bundled, simulated, source_mask)


def forward(feeder: int, *, bundled: bool = False, simulated: bool = False, source_mask: int = 0) -> Market:
    """Return the forward market of a feeder."""
    return Market(MarketKind.FORWARD, _feeder_tail(feeder), bundled, simulated, source_mask)


def pair(
    one: bytes, other: bytes, *, bundled: bool = False, simulated: bool = False, source_mask: int = 0
) -> Market:
    """Return the market of two accounts, 20 bytes each, in either order.

    Raises:
        BadMarket: both are the same account.
    """
    if one == other:
        raise BadMarket(f"a pair is two accounts, not {address_text(one)} twice")
    low, high = sorted((one, other))
    tail = keccak256(address_word(low) + address_word(high))[_HEAD:]
    return Market(MarketKind.PAIR, tail, bundled, simulated, source_mask)


def parse_market(market_id: bytes) -> Market:
    """Return the market of an id.

    Raises:
        BadMarket: no market has this id.
    """
    if len(market_id) != MARKET_BYTES:
        raise BadMarket(f"a market's id has {MARKET_BYTES} bytes, this one has {len(market_id)}")
    kind, flags, source_mask = market_id[:_HEAD]
    try:
        known = MarketKind(kind)
    except ValueError as error:
        raise BadMarket(f"0x{market_id.hex()} is of the unknown kind {kind}") from error
    if flags & ~(_BUNDLED | _SIMULATED):
        raise BadMarket(f"0x{market_id.hex()} has unknown flags {flags}")
    return Market(known, market_id[_HEAD:], bool(flags & _BUNDLED), bool(flags & _SIMULATED), source_mask)


def mask_of(sources: Iterable[Source]) -> int:
    """Return the source mask that names these sources."""
    mask = 0
    for source in sources:
        mask |= 1 << source
    return mask


def _feeder_tail(feeder: int) -> bytes:
    if not 0 <= feeder < 1 << 8 * _FEEDER_BYTES:
        raise BadMarket(f"a feeder is a number below 2^32, not {feeder}")
    return feeder.to_bytes(MARKET_BYTES - _HEAD, "big")
