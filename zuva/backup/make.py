"""`zuva backup`: a community in one file, while it runs or stands."""

import asyncio
import contextlib
import importlib.metadata
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from zuva.backup import archive
from zuva.backup.cut import cut
from zuva.backup.frozen import copy_database
from zuva.backup.manifest import DUMP, File, Manifest
from zuva.chain.journal import Journal
from zuva.database.binaries import find_binaries
from zuva.database.settings import DatabaseSettings
from zuva.database.temporary import embedded
from zuva.errors import ConfigurationError, ZuvaError

JOURNAL: Final = Path("chain") / "journal"
_LEFT_OUT: Final = frozenset({"postgres", "run", "logs", "broker", "chain"})
"""Entries of the data directory that are taken otherwise, or that nothing depends on."""


def backup(data_dir: Path, target: Path, database_url: str | None, tell: Callable[[str], None]) -> Manifest:
    """Write a community into one file that only its owner can read, and check it.

    Args:
        data_dir: the community.
        target: the file; nothing may be there.
        database_url: the database; None: the embedded one, started for as long as needed.
        tell: told in words what is being done.

    Returns:
        What is in the file.

    Raises:
        ConfigurationError: There is no such community, or something is at `target` already.
        ZuvaError: The database does not answer, or something cannot be read or written.
    """
    if not (data_dir / "community.json").is_file() and not (data_dir / "address-book.json").is_file():
        raise ConfigurationError(f"{data_dir} holds no community; say which one with --data")
    if target.exists():
        raise ConfigurationError(f"{target} exists already; name another file, or move it away")
    if not target.parent.is_dir():
        raise ConfigurationError(f"{target.parent} is no directory; make it, or name another file")
    with tempfile.TemporaryDirectory(prefix=".zuva-backup-", dir=target.parent) as spool:
        manifest, sources = asyncio.run(_collect(data_dir, Path(spool), database_url, tell))
        tell(f"writing {target}")
        archive.write(target, manifest, sources)
    tell("checking it")
    archive.unpack(target, None)
    return manifest


async def _collect(
    data_dir: Path, spool: Path, database_url: str | None, tell: Callable[[str], None]
) -> tuple[Manifest, dict[str, Path]]:
    async with contextlib.AsyncExitStack() as stack:
        own = embedded(DatabaseSettings(data_dir=data_dir))
        url = await stack.enter_async_context(own) if database_url is None else database_url
        return await _bring_together(data_dir, spool, url, tell)


async def _bring_together(
    data_dir: Path, spool: Path, url: str, tell: Callable[[str], None]
) -> tuple[Manifest, dict[str, Path]]:
    """Bring everything into files that nobody changes any more, but for the journal, which only grows."""
    tell("copying keys, enrolments and queues")
    sources = _copy_files(data_dir, spool)
    files = [archive.describe(name, path) for name, path in sources.items()]
    journal = data_dir / JOURNAL if (data_dir / JOURNAL).is_file() else None
    transactions = None
    with cut(url, journal) as instant:
        tell("dumping the database")
        dump = spool / DUMP
        await _dump(url, instant.snapshot, dump)
        if journal is not None:
            entry = archive.describe(str(JOURNAL), journal, instant.journal_size)
            files.append(entry)
            sources[entry.path] = journal
            transactions = _count(journal, instant.journal_size)
        files.append(archive.describe(DUMP, dump))
        sources[DUMP] = dump
    version = importlib.metadata.version("zuva")
    made_at = int(time.time())
    manifest = Manifest(
        version, made_at, str(data_dir), instant.postgres, transactions, tuple[File, ...](files)
    )
    return manifest, sources


def _copy_files(data_dir: Path, spool: Path) -> dict[str, Path]:
    copies = {}
    for number, path in enumerate(_files(data_dir)):
        copy = spool / f"{number}"
        if path.suffix == ".sqlite":
            copy_database(path, copy)
        else:
            try:
                shutil.copy(path, copy)
            except FileNotFoundError:  # replaced or removed a moment ago
                continue
            except OSError as error:
                raise ZuvaError(
                    f"{path} cannot be copied ({error.strerror}); use the account that made it"
                ) from error
        copies[str(path.relative_to(data_dir))] = copy
    return copies


def _files(data_dir: Path) -> Iterator[Path]:
    """Yield what belongs to a community beside database and journal."""
    for directory, below, names in os.walk(data_dir):
        here = Path(directory)
        if here == data_dir:
            below[:] = [name for name in below if name not in _LEFT_OUT]
        for name in sorted(names):
            if not name.endswith((".new", "-wal", "-shm", "-journal", ".log")) and not name.startswith("."):
                yield here / name


async def _dump(url: str, snapshot: str, target: Path) -> None:
    program = find_binaries(DatabaseSettings().bindir).bindir / "pg_dump"
    if not program.is_file():
        raise ConfigurationError(
            f"backup: {program} is not there; set PG_BINDIR to a directory with PostgreSQL's programs"
        )
    await run_program(
        *(str(program), f"--dbname={url}", f"--snapshot={snapshot}", f"--file={target}"),
        *("--format=custom", "--compress=0", "--no-owner", "--no-privileges"),
    )


async def run_program(*words: str) -> None:
    """Run a program of PostgreSQL to its end.

    Raises:
        ZuvaError: It fails; the message has its last line.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=environment | {"LC_ALL": "C"},
    )
    _, said = await process.communicate()
    if process.returncode != 0:
        lines = said.decode(errors="replace").strip().splitlines() or [f"code {process.returncode}"]
        raise ZuvaError(f"{Path(words[0]).name} failed: {lines[0]}")


def _count(journal: Path, size: int) -> int:
    """Return the number of transactions in the first `size` bytes of a journal."""
    with Journal.open_to_read(journal) as opened:
        return opened.position(size).transactions
