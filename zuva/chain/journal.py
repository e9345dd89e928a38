"""The chain's journal: every raw transaction with its block's timestamp, on disk before the chain sees it.

A text file, one record a line: eight hex digits of the CRC-32 of what follows, a space, a JSON array.
The first line is the genesis: `["genesis", format, chain id, timestamp, hardfork]`; each further one is
`["tx", block timestamp, raw transaction]`. A last line without its line feed or with a wrong checksum is what
a kill leaves behind, was never acknowledged, and is cut off; a broken line elsewhere is damage and refused.
"""

import contextlib
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from zuva.errors import ConfigurationError, JournalDamaged

FORMAT = 1


@dataclass(frozen=True)
class Genesis:
    """What the first block is made from."""

    chain_id: int
    timestamp: int
    hardfork: str = "cancun"


@dataclass(frozen=True)
class Entry:
    """One transaction, alone in its block."""

    timestamp: int
    raw: str


@dataclass(frozen=True)
class Position:
    """A place in a journal: its first `size` bytes, the transactions in them, and their SHA-256 in hex."""

    size: int
    transactions: int
    digest: str


def encode_line(record: list[object]) -> bytes:
    """Return one journal line, checksum and line feed included."""
    body = json.dumps(record, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode_line(line: bytes) -> list[object] | None:
    """Return the record of one line without its line feed; None when it is not whole."""
    checksum, _, body = line.partition(b" ")
    if len(checksum) != 8:
        return None
    try:
        if int(checksum, 16) != zlib.crc32(body):
            return None
        record = json.loads(body)
    except ValueError:
        return None
    return record if isinstance(record, list) and record else None


class _Read(NamedTuple):
    """How much of the file went into the digest."""

    size: int
    lines: int


_NOWHERE = _Read(0, 0)


class Journal:
    """The journal of one chain, opened for appending."""

    def __init__(self, path: Path, genesis: Genesis) -> None:
        self.path = path
        self.genesis = genesis
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self._digest = hashlib.sha256()
        self._read = _NOWHERE

    @classmethod
    def open(cls, path: Path, new: Genesis) -> "Journal":
        """Open the journal at `path`, cutting off a torn last line; make it when there is none.

        Args:
            path: The journal file.
            new: The genesis of a new journal; an existing one keeps its own, with the same chain id.

        Raises:
            JournalDamaged: When a line that is not the last one is broken.
            ConfigurationError: When the journal is of another chain id or a newer format.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        _cut_torn_line(path)
        if not path.exists() or path.stat().st_size == 0:
            _begin(path, new)
        genesis = _read_genesis(path)
        if genesis.chain_id != new.chain_id:
            raise ConfigurationError(
                f"chain: {path} is of chain id {genesis.chain_id}, "
                f"but ZUVA_CHAIN_CHAIN_ID is {new.chain_id}; "
                "use the journal's id, or another data directory"
            )
        return cls(path, genesis)

    @classmethod
    @contextlib.contextmanager
    def open_to_read(cls, path: Path) -> Iterator["Journal"]:
        """Open a journal that a running chain may be writing; nothing is cut off.

        Raises:
            JournalDamaged: When its first line is broken.
        """
        journal = cls(path, _read_genesis(path))
        try:
            yield journal
        finally:
            journal.close()

    @property
    def size(self) -> int:
        """Return the journal's length in bytes."""
        return os.fstat(self._descriptor).st_size

    def position(self, size: int) -> Position:
        """Return the place after the first `size` bytes, which end with a line.

        What was read for an earlier place is not read again.
        """
        if size < self._read.size:
            self._digest, self._read = hashlib.sha256(), _NOWHERE
        lines = self._read.lines
        with self.path.open("rb") as file:
            file.seek(self._read.size)
            left = size - self._read.size
            while left > 0 and (part := file.read(min(left, 1 << 20))):
                self._digest.update(part)
                lines += part.count(b"\n")
                left -= len(part)
        self._read = _Read(size - left, lines)
        return Position(size - left, max(0, lines - 1), self._digest.hexdigest())

    def begins_with(self, position: Position) -> bool:
        """Say whether this journal's first bytes are those of `position`."""
        return position.size <= self.size and self.position(position.size) == position

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the transactions, oldest first.

        Args:
            after: Bytes to pass over; 0 for all, else the size of a `Position`.

        Raises:
            JournalDamaged: At the first broken line.
        """
        with self.path.open("rb") as file:
            file.seek(after)
            first = 1 if after == 0 else self.position(after).transactions + 2
            for number, line in enumerate(file, start=first):
                record = decode_line(line.removesuffix(b"\n"))
                match record:
                    case ["tx", int(timestamp), str(raw)]:
                        yield Entry(timestamp, raw)
                    case ["genesis", *_] if number == 1:
                        continue
                    case _:
                        raise _damaged(self.path, number)

    def append(self, entries: Iterable[Entry]) -> None:
        """Write transactions and return when they are on the disk."""
        lines = b"".join(encode_line(["tx", entry.timestamp, entry.raw]) for entry in entries)
        written = os.write(self._descriptor, lines)
        if written != len(lines):
            raise OSError(f"only {written} of {len(lines)} bytes went into {self.path}; is the disk full?")
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _begin(path: Path, genesis: Genesis) -> None:
    partial = path.with_suffix(".new")
    with partial.open("wb") as file:
        record = ["genesis", FORMAT, genesis.chain_id, genesis.timestamp, genesis.hardfork]
        file.write(encode_line(record))
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _read_genesis(path: Path) -> Genesis:
    with path.open("rb") as file:
        record = decode_line(file.readline().removesuffix(b"\n"))
    match record:
        case ["genesis", int(version), int(chain_id), int(timestamp), str(hardfork)]:
            if version != FORMAT:
                raise ConfigurationError(
                    f"chain: {path} is of journal format {version}, this program writes {FORMAT}; "
                    "use the version of zuva that wrote it, or another data directory"
                )
            return Genesis(chain_id, timestamp, hardfork)
        case _:
            raise _damaged(path, 1)


def _cut_torn_line(path: Path) -> None:
    """Cut off a last line that a kill left unfinished."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        start = _start_of_last_line(file.fileno(), size)
        file.seek(start)
        last = file.read()
        if last and (not last.endswith(b"\n") or decode_line(last[:-1]) is None):
            file.truncate(start)
            os.fsync(file.fileno())


def _start_of_last_line(descriptor: int, size: int) -> int:
    end = max(size - 1, 0)  # the line feed of the last line itself does not count
    while end > 0:
        begin = max(end - 65536, 0)
        at = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if at >= 0:
            return begin + at + 1
        end = begin
    return 0


def _damaged(path: Path, line: int) -> JournalDamaged:
    return JournalDamaged(
        f"chain: {path} line {line} is damaged; restore the file from a copy, "
        "or remove the data directory to begin a new chain"
    )
