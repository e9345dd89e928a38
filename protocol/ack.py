"""A node's signed answer to a reading: accepted, or refused with the reason.

Wire, big-endian: version u8, seq u64, status u8, signature 65 bytes = 75 bytes. Signed by the node over
EIP-712 `ReadingAck` in the Registry's domain; recordHash is the Keccak-256 of the 146-byte record with its
signature, so that the refusal of a forgery says nothing of the genuine reading.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol.eip712 import Domain, type_hash, word
from protocol.errors import MalformedRecord
from protocol.keccak import keccak256
from protocol.keys import SigningKey, recover

ACK_VERSION: Final = 1
ACK_BYTES: Final = 75
ACK_TYPE: Final = "ReadingAck(bytes32 meterId,uint64 seq,bytes32 recordHash,uint8 status)"
_ACK = struct.Struct(">BQB65s")
_TYPE_HASH = type_hash(ACK_TYPE)


class Status(IntEnum):
    """Accepted, or why not. The codes are part of the protocol and never change their meaning."""

    ACCEPTED = 0
    MALFORMED = 1
    UNKNOWN_METER = 2
    SUSPENDED_METER = 3
    BAD_SIGNATURE = 4
    CONTRADICTS_STORED = 5
    TIME_OUT_OF_ORDER = 6
    REGISTER_FELL = 7
    IMPLAUSIBLE_GROWTH = 8
    UNKNOWN_FLAGS = 9
    BEYOND_CLOCK = 10
    BEFORE_REGISTRATION = 11
    WRONG_TOPIC = 12

    @property
    def may_pass(self) -> bool:
        """Whether the same reading may be accepted later: a meter tries again before it believes this."""
        return self in (Status.UNKNOWN_METER, Status.SUSPENDED_METER, Status.BEYOND_CLOCK)

    @property
    def words(self) -> str:
        """The reason in words, for logs and pages."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class Ack:
    """A parsed acknowledgement."""

    seq: int
    status: Status
    signature: bytes

    def signer(self, meter_id: bytes, record_hash: bytes, domain: Domain) -> bytes:
        """Return the address of the node that signed; raises `BadSignature`."""
        return recover(_digest(meter_id, self.seq, record_hash, self.status, domain), self.signature)


def encode_ack(
    meter_id: bytes, seq: int, record_hash: bytes, status: Status, key: SigningKey, domain: Domain
) -> bytes:
    """Return the signed 75-byte acknowledgement."""
    signature = key.sign(_digest(meter_id, seq, record_hash, status, domain))
    return _ACK.pack(ACK_VERSION, seq, status, signature)


def parse_ack(payload: bytes) -> Ack:
    """Parse an acknowledgement.

    Raises:
        MalformedRecord: wrong length, version or status.
    """
    if len(payload) != ACK_BYTES:
        raise MalformedRecord(f"an acknowledgement has {ACK_BYTES} bytes, this one has {len(payload)}")
    version, seq, status, signature = _ACK.unpack(payload)
    if version != ACK_VERSION:
        raise MalformedRecord(f"acknowledgement version {version} is unknown")
    try:
        return Ack(seq, Status(status), signature)
    except ValueError as error:
        raise MalformedRecord(f"acknowledgement status {status} is unknown") from error


def _digest(meter_id: bytes, seq: int, record_hash: bytes, status: int, domain: Domain) -> bytes:
    return domain.digest(keccak256(_TYPE_HASH + meter_id + word(seq) + record_hash + word(status)))
