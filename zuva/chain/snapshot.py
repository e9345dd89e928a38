"""A picture of the whole chain at one place of its journal: a start need not repeat what is before it.

The file is one checksummed line that says what the picture is of, then the state as anvil dumped it. It is
written beside and renamed, so a kill leaves the old one or the new one. Nothing depends on it: one that is
torn, of another anvil, or of another journal is passed over, and the journal is replayed from its beginning.
"""

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import structlog

from zuva.chain.journal import Journal, Position, decode_line, encode_line

log = structlog.get_logger()

FORMAT = 1
_LONGEST_HEAD = 1 << 24
"""Bytes of the first line, at most; it holds the transactions that wait for an earlier one."""


@dataclass(frozen=True)
class Snapshot:
    """The chain after the transactions of `position`.

    Attributes:
        position: how far the journal was mined.
        program: anvil's own name and version; another one may read its dumps differently.
        block: number of the last block.
        block_hash: hash of the last block, 0x-hex.
        time: timestamp of the journal's last entry, unix seconds.
        waiting: raw transactions in anvil's pool, in the order they came; a dump does not hold them.
        state: what `anvil_dumpState` returned.
    """

    position: Position
    program: str
    block: int
    block_hash: str
    time: int
    waiting: tuple[str, ...]
    state: bytes


def is_due(transactions: int, covered: int, step: int) -> bool:
    """Say whether a new snapshot is worth its time.

    Making one costs in proportion to the whole chain, so the distance grows with it: all snapshots together
    then cost a fixed share of all transactions, and a start repeats at most a quarter of them.

    Args:
        transactions: in the journal.
        covered: of those, in the last snapshot.
        step: least distance between two snapshots.
    """
    return transactions - covered >= max(step, transactions // 4)


def write(path: Path, snapshot: Snapshot) -> None:
    """Replace the snapshot at `path`; return when it is on the disk."""
    position = snapshot.position
    head: list[object] = [
        *("snapshot", FORMAT, position.size, position.transactions, position.digest),
        *(snapshot.program, snapshot.block, snapshot.block_hash, snapshot.time, list(snapshot.waiting)),
        *(len(snapshot.state), hashlib.sha256(snapshot.state).hexdigest()),
    ]
    partial = path.with_suffix(".new")
    with partial.open("wb") as file:
        file.write(encode_line(head))
        file.write(snapshot.state)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


def read(path: Path, journal: Journal, program: str) -> Snapshot | None:
    """Return the snapshot at `path` when it is whole, of this journal and of this program; else None."""
    path.with_suffix(".new").unlink(missing_ok=True)
    try:
        with path.open("rb") as file:
            head = decode_line(file.readline(_LONGEST_HEAD).removesuffix(b"\n"))
            state = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        return _passed_over(path, f"it cannot be read ({error.strerror})")
    match head:
        case [
            "snapshot", int(version), int(size), int(transactions), str(digest), str(made_by), int(block),
            str(block_hash), int(time), list(waiting), int(length), str(state_digest),
        ] if version == FORMAT:  # fmt: skip
            position = Position(size, transactions, digest)
        case _:
            return _passed_over(path, "its first line is not whole, or of another format")
    if len(state) != length or hashlib.sha256(state).hexdigest() != state_digest:
        return _passed_over(path, "its state is not whole")
    if made_by != program:
        return _passed_over(path, f"it was made by {made_by}, this is {program}")
    if not journal.begins_with(position):
        return _passed_over(path, "the journal begins otherwise")
    return Snapshot(position, made_by, block, block_hash, time, tuple(map(str, waiting)), state)


def remove(path: Path) -> None:
    """Remove a snapshot that anvil would not take; the journal has everything."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _passed_over(path: Path, why: str) -> Snapshot | None:
    log.warning("chain_snapshot_passed_over", snapshot=str(path), why=why)
    return None
