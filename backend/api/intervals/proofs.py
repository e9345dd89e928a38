"""Inclusion proofs of production leaves, from the stored readings. Pure."""

from collections.abc import Sequence
from typing import Any

from backend.api.intervals.schemas import Leaf
from protocol.leaf import production_leaf
from protocol.merkle import MerkleTree
from protocol.reading import Reading

_NO_SALT = "0x" + bytes(32).hex()


def proved_leaves(rows: Sequence[dict[str, Any]], start: int, limit: int) -> list[Leaf]:
    """Return the leaves at places `start` to `start + limit`, each with its proof in the whole tree."""
    hashes = [production_leaf(_reading(row)) for row in rows]
    tree = MerkleTree(hashes)
    return [
        Leaf(
            meter_id="0x" + row["meter_id"].hex(),
            seq=row["seq"],
            timestamp=row["timestamp"],
            flags=row["flags"],
            generated_wh=row["generated_wh"],
            salt=_NO_SALT,
            leaf="0x" + leaf.hex(),
            proof=["0x" + sibling.hex() for sibling in tree.proof(leaf)],
            certified=row["certified"],
        )
        for row, leaf in list(zip(rows, hashes, strict=True))[start : start + limit]
    ]


def _reading(row: dict[str, Any]) -> Reading:
    return Reading(row["meter_id"], row["seq"], row["timestamp"], 0, 0, 0, row["generated_wh"], row["flags"])
