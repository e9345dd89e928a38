"""A meter's signed reading: EIP-712 message, 146-byte wire record, JSON twin.

Wire record, big-endian: version u8, meterId 32 bytes, seq u64, timestamp u64, periodSeconds u32,
importWh u64, exportWh u64, generatedWh u64, flags u32, signature 65 bytes.
"""

import json
import struct
from dataclasses import dataclass
from enum import IntFlag
from typing import Any, Final

from protocol.eip712 import Domain, type_hash
from protocol.errors import MalformedRecord
from protocol.keccak import keccak256
from protocol.keys import SIGNATURE_BYTES, SigningKey, recover

RECORD_VERSION: Final = 1
RECORD_BYTES: Final = 146
UNSIGNED_BYTES: Final = RECORD_BYTES - SIGNATURE_BYTES
JSON_BYTES_LIMIT: Final = 1024
READING_TYPE: Final = (
    "MeterReading(bytes32 meterId,uint64 seq,uint64 timestamp,uint32 periodSeconds,"
    "uint64 importWh,uint64 exportWh,uint64 generatedWh,uint32 flags)"
)
# PostgreSQL's bigint is signed and no meter counts past 9.2e18 Wh, so the top bit of a u64 is never set
COUNTER_LIMIT: Final = 1 << 63

_RECORD = struct.Struct(">B32sQQIQQQI65s")
# the eight EIP-712 words with their leading zero bytes, written in one go
_WORDS = struct.Struct(">32s24xQ24xQ28xI24xQ24xQ24xQ28xI")
_TYPE_HASH = type_hash(READING_TYPE)
_JSON_FIELDS: Final = {
    "version",
    "meterId",
    "seq",
    "timestamp",
    "periodSeconds",
    "importWh",
    "exportWh",
    "generatedWh",
    "flags",
    "signature",
}


class Flag(IntFlag):
    """What a meter states about the quality of its reading."""

    CLOCK_UNSYNCED = 1 << 0
    CLOCK_STEPPED = 1 << 1
    POWER_UP = 1 << 2
    BROWN_OUT = 1 << 3
    SENSOR_FAULT = 1 << 4
    SATURATED = 1 << 5
    ESTIMATED = 1 << 6
    TAMPER = 1 << 7
    LOW_BATTERY = 1 << 8
    CALIBRATION_MISSING = 1 << 9
    GATEWAY_SIGNED = 1 << 10


FLAG_MASK: Final = sum(Flag)


@dataclass(frozen=True, slots=True)
class Reading:
    """One statement of a meter: its cumulative registers at a time.

    Attributes:
        meter_id: 32 bytes, stable for the meter's life.
        seq: strictly rising sequence number; gaps are legal, repeats are not.
        timestamp: unix seconds UTC at which the registers were read.
        period_seconds: seconds since the previous reading.
        import_wh: energy taken from the grid since installation, Wh.
        export_wh: energy given to the grid since installation, Wh.
        generated_wh: energy generated since installation, Wh.
        flags: quality statements, see `Flag`.
    """

    meter_id: bytes
    seq: int
    timestamp: int
    period_seconds: int
    import_wh: int
    export_wh: int
    generated_wh: int
    flags: int = 0

    def values(self) -> tuple[bytes, int, int, int, int, int, int, int]:
        """Return the fields in the order of the signed message."""
        return (
            self.meter_id,
            self.seq,
            self.timestamp,
            self.period_seconds,
            self.import_wh,
            self.export_wh,
            self.generated_wh,
            self.flags,
        )

    def struct_hash(self) -> bytes:
        """Return the EIP-712 struct hash."""
        return keccak256(_TYPE_HASH + _WORDS.pack(*self.values()))

    def digest(self, domain: Domain) -> bytes:
        """Return the EIP-712 digest in the Registry's domain."""
        return domain.digest(self.struct_hash())

    def sign(self, key: SigningKey, domain: Domain) -> "SignedReading":
        """Return the reading with the device's signature."""
        return SignedReading(self, key.sign(self.digest(domain)))


