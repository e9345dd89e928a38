"""What a backup says of itself: what it is of, what made it, and a checksum for every file in it."""

import json
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath

from zuva.errors import ConfigurationError

FORMAT = 1
DUMP = "database.dump"
"""The database's member; all others are paths in the data directory."""


@dataclass(frozen=True)
class File:
    """One file of a backup: its path in the data directory, bytes, SHA-256 in hex and permission bits."""

    path: str
    size: int
    sha256: str
    mode: int


@dataclass(frozen=True)
class Manifest:
    """The first member of a backup.

    Attributes:
        version: of zuva, that made it.
        made_at: unix seconds.
        data_dir: what it was made of.
        postgres: major version of the server whose database it holds.
        transactions: in the journal; None when the chain runs elsewhere and is not in the backup.
        files: all others.
    """

    version: str
    made_at: int
    data_dir: str
    postgres: int
    transactions: int | None
    files: tuple[File, ...]

    def encode(self) -> bytes:
        """Return it as JSON."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1).encode() + b"\n"


def decode(content: bytes, source: str) -> Manifest:
    """Read a manifest.

    Args:
        content: its bytes.
        source: the backup's name, for messages.

    Raises:
        ConfigurationError: It is damaged, or of a newer format.
    """
    try:
        found = json.loads(content)
        made_with = found.pop("format")
        if made_with != FORMAT:
            raise ConfigurationError(
                f"{source} is a backup of format {made_with}, this program reads {FORMAT}; "
                "use the version of zuva that made it"
            )
        files = tuple(File(**file) for file in found.pop("files"))
        manifest = Manifest(**found, files=files)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{source} is no whole backup of zuva (its manifest: {error})") from error
    for file in manifest.files:
        if not _is_inside(file.path):
            raise ConfigurationError(f"{source} holds a path outside the data directory: {file.path!r}")
    return manifest


def check_versions(manifest: Manifest, source: str, version: str, postgres: int) -> None:
    """Refuse a backup of newer programs than these.

    Args:
        manifest: the backup's.
        source: the backup's name, for messages.
        version: of zuva here.
        postgres: major version of PostgreSQL here.

    Raises:
        ConfigurationError: Something here is older.
    """
    if _numbers(manifest.version) > _numbers(version):
        raise ConfigurationError(
            f"{source} was made by zuva {manifest.version}, this is {version}; update zuva, then restore"
        )
    if manifest.postgres > postgres:
        raise ConfigurationError(
            f"{source} holds a database of PostgreSQL {manifest.postgres}, this is {postgres}; "
            "set PG_BINDIR or DATABASE_URL to that version or a newer one"
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not PurePosixPath(path).is_absolute() and ".." not in parts
