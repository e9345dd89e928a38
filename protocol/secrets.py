"""Meter secrets sealed to oracle nodes, and the enrolment file that carries them.

The secret salts a meter's consumption leaves. It is made at provisioning and sealed to each node's key by
ECIES (secp256k1, HKDF-SHA256, AES-256-GCM); owners keep their own copy.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from ecies import decrypt, encrypt

from protocol.errors import ConfigurationError
from protocol.keys import SigningKey, address_bytes, address_text

SECRET_BYTES = 32


def seal(secret: bytes, node_public_key: bytes) -> bytes:
    """Return `secret` encrypted to a node's uncompressed public key."""
    sealed: bytes = encrypt(node_public_key.hex(), secret)
    return sealed


def unseal(sealed: bytes, node_key: SigningKey) -> bytes:
    """Return the secret sealed to `node_key`.

    Raises:
        ConfigurationError: sealed to another key, or damaged.
    """
    try:
        secret: bytes = decrypt(node_key.secret, sealed)
    except Exception as error:
        # eciespy lets the exceptions of three cryptography libraries through
        raise ConfigurationError(
            f"a meter secret does not open with the key of {address_text(node_key.address)}; "
            "enrol the meter again"
        ) from error
    if len(secret) != SECRET_BYTES:
        raise ConfigurationError(f"a meter secret has {SECRET_BYTES} bytes, this one has {len(secret)}")
    return secret


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A meter's secret, sealed to each node of the quorum (by node address)."""

    meter_id: bytes
    sealed: dict[bytes, bytes]

    def save(self, folder: Path) -> None:
        """Write the enrolment file into `folder`, replacing an older one whole."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = {
            "meterId": "0x" + self.meter_id.hex(),
            "sealed": {address_text(node): "0x" + sealed.hex() for node, sealed in self.sealed.items()},
        }
        path = folder / f"{self.meter_id.hex()}.json"
        temporary = path.with_suffix(".new")
        with temporary.open("w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


def load_enrolment(path: Path) -> Enrolment:
    """Read an enrolment file.

    Raises:
        ConfigurationError: the file is not one.
    """
    try:
        content = json.loads(path.read_text())
        return Enrolment(
            bytes.fromhex(content["meterId"][2:]),
            {address_bytes(node): bytes.fromhex(sealed[2:]) for node, sealed in content["sealed"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"{path} is not an enrolment file ({error}); enrol the meter again"
        ) from error
