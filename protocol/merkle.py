"""Merkle trees whose proofs OpenZeppelin's `MerkleProof` verifies.

Pairs are hashed commutatively (smaller first); leaves are sorted and fill a complete binary tree held in one
array from its end, as in @openzeppelin/merkle-tree. The root therefore depends on the set of leaves only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocol.errors import ProtocolError
from protocol.keccak import keccak256


class NoSuchLeaf(ProtocolError):
    """A proof was asked for something that is not in the tree."""


@dataclass(frozen=True, slots=True)
class MultiProof:
    """A proof of several leaves at once, in the order `MerkleProof.multiProofVerify` consumes them."""

    leaves: tuple[bytes, ...]
    proof: tuple[bytes, ...]
    flags: tuple[bool, ...]


def hash_pair(a: bytes, b: bytes) -> bytes:
    """Return the commutative hash of two 32-byte nodes."""
    return keccak256(a + b if a < b else b + a)


class MerkleTree:
    """A tree over distinct 32-byte leaves; a single leaf is its own root.

    Raises:
        ProtocolError: no leaves, or a leaf twice.
    """

    __slots__ = ("_index", "_nodes")

    def __init__(self, leaves: Iterable[bytes]) -> None:
        ordered = sorted(leaves)
        if not ordered:
            raise ProtocolError("a Merkle tree needs at least one leaf")
        count = len(ordered)
        inner = count - 1
        nodes = [b""] * inner + ordered[::-1]
        for i in range(inner - 1, -1, -1):
            nodes[i] = hash_pair(nodes[2 * i + 1], nodes[2 * i + 2])
        self._nodes = nodes
        self._index = {leaf: inner + count - 1 - i for i, leaf in enumerate(ordered)}
        if len(self._index) != count:
            raise ProtocolError("a Merkle tree's leaves must be distinct")

    @property
    def root(self) -> bytes:
        """The 32-byte root."""
        return self._nodes[0]

    def __len__(self) -> int:
        return len(self._index)

    def proof(self, leaf: bytes) -> tuple[bytes, ...]:
        """Return the sibling hashes from `leaf` up to the root; raises `NoSuchLeaf`."""
        i = self._position(leaf)
        siblings = []
        while i > 0:
            siblings.append(self._nodes[i + 1 if i % 2 else i - 1])
            i = (i - 1) // 2
        return tuple(siblings)

    def multiproof(self, leaves: Iterable[bytes]) -> MultiProof:
        """Return one proof for several distinct leaves; raises `NoSuchLeaf`."""
        positions = sorted({self._position(leaf) for leaf in leaves}, reverse=True)
        queue = list(positions)
        proof: list[bytes] = []
        flags: list[bool] = []
        head = 0
        while head < len(queue) and queue[head] > 0:
            i = queue[head]
            head += 1
            sibling = i + 1 if i % 2 else i - 1
            if head < len(queue) and queue[head] == sibling:
                flags.append(True)
                head += 1
            else:
                flags.append(False)
                proof.append(self._nodes[sibling])
            queue.append((i - 1) // 2)
        if not positions:
            proof.append(self.root)
        return MultiProof(tuple(self._nodes[i] for i in positions), tuple(proof), tuple(flags))

    def _position(self, leaf: bytes) -> int:
        try:
            return self._index[leaf]
        except KeyError:
            raise NoSuchLeaf(
                f"leaf 0x{leaf.hex()} is not in the tree with root 0x{self.root.hex()}"
            ) from None


def verify(root: bytes, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether `proof` leads from `leaf` to `root`."""
    node = leaf
    for sibling in proof:
        node = hash_pair(node, sibling)
    return node == root


def verify_multiproof(root: bytes, multiproof: MultiProof) -> bool:
    """Tell whether a multiproof leads to `root`, by the rule of OpenZeppelin's `processMultiProof`."""
    leaves, proof, flags = multiproof.leaves, multiproof.proof, multiproof.flags
    if len(leaves) + len(proof) != len(flags) + 1:
        return False
    if not flags:
        return (leaves[0] if leaves else proof[0]) == root
    queue = list(leaves)
    spare = list(proof)
    head = 0
    for both_known in flags:
        if head >= len(queue):
            return False
        a = queue[head]
        head += 1
        if both_known:
            if head >= len(queue):
                return False
            b = queue[head]
            head += 1
        elif spare:
            b = spare.pop(0)
        else:
            return False
        queue.append(hash_pair(a, b))
    return not spare and queue[-1] == root
