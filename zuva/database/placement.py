"""Where a data directory's cluster and its socket are."""

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from zuva.database.account import Account
from zuva.errors import ConfigurationError
from zuva.processes import make_directory, processes_in

DATABASE = "zuva"
ROLE = "zuva"
_LONGEST_SOCKET_PATH = 107
_SOCKET_NAME = ".s.PGSQL.5432"
_POINTER = "elsewhere"
_ORIGIN = "belongs-to"
_DEVICE = "device "


@dataclass(frozen=True)
class Placement:
    """The directories of one cluster."""

    cluster: Path
    sockets: Path

    @property
    def url(self) -> str:
        """Return the libpq URL of the community's database."""
        return database_url(self.sockets)


def database_url(sockets: Path, database: str = DATABASE) -> str:
    """Return the libpq URL of a database behind the socket in `sockets`."""
    return f"postgresql://{ROLE}@/{database}?host={quote(str(sockets), safe='')}"


def socket_directory(data_dir: Path) -> Path:
    """Return the directory of the Unix socket: the same for everybody who knows the data directory.

    Inside the data directory when the path fits into a socket address (107 bytes) and every account may pass;
    else a short one under the temporary directory, named by a hash of the data directory.
    """
    inside = data_dir.resolve() / "run" / "postgres"
    fits = len(os.fsencode(inside / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH
    if fits and (os.geteuid() != 0 or _all_may_pass(inside)):
        return inside
    tag = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    outside = Path(tempfile.gettempdir()) / f"zuva-{os.geteuid()}-{tag}"
    if len(os.fsencode(outside / _SOCKET_NAME)) > _LONGEST_SOCKET_PATH:
        outside = Path("/tmp") / outside.name  # noqa: S108 - TMPDIR itself is too long for a socket address
    return outside


def cluster_of(data_dir: Path) -> Path | None:
    """Return where a data directory's cluster is; None when there is none yet."""
    home = data_dir.resolve() / "postgres"
    pointer = home / _POINTER
    try:
        if pointer.is_file():
            return Path(pointer.read_text().strip())
        return home if (home / "PG_VERSION").is_file() else None
    except OSError:
        return None


def _all_may_pass(path: Path) -> bool:
    return all(not parent.exists() or parent.stat().st_mode & 0o001 for parent in path.parents)


def place(data_dir: Path, account: Account, state_dir: Path) -> Placement:
    """Make the directories of the cluster for `data_dir`, where `account` can reach them.

    The cluster is `<data_dir>/postgres`; as root, when the server's account cannot get there, that directory
    only holds a pointer to one under `state_dir`.
    """
    home = data_dir.resolve() / "postgres"
    make_directory(home)
    if account.is_other:
        remove_orphans(state_dir)
    pointer = home / _POINTER
    if pointer.is_file():
        cluster = Path(pointer.read_text().strip())
        if not cluster.is_dir():
            raise ConfigurationError(
                f"database: the data of {data_dir} was in {cluster} ({pointer}), which is gone; "
                f"restore it, or remove {data_dir} to begin anew"
            )
    elif account.is_other and not account.can("-x", home.parent):
        cluster = _place_elsewhere(home, account, state_dir)
    else:
        cluster = home
        account.take(cluster)
        cluster.chmod(0o700)
    sockets = socket_directory(data_dir)
    make_directory(sockets)
    owner = sockets.stat().st_uid
    if owner not in {os.geteuid(), account.uid}:
        raise ConfigurationError(f"database: {sockets} belongs to another account (uid {owner}); remove it")
    account.take(sockets)
    sockets.chmod(0o700)
    return Placement(cluster, sockets)


def _place_elsewhere(home: Path, account: Account, state_dir: Path) -> Path:
    clusters = state_dir / "clusters"
    clusters.mkdir(parents=True, exist_ok=True)
    for directory in (state_dir, clusters):
        directory.chmod(0o755)
    cluster = clusters / secrets.token_hex(8)
    cluster.mkdir(mode=0o755)
    inner = cluster / "data"
    inner.mkdir(mode=0o700)
    account.take(inner)
    (home / _POINTER).write_text(f"{inner}\n")
    # Last, for a cluster that says whose it is without being pointed to counts as left behind.
    (cluster / _ORIGIN).write_text(f"{home}\n{_DEVICE}{home.stat().st_dev}\n")
    return inner


def belongs_also_to(data_dir: Path, later: Path) -> None:
    """Note that `data_dir` is about to be renamed, so that nobody takes its cluster for left behind."""
    cluster = cluster_of(data_dir)
    if cluster is not None and (origin := cluster.parent / _ORIGIN).is_file():
        with origin.open("a") as file:
            file.write(f"{later.resolve() / 'postgres'}\n")


def remove_orphans(state_dir: Path) -> list[Path]:
    """Remove clusters whose data directory was deleted or begun anew; return what was removed.

    One whose file system is not mounted now, and one that a server still works in, are left alone.
    """
    removed = []
    for origin in sorted(state_dir.glob(f"clusters/*/{_ORIGIN}")):
        cluster = origin.parent
        if _is_orphan(cluster, origin.read_text().splitlines()) and not processes_in(cluster / "data"):
            shutil.rmtree(cluster, ignore_errors=True)
            removed.append(cluster)
    return removed


def _is_orphan(cluster: Path, lines: Sequence[str]) -> bool:
    homes = [Path(line) for line in lines if line.startswith("/")]
    devices = {int(line.removeprefix(_DEVICE)) for line in lines if line.startswith(_DEVICE)}
    for home in homes:
        pointer = home / _POINTER
        if pointer.is_file() and pointer.read_text().strip() == str(cluster / "data"):
            return False
        there = next(parent for parent in home.parents if parent.exists())
        if devices and there.stat().st_dev not in devices:
            return False
    return bool(homes)
