"""The oracle quorum's statement for one interval, and the hash of the data set behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocol.eip712 import Domain, type_hash, word
from protocol.keccak import keccak256

REPORT_TYPE: Final = "Report(uint64 interval,bytes32 root,bytes32 dataHash,uint64 totalWh,uint32 count)"
_TYPE_HASH = type_hash(REPORT_TYPE)


@dataclass(frozen=True, slots=True)
class Report:
    """One interval's report to one contract.

    Attributes:
        interval: interval index.
        root: Merkle root over the interval's leaves, 32 bytes.
        data_hash: hash of the signed readings behind both trees, see `data_hash_of`.
        total_wh: growth of the generation (production) or import (consumption) registers, Wh.
        count: number of leaves.
    """

    interval: int
    root: bytes
    data_hash: bytes
    total_wh: int
    count: int

    def digest(self, domain: Domain) -> bytes:
        """Return the EIP-712 digest in the domain of the contract that takes the report."""
        encoded = (
            _TYPE_HASH
            + word(self.interval)
            + self.root
            + self.data_hash
            + word(self.total_wh)
            + word(self.count)
        )
        return domain.digest(keccak256(encoded))


def data_hash_of(records: Iterable[bytes]) -> bytes:
    """Return the hash of a data set: Keccak-256 of the wire records, ordered by (meter id, seq)."""
    return keccak256(b"".join(records))
