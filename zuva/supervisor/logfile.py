"""A service's log: bounded on disk while the service and its children write to it, and no line lost.

Services, and programs under them such as PostgreSQL, append to one open file, so moving it away would not
reach them. Instead its whole lines are copied to `<name>.log.1`, and then the kernel takes the copied blocks
out of the file's beginning (Linux: ext4, XFS) or turns them into a hole (tmpfs, Btrfs and others). What is
appended meanwhile stays. Elsewhere a log is moved when its service starts, and grows until then.
"""

import contextlib
import ctypes
import functools
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_KEEP_SIZE, _PUNCH_HOLE, _COLLAPSE_RANGE = 0x01, 0x02, 0x08
_BLOCK = 4096
_PART = 1 << 20


@dataclass(frozen=True)
class Rotation:
    """How large a log may become before it is shortened, in bytes, and how many older parts are kept."""

    most_bytes: int = 10 * 1024 * 1024
    kept: int = 2


def open_log(log: Path, rotation: Rotation) -> BinaryIO:
    """Open a log for a service that is about to start; a large one is moved away first."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > rotation.most_bytes:
            _make_place(log, rotation)
            log.replace(_part(log, 1))
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, 0o600)  # one that an earlier version made
    return os.fdopen(descriptor, "ab", buffering=0)


def shorten(log: Path, rotation: Rotation) -> bool:
    """Move the older lines of a log that is being written away, when it takes more room than it may.

    Returns:
        Whether it was shortened; never where the file system can do neither.

    Raises:
        OSError: The older lines cannot be written; the log is as it was.
    """
    try:
        descriptor = os.open(log, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        found = os.fstat(descriptor)
        if found.st_blocks * 512 <= rotation.most_bytes:
            return False
        block = max(_BLOCK, found.st_blksize)
        begin = os.lseek(descriptor, 0, os.SEEK_DATA)
        end = _end_of_lines(file, begin, found.st_size - 2 * block)  # the last words stay where they are
        cut = end // block * block
        if cut <= begin or not _can_free(log.parent):
            return False
        _copy(file, begin, end, log, rotation)
        # The kernel frees whole blocks; what was copied of the one that stays becomes an empty line.
        if end > cut:
            os.pwrite(descriptor, b" " * (end - cut - 1) + b"\n", cut)
        return _free(descriptor, cut)


def parts(log: Path) -> list[Path]:
    """Return a log's files, the oldest first; some may not be there."""
    older = sorted(log.parent.glob(f"{log.name}.[0-9]*"), key=lambda path: -int(path.suffix[1:] or 0))
    return [*older, log]


def last_words(log: Path) -> str:
    """Return the last line of a log, shortened; for services that ended without a status."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""


@functools.cache
def _can_free(directory: Path) -> bool:
    """Say whether the file system under `directory` can take the beginning out of a file."""
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(bytes(2 * _BLOCK))
        file.flush()
        return _free(file.fileno(), _BLOCK)


def _free(descriptor: int, size: int) -> bool:
    """Give the first `size` bytes, whole blocks, back to the disk while others append."""
    allocate = getattr(ctypes.CDLL(None, use_errno=True), "fallocate64", None)
    if allocate is None:
        return False
    allocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    return any(
        allocate(descriptor, mode, 0, size) == 0 for mode in (_COLLAPSE_RANGE, _PUNCH_HOLE | _KEEP_SIZE)
    )


def _end_of_lines(file: BinaryIO, begin: int, size: int) -> int:
    """Return the offset after the last line feed before `size`; `begin` when there is none."""
    at = size
    while at > begin:
        start = max(begin, at - _PART)
        found = os.pread(file.fileno(), at - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return begin


def _copy(file: BinaryIO, begin: int, end: int, log: Path, rotation: Rotation) -> None:
    _make_place(log, rotation)
    partial = log.with_suffix(".log.new")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as copy:
        at, first = begin, True
        while at < end:
            read = os.pread(file.fileno(), min(_PART, end - at), at)
            at += len(read)
            if not read:
                break
            copy.write(read.lstrip(b" \n") if first else read)
            first = False
    partial.replace(_part(log, 1))


def _make_place(log: Path, rotation: Rotation) -> None:
    """Number the older parts up, and remove those beyond the number kept, with what a kill left."""
    log.with_suffix(".log.new").unlink(missing_ok=True)
    for path in parts(log)[:-1]:
        number = int(path.suffix[1:])
        if number >= rotation.kept:
            path.unlink(missing_ok=True)
        else:
            path.replace(_part(log, number + 1))


def _part(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
