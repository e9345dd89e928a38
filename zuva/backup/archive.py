"""The file of a backup: a compressed tar whose first member, the manifest, has every other's checksum."""

import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from zuva.backup.manifest import File, Manifest, decode
from zuva.errors import ConfigurationError, ZuvaError

_MANIFEST = "manifest.json"
_PART = 1 << 20
_UNREADABLE = (OSError, tarfile.TarError, EOFError, zlib.error)


def describe(name: str, path: Path, size: int | None = None) -> File:
    """Return the manifest's entry for a file, or for its first `size` bytes."""
    digest, length = hashlib.sha256(), 0
    with path.open("rb") as file:
        left = path.stat().st_size if size is None else size
        while left > 0 and (part := file.read(min(_PART, left))):
            digest.update(part)
            length += len(part)
            left -= len(part)
    return File(name, length, digest.hexdigest(), path.stat().st_mode & 0o777)


def write(target: Path, manifest: Manifest, sources: Mapping[str, Path]) -> None:
    """Write a backup, readable by its owner only; it is whole on the disk, or not there.

    Args:
        target: where; nothing may be there.
        manifest: what goes into it, in this order.
        sources: where the content of each of its files is; of a longer one its beginning is taken.

    Raises:
        ConfigurationError: Something is there already, or nothing can be written there.
        ZuvaError: The disk is full.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
                    _add(archive, _MANIFEST, io.BytesIO(content := manifest.encode()), len(content))
                    for each in manifest.files:
                        with sources[each.path].open("rb") as source:
                            _add(archive, each.path, source, each.size)
                file.flush()
                os.fsync(file.fileno())
            os.link(partial, target)  # unlike a rename it does not replace
        finally:
            partial.unlink(missing_ok=True)
    except FileExistsError:
        raise ConfigurationError(f"{target} exists already; name another file, or move it away") from None
    except OSError as error:
        raise ZuvaError(
            f"{target} cannot be written ({error.strerror}); make room or name another"
        ) from error


def _add(archive: tarfile.TarFile, name: str, source: IO[bytes], size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o600
    archive.addfile(member, source)


def read_manifest(path: Path) -> Manifest:
    """Return a backup's manifest.

    Raises:
        ConfigurationError: The file is no backup of ours, or of a newer format.
    """
    try:
        with tarfile.open(path, "r:gz") as archive:
            return _first(archive, path)
    except _UNREADABLE as error:
        raise ConfigurationError(f"{path} cannot be read as a backup of zuva ({error})") from error


def unpack(path: Path, into: Path | None) -> Manifest:
    """Check a backup from its first to its last byte, and write its files.

    Args:
        path: the backup.
        into: where; None: only check.

    Returns:
        Its manifest.

    Raises:
        ConfigurationError: A file of it is missing, or other than its checksum.
    """
    try:
        with tarfile.open(path, "r:gz") as archive:
            manifest = _first(archive, path)
            left = {file.path: file for file in manifest.files}
            while (member := archive.next()) is not None:
                file = left.pop(member.name, None)
                source = archive.extractfile(member) if member.isreg() and file is not None else None
                if source is None or file is None:
                    raise ConfigurationError(f"{path} is damaged: {member.name!r} is not in its manifest")
                _take(path, file, source, into)
    except _UNREADABLE as error:
        raise ConfigurationError(
            f"{path} is damaged or cannot be unpacked ({error}); use another backup"
        ) from error
    if left:
        raise ConfigurationError(f"{path} is damaged: it lacks {', '.join(sorted(left))}; use another backup")
    return manifest


def _first(archive: tarfile.TarFile, path: Path) -> Manifest:
    member = archive.next()
    source = archive.extractfile(member) if member is not None and member.name == _MANIFEST else None
    if source is None:
        raise ConfigurationError(f"{path} is no backup of zuva: it does not begin with {_MANIFEST}")
    return decode(source.read(), str(path))


def _take(path: Path, file: File, source: IO[bytes], into: Path | None) -> None:
    digest = hashlib.sha256()
    if into is None:
        for part in _parts(source):
            digest.update(part)
    else:
        target = into / file.path
        for parent in reversed(target.relative_to(into).parents):
            (into / parent).mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as written:
            for part in _parts(source):
                digest.update(part)
                written.write(part)
            written.flush()
            os.fsync(written.fileno())
            os.fchmod(written.fileno(), file.mode & 0o700)
    if digest.hexdigest() != file.sha256:
        raise ConfigurationError(f"{path} is damaged: {file.path} has another checksum; use another backup")


def _parts(source: IO[bytes]) -> Iterable[bytes]:
    while part := source.read(_PART):
        yield part
