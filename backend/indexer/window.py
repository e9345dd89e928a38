"""What one look at the chain returns, as values."""

from dataclasses import dataclass, field
from typing import Any

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class BlockRef:
    """A block's place in the chain."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class Position:
    """The last block whose events are stored."""

    number: int
    hash: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive blocks and the logs of the deployment's contracts in them."""

    first: BlockRef
    last: BlockRef
    logs: tuple[dict[str, Any], ...]


@dataclass(slots=True)
class EventRows:
    """Rows per event table, in the order of their columns, and the blocks they come from."""

    tables: dict[str, list[Row]] = field(default_factory=dict)
    blocks: dict[int, tuple[bytes, int]] = field(default_factory=dict)

    def count(self, table: str) -> int:
        """Return the number of rows for `table`."""
        return len(self.tables.get(table, ()))
