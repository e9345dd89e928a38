"""The keys by which oracle nodes and their keepers are known.

Beside every private key `keys/<name>.key` lies its public half, `keys/<name>.public`. A node that runs on
another machine leaves only the public half here, which is all that enrolment, contracts and funding need. It
also tells a lost key from one that was never made.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocol.keccak import keccak256
from protocol.keys import SigningKey, address_text, create_key, load_key
from zuva.errors import ConfigurationError
from zuva.processes import cannot_write

_PUBLIC_BYTES: Final = 65


@dataclass(frozen=True)
class Identity:
    """Who signs as a node or pays as its keeper.

    Attributes:
        name: of the key's file, without its ending.
        public_key: uncompressed point, 65 bytes.
        key: the private key; None when it is on another machine.
    """

    name: str
    public_key: bytes
    key: SigningKey | None

    @property
    def address(self) -> bytes:
        """The 20-byte address."""
        return keccak256(self.public_key[1:])[12:]


def ensure(folder: Path, name: str) -> Identity:
    """Return an identity, made at the first call.

    Raises:
        ConfigurationError: A key file cannot be read or is none.
        ZuvaError: One cannot be written.
    """
    path, public = folder / f"{name}.key", folder / f"{name}.public"
    if path.exists() and path.stat().st_size == 0:
        path.unlink()  # a kill between making the file and writing it
    if not path.exists() and public.exists():
        return Identity(name, _read_public(public), None)
    try:
        key = load_key(path) if path.exists() else create_key(path)
        if not public.exists():
            partial = public.with_suffix(".new")
            partial.write_text(key.public_key.hex() + "\n")
            partial.replace(public)
    except OSError as error:
        raise cannot_write(path, error) from error
    return Identity(name, key.public_key, key)


def check_present(identities: Iterable[Identity], here: Collection[str]) -> None:
    """Refuse a node of ours whose private key is gone.

    Raises:
        ConfigurationError: It is; the message names the file and the mend.
    """
    for identity in identities:
        if identity.key is None and identity.name in here:
            raise ConfigurationError(
                f"the private key {identity.name}.key of {address_text(identity.address)} is gone: "
                "restore it, or set the node's URL (such as ZUVA_ORACLE_2_URL) if it runs elsewhere; "
                f"to give the node up, remove {identity.name}.public too and a new key is made"
            )


def _read_public(path: Path) -> bytes:
    try:
        point = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} is not a public key ({error}); restore it") from error
    if len(point) != _PUBLIC_BYTES or point[0] != 4:
        raise ConfigurationError(f"{path} is not an uncompressed public key of 65 bytes in hex; restore it")
    return point
