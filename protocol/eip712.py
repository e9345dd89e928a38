"""EIP-712 typed data: domain separators, struct hashes of static words, digests.

Every struct that Zuva signs consists of static 32-byte words only, so encoding is concatenation.
"""

from functools import lru_cache

from protocol.keccak import keccak256

NAME = "Zuva"
VERSION = "1"
_DOMAIN_TYPE = keccak256(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_NAME_HASH = keccak256(NAME.encode())
_VERSION_HASH = keccak256(VERSION.encode())
_PREFIX = b"\x19\x01"
_ADDRESS_PAD = bytes(12)


class Domain:
    """The EIP-712 domain of one contract on one chain.

    Args:
        chain_id: EIP-155 chain id.
        verifying_contract: 20-byte address of the contract that checks the signature.
    """

    __slots__ = ("_prefix", "chain_id", "separator", "verifying_contract")

    def __init__(self, chain_id: int, verifying_contract: bytes) -> None:
        self.chain_id = chain_id
        self.verifying_contract = verifying_contract
        self.separator = _separator(chain_id, verifying_contract)
        self._prefix = _PREFIX + self.separator

    def digest(self, struct_hash: bytes) -> bytes:
        """Return the 32-byte digest to sign for a struct hash in this domain."""
        return keccak256(self._prefix + struct_hash)


@lru_cache(maxsize=64)
def _separator(chain_id: int, verifying_contract: bytes) -> bytes:
    return keccak256(
        _DOMAIN_TYPE + _NAME_HASH + _VERSION_HASH + word(chain_id) + _ADDRESS_PAD + verifying_contract
    )


def type_hash(definition: str) -> bytes:
    """Return the hash of a struct type such as `Report(uint64 interval,bytes32 root)`."""
    return keccak256(definition.encode())


def word(value: int) -> bytes:
    """Return an unsigned integer as one 32-byte big-endian word."""
    return value.to_bytes(32, "big")


def address_word(address: bytes) -> bytes:
    """Return a 20-byte address as one 32-byte word."""
    return _ADDRESS_PAD + address
