"""Inclusion proofs of production leaves, from the stored readings. Pure."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from backend.api.intervals.schemas import Leaf
from protocol.leaf import production_leaf
from protocol.merkle import MerkleTree
from protocol.reading import Reading

_NO_SALT: Final = "0x" + bytes(32).hex()


class LeafTrees:
    """The trees asked for last, so that the pages of a large one are not each a tree anew.

    Args:
        leaves: most leaves in all kept trees together; a larger tree is not kept.
    """

    def __init__(self, leaves: int = 100_000) -> None:
        self._limit = leaves
        self._trees: OrderedDict[str, MerkleTree] = OrderedDict()
        self._leaves = 0

    def get(self, data_hash: str) -> MerkleTree | None:
        """Return the tree of a data set if it is kept."""
        tree = self._trees.get(data_hash)
        if tree is not None:
            self._trees.move_to_end(data_hash)
        return tree

    def put(self, data_hash: str, tree: MerkleTree) -> None:
        """Keep a tree, and forget the ones that were not asked for longest."""
        if len(tree) > self._limit or data_hash in self._trees:
            return
        self._trees[data_hash] = tree
        self._leaves += len(tree)
        while self._leaves > self._limit:
            _, oldest = self._trees.popitem(last=False)
            self._leaves -= len(oldest)


def leaf_tree(rows: Sequence[dict[str, Any]]) -> MerkleTree:
    """Return the production tree over all readings of a data set."""
    return MerkleTree([production_leaf(_reading(row)) for row in rows])


def proved_leaves(tree: MerkleTree, rows: Sequence[dict[str, Any]]) -> list[Leaf]:
    """Return the leaves of some readings of a data set, each with its proof in the data set's tree."""
    leaves = []
    for row in rows:
        hashed = production_leaf(_reading(row))
        leaves.append(
            Leaf(
                meter_id="0x" + row["meter_id"].hex(),
                seq=row["seq"],
                timestamp=row["timestamp"],
                flags=row["flags"],
                generated_wh=row["generated_wh"],
                salt=_NO_SALT,
                leaf="0x" + hashed.hex(),
                proof=["0x" + sibling.hex() for sibling in tree.proof(hashed)],
                certified=row["certified"],
            )
        )
    return leaves


def _reading(row: dict[str, Any]) -> Reading:
    return Reading(row["meter_id"], row["seq"], row["timestamp"], 0, 0, 0, row["generated_wh"], row["flags"])
