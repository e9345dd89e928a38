"""A meter's registration: device proof of possession with opening registers, signed by the device key."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol.eip712 import Domain, address_word, type_hash, word
from protocol.keccak import keccak256
from protocol.keys import SigningKey

REGISTRATION_TYPE: Final = (
    "Registration(bytes32 meterId,address account,uint64 nonce,uint64 timestamp,"
    "uint64 importWh,uint64 exportWh,uint64 generatedWh)"
)
_TYPE_HASH = type_hash(REGISTRATION_TYPE)


def meter_id_of(first_key: bytes, nonce: int) -> bytes:
    """Return the 32-byte meter id: keccak256(abi.encode(address of the first key, registration nonce))."""
    return keccak256(address_word(first_key) + word(nonce))


class Kind(IntEnum):
    """What a meter measures, as the Registry numbers it."""

    GENERATION = 0
    LOAD = 1
    STORAGE = 2
    FEEDER = 3


class Source(IntEnum):
    """What a meter's energy comes from, as the Registry numbers it."""

    SOLAR = 0
    WIND = 1
    HYDRO = 2
    BIOMASS = 3
    STORAGE = 4
    GRID = 5


class Category(IntEnum):
    """Who a meter belongs to, as the Registry numbers it."""

    RESIDENTIAL = 0
    COMMERCIAL = 1
    INDUSTRIAL = 2


@dataclass(frozen=True, slots=True)
class MeterAttributes:
    """What the governor states about a meter when it is registered; capacities in W.

    `metadata_hash` is that of a document about the meter, zeros for none.
    """

    kind: Kind
    source: Source
    category: Category
    generation_capacity_w: int
    connection_capacity_w: int
    feeder: int
    simulated: bool
    metadata_hash: bytes = bytes(32)


@dataclass(frozen=True, slots=True)
class Registration:
    """What a device signs to be registered under an account.

    Attributes:
        meter_id: 32 bytes, see `meter_id_of`.
        account: 20-byte wallet address that will own the certificates.
        nonce: registration nonce, part of the meter id.
        timestamp: unix seconds UTC of the opening registers.
        import_wh: opening import register, Wh.
        export_wh: opening export register, Wh.
        generated_wh: opening generation register, Wh; certificates start from here.
    """

    meter_id: bytes
    account: bytes
    nonce: int
    timestamp: int
    import_wh: int
    export_wh: int
    generated_wh: int

    def digest(self, domain: Domain) -> bytes:
        """Return the EIP-712 digest in the Registry's domain."""
        words = (self.nonce, self.timestamp, self.import_wh, self.export_wh, self.generated_wh)
        encoded = _TYPE_HASH + self.meter_id + address_word(self.account) + b"".join(map(word, words))
        return domain.digest(keccak256(encoded))

    def sign(self, key: SigningKey, domain: Domain) -> bytes:
        """Return the device's 65-byte signature."""
        return key.sign(self.digest(domain))
