"""A signed order: a cap on what an account buys or sells in a market, interval by interval.

It says: in this market, in each of `count` intervals from `from_interval` on, the energy I bought (or sold)
may reach `cap_wh`, at this limit or better. The position is the fill state, so an order can be filled in
parts and repeated without more than its cap; several orders of one account form a curve of cumulative caps.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol.eip712 import Domain, address_word, type_hash, word
from protocol.errors import BadSignature, ProtocolError
from protocol.keccak import keccak256
from protocol.keys import SIGNATURE_BYTES, SigningKey

ORDER_TYPE: Final = (
    "Order(address account,bytes32 market,uint8 side,uint64 capWh,uint64 limitPriceMicroPerKwh,"
    "uint64 fromInterval,uint32 count,uint8 sourceMask,bool bundled,uint32 epoch,uint256 salt)"
)
_TYPE_HASH = type_hash(ORDER_TYPE)
# the words between the market and the salt, each with its leading zero bytes
_MIDDLE = struct.Struct(">31xB24xQ24xQ24xQ28xI31xB31x?28xI")
_TERMS: Final = {"side": 8, "wh": 40, "cap": 64, "limit": 48, "from": 32, "count": 32, "epoch": 32}
POSTED: Final = (bytes(32), bytes(32))
"""What stands in a fill for the signature of an order that was posted."""


class OrderTooLarge(ProtocolError):
    """A fill whose terms EnergyTrading cannot carry."""


class Side(IntEnum):
    """Which way the energy goes, as EnergyTrading numbers it."""

    BUY = 0
    SELL = 1


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it is signed.

    Attributes:
        account: 20-byte address of who trades; a contract account answers by ERC-1271.
        market: 32 bytes, see `market_id`.
        side: buy or sell.
        cap_wh: what the position may reach in each interval, Wh.
        limit_price_micro_per_kwh: highest price to pay, or lowest to take, micro-units per kWh.
        from_interval: first interval.
        count: number of intervals.
        source_mask: sources of the certificates, as in the market's id.
        bundled: whether certificates come with the energy, as in the market's id.
        epoch: the account's epoch; cancelling everything moves the account to another one.
        salt: tells orders apart that are equal otherwise.
    """

    account: bytes
    market: bytes
    side: Side
    cap_wh: int
    limit_price_micro_per_kwh: int
    from_interval: int
    count: int
    source_mask: int
    bundled: bool
    epoch: int
    salt: int

    def struct_hash(self) -> bytes:
        """Return the EIP-712 struct hash, by which an order is cancelled."""
        middle = _MIDDLE.pack(
            self.side,
            self.cap_wh,
            self.limit_price_micro_per_kwh,
            self.from_interval,
            self.count,
            self.source_mask,
            self.bundled,
            self.epoch,
        )
        return keccak256(_TYPE_HASH + address_word(self.account) + self.market + middle + word(self.salt))

    def digest(self, domain: Domain) -> bytes:
        """Return the EIP-712 digest in EnergyTrading's domain."""
        return domain.digest(self.struct_hash())

    def sign(self, key: SigningKey, domain: Domain) -> bytes:
        """Return the account's 65-byte signature."""
        return key.sign(self.digest(domain))

    def covers(self, interval: int) -> bool:
        """Tell whether `interval` is one of the order's."""
        return self.from_interval <= interval < self.from_interval + self.count

    def accepts(self, price_micro_per_kwh: int) -> bool:
        """Tell whether a price is the limit or better."""
        if self.side is Side.BUY:
            return price_micro_per_kwh <= self.limit_price_micro_per_kwh
        return price_micro_per_kwh >= self.limit_price_micro_per_kwh

    def fill(self, wh: int, signature: bytes | None) -> "Fill":
        """Return what a clearing operator sends to fill `wh` of this order.

        Args:
            wh: energy filled, Wh.
            signature: 65 bytes; None for an order that was posted.

        Raises:
            OrderTooLarge: a term is beyond what a fill carries.
            BadSignature: the signature has another form.
        """
        values = (
            self.side,
            wh,
            self.cap_wh,
            self.limit_price_micro_per_kwh,
            self.from_interval,
            self.count,
            self.epoch,
        )
        terms = 0
        for (name, bits), value in zip(_TERMS.items(), values, strict=True):
            if not 0 <= value < 1 << bits:
                raise OrderTooLarge(f"the term {name} of a fill is below 2^{bits}, not {value}")
            terms = terms << bits | value
        r, vs = POSTED if signature is None else compact(signature)
        return Fill(self.account, terms, self.salt, r, vs)


@dataclass(frozen=True, slots=True)
class Fill:
    """How much of an order is filled, as EnergyTrading takes it.

    Attributes:
        account: 20-byte address of who trades.
        terms: highest first, side 8 bits, filled Wh 40, cap 64, limit 48, first interval 32, count 32,
            epoch 32.
        salt: the order's.
        r: 32 bytes of the signature; zero for a posted order or a contract account.
        vs: the rest of it in the compact form of EIP-2098.
    """

    account: bytes
    terms: int
    salt: int
    r: bytes
    vs: bytes


def compact(signature: bytes) -> tuple[bytes, bytes]:
    """Return the compact form (EIP-2098) of a 65-byte signature: r, and s with the parity of v on top.

    Raises:
        BadSignature: not 65 bytes, or v is neither 27 nor 28, or s is not in the lower half.
    """
    if len(signature) != SIGNATURE_BYTES or signature[64] not in (27, 28) or signature[32] >> 7:
        raise BadSignature("a compact signature is made of 65 bytes r, s, v with a low s and v 27 or 28")
    vs = int.from_bytes(signature[32:64], "big") | (signature[64] - 27) << 255
    return signature[:32], vs.to_bytes(32, "big")
