"""Merkle leaves over a reading's registers, and the salts that keep consumption private.

A leaf is `keccak256(keccak256(abi.encode(...)))`: hashed twice so that no inner node can pass for a leaf.
Consumption leaves carry `salt_t = HMAC-SHA256(meter secret, t)`, so a guessed register does not open them.
"""

import hmac
import struct

from protocol.keccak import keccak256
from protocol.reading import Reading

_PRODUCTION = struct.Struct(">32s24xQ24xQ28xI24xQ32x")
_CONSUMPTION = struct.Struct(">32s24xQ24xQ28xI24xQ24xQ32s")


def production_leaf(reading: Reading) -> bytes:
    """Return the 32-byte leaf of a reading's generation register (its salt is zero)."""
    return _twice(
        _PRODUCTION.pack(
            reading.meter_id, reading.seq, reading.timestamp, reading.flags, reading.generated_wh
        )
    )


def consumption_leaf(reading: Reading, salt: bytes) -> bytes:
    """Return the 32-byte leaf of a reading's import and export registers under a 32-byte salt."""
    return _twice(
        _CONSUMPTION.pack(
            reading.meter_id,
            reading.seq,
            reading.timestamp,
            reading.flags,
            reading.import_wh,
            reading.export_wh,
            salt,
        )
    )


def interval_salt(meter_secret: bytes, interval: int) -> bytes:
    """Return the 32-byte salt of one meter in one interval."""
    return hmac.digest(meter_secret, interval.to_bytes(8, "big"), "sha256")


def _twice(encoded: bytes) -> bytes:
    return keccak256(keccak256(encoded))
