"""The homes' identities: keys, accounts, meter ids and secrets, all from one random seed file.

So homes keep their meters over restarts, and a copy of the data directory is a whole copy.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocol.keys import SigningKey
from protocol.registration import MeterAttributes, Registration, meter_id_of
from protocol.secrets import SECRET_BYTES
from simulation.errors import SeedError

SEED_BYTES: Final = 32
REGISTRATION_NONCE: Final = 0
FEEDER: Final = 1


@dataclass(frozen=True, slots=True)
class Home:
    """One home's identity.

    Attributes:
        name: unique in the community.
        key: the meter's signing key.
        wallet: the key of the account that owns the certificates.
        meter_id: 32 bytes.
        secret: the meter secret that salts consumption leaves; never logged.
    """

    name: str
    key: SigningKey
    wallet: SigningKey
    meter_id: bytes
    secret: bytes

    def __repr__(self) -> str:
        return f"Home({self.name})"


@dataclass(frozen=True, slots=True)
class HomeRegistration:
    """All that provisioning needs to register and enrol one home."""

    home: Home
    registration: Registration
    attributes: MeterAttributes
    device_signature: bytes


def derive_homes(names: Iterable[str], seed: bytes) -> list[Home]:
    """Return the homes' identities; the same names and seed always give the same."""
    return [_derive_home(name, seed) for name in names]


def _derive_home(name: str, seed: bytes) -> Home:
    key = SigningKey(_derive(seed, "device key", name))
    wallet = SigningKey(_derive(seed, "account key", name))
    meter_id = meter_id_of(key.address, REGISTRATION_NONCE)
    return Home(name, key, wallet, meter_id, _derive(seed, "meter secret", name)[:SECRET_BYTES])


def _derive(seed: bytes, purpose: str, name: str) -> bytes:
    return hmac.digest(seed, f"zuva home {purpose}\0{name}".encode(), hashlib.sha256)


def load_or_create_seed(path: Path) -> bytes:
    """Return the seed in `path`, made at the first call (64 hex digits, mode 600).

    Raises:
        SeedError: the file is damaged, unreadable, or readable by others.
    """
    try:
        if not path.exists():
            _create_seed(path)
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SeedError(
            f"the homes' seed {path} cannot be used ({error.strerror}); mend its access"
        ) from error
    except UnicodeDecodeError as error:
        raise SeedError(_damaged(path)) from error
    if mode & 0o077:
        raise SeedError(f"the homes' seed {path} is open to other users; run: chmod 600 {path}")
    try:
        seed = bytes.fromhex(text)
    except ValueError as error:
        raise SeedError(_damaged(path)) from error
    if len(seed) != SEED_BYTES:
        raise SeedError(_damaged(path))
    return seed


def _damaged(path: Path) -> str:
    return (
        f"the homes' seed {path} must hold {2 * SEED_BYTES} hex digits; restore it from a backup, "
        "or start with another data directory (the meters' keys come from it)"
    )


def _create_seed(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(SEED_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            # a link fails if another process was first, and then its seed counts
            path.hardlink_to(temporary)
        except FileExistsError:
            return
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    finally:
        temporary.unlink(missing_ok=True)
