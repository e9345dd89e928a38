"""Checks the readings that an oracle node stored for a report against the report. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.indexer.window import Row
from protocol.errors import ProtocolError
from protocol.leaf import production_leaf
from protocol.merkle import MerkleTree
from protocol.reading import parse_record
from protocol.report import data_hash_of


@dataclass(frozen=True, slots=True)
class Expected:
    """What the production report of one interval states about its data set."""

    interval: int
    data_hash: bytes
    root: bytes
    count: int


@dataclass(frozen=True, slots=True)
class CheckedDataSet:
    """A data set that recomputes to its report's hash and root; rows are without the data set's id."""

    expected: Expected
    rows: tuple[Row, ...]

    @property
    def meters(self) -> set[bytes]:
        """The meters that have readings in the set."""
        return {row[0] for row in self.rows}


@dataclass(frozen=True, slots=True)
class Refused:
    """A data set that does not fit its report, and why, in words."""

    expected: Expected
    problem: str


def check_data_set(expected: Expected, records: Sequence[bytes]) -> CheckedDataSet | Refused:
    """Recompute the hash and the production root of `records`, ordered by (meter id, seq).

    Args:
        expected: the report's statement.
        records: wire records of 146 bytes.
    """
    found = data_hash_of(records)
    if found != expected.data_hash:
        return Refused(expected, f"the records hash to 0x{found.hex()}, not to the report's data hash")
    try:
        signed = [parse_record(record) for record in records]
        leaves = [production_leaf(one.reading) for one in signed]
        root = MerkleTree(leaves).root
    except ProtocolError as error:
        return Refused(expected, f"a record is not valid: {error}")
    if root != expected.root:
        return Refused(expected, f"the leaves' root is 0x{root.hex()}, not the report's")
    rows = tuple((*one.reading.values(), one.signature) for one in signed)
    return CheckedDataSet(expected, rows)
