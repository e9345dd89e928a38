"""The oracle quorum's statement for one interval, and the hash of the data set behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocol.eip712 import Domain, type_hash, word
from protocol.keccak import keccak256
from protocol.reading import UNSIGNED_BYTES

REPORT_TYPE: Final = (
    "Report(uint64 interval,bytes32 previous,bytes32 root,bytes32 dataHash,uint64 totalWh,uint32 count)"
)
_TYPE_HASH = type_hash(REPORT_TYPE)
FIRST: Final = bytes(32)
"""The link that the first report follows."""


@dataclass(frozen=True, slots=True)
class ReportMessage:
    """A report as it is signed and sent: bound by `previous`, a link, to the report it follows."""

    interval: int
    previous: bytes
    root: bytes
    data_hash: bytes
    total_wh: int
    count: int

    def digest(self, domain: Domain) -> bytes:
        """Return the EIP-712 digest in the domain of the contract that takes the report."""
        encoded = (
            _TYPE_HASH
            + word(self.interval)
            + self.previous
            + self.root
            + self.data_hash
            + word(self.total_wh)
            + word(self.count)
        )
        return domain.digest(keccak256(encoded))


@dataclass(frozen=True, slots=True)
class Report:
    """What is reported of one interval to one contract.

    Attributes:
        interval: interval index.
        root: Merkle root over the interval's leaves, 32 bytes.
        data_hash: hash of the readings behind both trees, see `data_hash_of`.
        total_wh: growth of the generation (production) or import (consumption) registers, Wh.
        count: number of leaves.
    """

    interval: int
    root: bytes
    data_hash: bytes
    total_wh: int
    count: int

    @property
    def link(self) -> bytes:
        """What the next report names as its `previous`: the root's leading 24 bytes, then the interval."""
        return self.root[:24] + self.interval.to_bytes(8, "big")

    def following(self, previous: bytes) -> ReportMessage:
        """Return the message to sign: this report, right after the one with the link `previous`.

        The contract takes it only while that is its newest report. So no report can be skipped by a later one
        that lands first, and none lands after another one than its total was counted from. The first report
        follows `FIRST`.
        """
        return ReportMessage(self.interval, previous, self.root, self.data_hash, self.total_wh, self.count)


def data_hash_of(records: Iterable[bytes]) -> bytes:
    """Return the hash of a data set: Keccak-256 of what its records state, ordered by (meter id, seq).

    The 65 bytes of each record's signature are left out: a device can make many valid signatures of one
    reading, and nodes that hold different ones hold the same data.
    """
    return keccak256(b"".join(record[:UNSIGNED_BYTES] for record in records))
