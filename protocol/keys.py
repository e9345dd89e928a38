"""secp256k1 keys: sign a digest, recover the signer's address, keep a key in a file.

Signatures are recoverable ECDSA with RFC 6979 nonces and low s (EIP-2), 65 bytes `r || s || v`, v 27 or 28,
as the EVM's ecrecover and OpenZeppelin's ECDSA expect.
"""

import os
import secrets
from pathlib import Path

from coincurve import PrivateKey, PublicKey

from protocol.errors import BadSignature, ConfigurationError
from protocol.keccak import keccak256

SIGNATURE_BYTES = 65
ADDRESS_BYTES = 20
_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_HALF_ORDER = (_CURVE_ORDER // 2).to_bytes(32, "big")
_ZERO_WORD = bytes(32)


class SigningKey:
    """A secp256k1 private key."""

    __slots__ = ("_key", "address")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise ConfigurationError(f"a signing key has 32 bytes, this one has {len(secret)}")
        try:
            self._key = PrivateKey(secret)
        except ValueError as error:
            raise ConfigurationError(
                "the signing key is not a number between 1 and the curve's order"
            ) from error
        self.address = _address(self._key.public_key)

    @classmethod
    def generate(cls) -> "SigningKey":
        """Return a new key from the operating system's random source."""
        return cls(secrets.token_bytes(32))

    @property
    def secret(self) -> bytes:
        """The 32 secret bytes; never to be logged."""
        return self._key.secret

    @property
    def public_key(self) -> bytes:
        """The uncompressed public point, 65 bytes."""
        point: bytes = self._key.public_key.format(compressed=False)
        return point

    def sign(self, digest: bytes) -> bytes:
        """Return the 65-byte recoverable low-s signature of a 32-byte digest."""
        signature: bytes = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes((signature[64] + 27,))

    def __repr__(self) -> str:
        return f"SigningKey({address_text(self.address)})"


def recover(digest: bytes, signature: bytes) -> bytes:
    """Return the 20-byte address that signed `digest`.

    Raises:
        BadSignature: wrong length, v not 27 or 28, zero or high s, or no point recovers.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise BadSignature(f"a signature has {SIGNATURE_BYTES} bytes, this one has {len(signature)}")
    v = signature[64]
    if v not in (27, 28):
        raise BadSignature(f"the signature's v must be 27 or 28, not {v}")
    s = signature[32:64]
    if s > _HALF_ORDER or s == _ZERO_WORD:
        raise BadSignature("the signature's s is not in the lower half of the curve's order (EIP-2)")
    try:
        point = PublicKey.from_signature_and_message(signature[:64] + bytes((v - 27,)), digest, hasher=None)
    except Exception as error:
        # coincurve raises bare Exception or ValueError depending on which part of the signature is off
        raise BadSignature("no public key recovers from the signature") from error
    return _address(point)


def _address(point: PublicKey) -> bytes:
    return keccak256(point.format(compressed=False)[1:])[12:]


def address_text(address: bytes) -> str:
    """Return the checksummed text of a 20-byte address (EIP-55)."""
    plain = address.hex()
    nibbles = keccak256(plain.encode()).hex()
    return "0x" + "".join(c.upper() if int(n, 16) >= 8 else c for c, n in zip(plain, nibbles, strict=False))


def address_bytes(text: str) -> bytes:
    """Return the 20 bytes of an address written as 0x and 40 hex digits.

    Raises:
        ConfigurationError: anything else.
    """
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != ADDRESS_BYTES:
        raise ConfigurationError(f"{text!r} is not an address: expected 0x and 40 hex digits")
    return address


def create_key(path: Path) -> SigningKey:
    """Make a new key, write it to `path` (mode 600, never overwriting), and return it."""
    key = SigningKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key.secret.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def load_key(path: Path) -> SigningKey:
    """Read a key that `create_key` wrote.

    Raises:
        ConfigurationError: the file is missing, open to others, or does not hold 64 hex digits.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"key file {path} is open to other users; run: chmod 600 {path}")
        secret = bytes.fromhex(path.read_text().strip().removeprefix("0x"))
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"no key file {path}; `zuva up` makes the keys of a new community"
        ) from error
    except ValueError as error:
        raise ConfigurationError(
            f"key file {path} must hold 64 hex digits; restore it from a backup"
        ) from error
    return SigningKey(secret)


def require_native_curve() -> None:
    """Refuse to run on eth-keys' pure-Python curve, which is 150 times slower than libsecp256k1.

    Raises:
        ConfigurationError: eth-keys did not find coincurve.
    """
    from eth_keys.backends import get_backend
    from eth_keys.backends.coincurve import CoinCurveECCBackend

    backend = get_backend()
    if not isinstance(backend, CoinCurveECCBackend):
        raise ConfigurationError(
            f"the slow signature backend {type(backend).__name__} is active; "
            "install coincurve (`make up` does) or unset ECC_BACKEND_CLASS"
        )