@dataclass(frozen=True, slots=True)
class SignedReading:
    """A reading and the 65-byte signature of its device."""

    reading: Reading
    signature: bytes

    def record(self) -> bytes:
        """Return the 146-byte wire record."""
        return _RECORD.pack(RECORD_VERSION, *self.reading.values(), self.signature)

    def signer(self, domain: Domain) -> bytes:
        """Return the address that signed; raises `BadSignature`."""
        return recover(self.reading.digest(domain), self.signature)

    def to_json(self) -> str:
        """Return the JSON twin of the record, for debugging by hand."""
        r = self.reading
        return json.dumps(
            {
                "version": RECORD_VERSION,
                "meterId": "0x" + r.meter_id.hex(),
                "seq": r.seq,
                "timestamp": r.timestamp,
                "periodSeconds": r.period_seconds,
                "importWh": r.import_wh,
                "exportWh": r.export_wh,
                "generatedWh": r.generated_wh,
                "flags": r.flags,
                "signature": "0x" + self.signature.hex(),
            }
        )


def parse_record(record: bytes) -> SignedReading:
    """Parse exactly one wire record.

    Raises:
        MalformedRecord: wrong length, unknown version, or a counter beyond 2^63.
    """
    if len(record) != RECORD_BYTES:
        raise MalformedRecord(f"a reading's record has {RECORD_BYTES} bytes, this one has {len(record)}")
    version, meter_id, seq, timestamp, period, import_wh, export_wh, generated_wh, flags, signature = (
        _RECORD.unpack(record)
    )
    if version != RECORD_VERSION:
        raise MalformedRecord(
            f"record version {version} is unknown; this node reads version {RECORD_VERSION}"
        )
    if max(seq, timestamp, import_wh, export_wh, generated_wh) >= COUNTER_LIMIT:
        raise MalformedRecord("a counter of the record is 2^63 or more")
    return SignedReading(
        Reading(meter_id, seq, timestamp, period, import_wh, export_wh, generated_wh, flags), signature
    )


def parse_payload(payload: bytes) -> SignedReading:
    """Parse an MQTT payload: a wire record, or its JSON twin if that re-encodes to a record.

    Raises:
        MalformedRecord: neither of them.
    """
    if len(payload) == RECORD_BYTES and payload[0] == RECORD_VERSION:
        return parse_record(payload)
    if payload[:1] != b"{":
        return parse_record(payload)
    if len(payload) > JSON_BYTES_LIMIT:
        raise MalformedRecord(
            f"a JSON reading has at most {JSON_BYTES_LIMIT} bytes, this one has {len(payload)}"
        )
    return _parse_json(payload)


def _parse_json(payload: bytes) -> SignedReading:
    try:
        fields = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise MalformedRecord("the payload starts like JSON but is not") from error
    if not isinstance(fields, dict) or set(fields) != _JSON_FIELDS:
        raise MalformedRecord(f"a JSON reading has exactly the fields {', '.join(sorted(_JSON_FIELDS))}")
    signed = SignedReading(
        Reading(
            meter_id=_hex_field(fields, "meterId", 32),
            seq=_integer_field(fields, "seq", 64),
            timestamp=_integer_field(fields, "timestamp", 64),
            period_seconds=_integer_field(fields, "periodSeconds", 32),
            import_wh=_integer_field(fields, "importWh", 64),
            export_wh=_integer_field(fields, "exportWh", 64),
            generated_wh=_integer_field(fields, "generatedWh", 64),
            flags=_integer_field(fields, "flags", 32),
        ),
        _hex_field(fields, "signature", SIGNATURE_BYTES),
    )
    if _integer_field(fields, "version", 8) != RECORD_VERSION:
        raise MalformedRecord(
            f"record version {fields['version']} is unknown; this node reads {RECORD_VERSION}"
        )
    return parse_record(signed.record())


def _integer_field(fields: dict[str, Any], name: str, bits: int) -> int:
    value = fields[name]
    if type(value) is not int or not 0 <= value < 1 << bits:
        raise MalformedRecord(f"field {name} of a JSON reading must be an integer below 2^{bits}")
    return value


def _hex_field(fields: dict[str, Any], name: str, length: int) -> bytes:
    value = fields[name]
    if isinstance(value, str) and value.startswith("0x") and len(value) == 2 + 2 * length:
        try:
            return bytes.fromhex(value[2:])
        except ValueError:
            pass
    raise MalformedRecord(f"field {name} of a JSON reading must be 0x and {2 * length} hex digits")
