"""A meter's change of key: the present key hands over to the next one, from a stated interval on."""

from dataclasses import dataclass
from typing import Final

from protocol.eip712 import Domain, address_word, type_hash, word
from protocol.keccak import keccak256
from protocol.keys import SigningKey

ROTATION_TYPE: Final = "KeyRotation(bytes32 meterId,address key,uint64 validFromInterval)"
_TYPE_HASH = type_hash(ROTATION_TYPE)


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """What a device's present key signs.

    Attributes:
        meter_id: 32 bytes; stays the same.
        key: 20-byte address of the new key.
        valid_from_interval: first interval whose readings the new key signs.
    """

    meter_id: bytes
    key: bytes
    valid_from_interval: int

    def digest(self, domain: Domain) -> bytes:
        """Return the EIP-712 digest in the Registry's domain."""
        encoded = _TYPE_HASH + self.meter_id + address_word(self.key) + word(self.valid_from_interval)
        return domain.digest(keccak256(encoded))

    def sign(self, key: SigningKey, domain: Domain) -> bytes:
        """Return the present key's 65-byte signature."""
        return key.sign(self.digest(domain))
