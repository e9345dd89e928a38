"""The order book of one clearing: the clearing operator commits to it, anyone can complain from it.

An entry says how far an order could be filled when the book was fixed: funded, capped, metered. Whoever
finds an entry strictly inside the money that was left short proves it against the book's root, at the
operator's cost.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from protocol.eip712 import address_word, word
from protocol.keccak import keccak256
from protocol.merkle import MerkleTree, hash_pair
from protocol.order import Side

STORED_ROOT_BYTES: Final = 30
"""How many leading bytes of a book's root EnergyTrading keeps."""


@dataclass(frozen=True, slots=True)
class BookEntry:
    """One step of an account's curve.

    Attributes:
        account: 20-byte address.
        side: buy or sell.
        eligible_wh: what the account's position could reach by this order, Wh.
        limit_price_micro_per_kwh: the order's limit, brought into the price corridor, micro-units per kWh.
    """

    account: bytes
    side: Side
    eligible_wh: int
    limit_price_micro_per_kwh: int

    def leaf(self) -> bytes:
        """Return the 32-byte leaf, hashed twice so that no inner node can pass for one."""
        encoded = address_word(self.account) + b"".join(
            map(word, (self.side, self.eligible_wh, self.limit_price_micro_per_kwh))
        )
        return keccak256(keccak256(encoded))

    def in_the_money(self, price_micro_per_kwh: int) -> bool:
        """Tell whether the limit is strictly better than a clearing price, so that it had to be filled."""
        if self.side is Side.BUY:
            return self.limit_price_micro_per_kwh > price_micro_per_kwh
        return self.limit_price_micro_per_kwh < price_micro_per_kwh


class Book:
    """A committed book; equal entries state the same thing and are one.

    Args:
        entries: in any order; may be empty.
    """

    __slots__ = ("_tree",)

    def __init__(self, entries: Iterable[BookEntry]) -> None:
        leaves = {entry.leaf() for entry in entries}
        self._tree = MerkleTree(leaves) if leaves else None

    @property
    def root(self) -> bytes:
        """The 32-byte root; zero for an empty book, from which nothing can be proved."""
        return bytes(32) if self._tree is None else self._tree.root

    def proof(self, entry: BookEntry) -> tuple[bytes, ...]:
        """Return the hashes from an entry up to the root; raises `NoSuchLeaf`."""
        tree = self._tree or MerkleTree((bytes(32),))
        return tree.proof(entry.leaf())


def is_of_book(root: bytes, entry: BookEntry, proof: Sequence[bytes]) -> bool:
    """Tell whether `proof` leads from an entry to a root, or to the leading bytes of it that are stored."""
    node = entry.leaf()
    for sibling in proof:
        node = hash_pair(node, sibling)
    return node[:STORED_ROOT_BYTES] == root[:STORED_ROOT_BYTES]
