"""`zuva backup` and `zuva restore` as a user sees them."""

import os
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from zuva.backup.make import backup
from zuva.backup.restore import restore
from zuva.health import words_of_bytes
from zuva.logs import configure_logging


def make_backup(data_dir: Path, target: Path, console: Console) -> None:
    """Back a community up and say what is in the file.

    Raises:
        ZuvaError: It cannot be done; the message says why and what to do.
    """
    configure_logging("backup", "warning")
    with console.status("backup") as shown:
        manifest = backup(data_dir, target, os.environ.get("DATABASE_URL"), shown.update)
    chain = "" if manifest.transactions is None else f", {manifest.transactions} transactions of the chain"
    size = words_of_bytes(target.stat().st_size)
    console.print(
        f"backed up {data_dir} to {target}: {size}, {len(manifest.files)} files{chain}; "
        "it holds all keys, keep it where nobody else reads it",
        highlight=False,
        soft_wrap=True,
    )


def restore_backup(source: Path, data_dir: Path, console: Console) -> None:
    """Make a data directory from a backup and say how to go on.

    Raises:
        ZuvaError: It cannot be done; the message says why and what to do.
    """
    configure_logging("restore", "warning")
    with console.status("restore") as shown:
        manifest = restore(source, data_dir, os.environ.get("DATABASE_URL"), shown.update)
    made = datetime.fromtimestamp(manifest.made_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    console.print(
        f"restored {data_dir} as {manifest.data_dir} was at {made}; go on with `zuva up --data {data_dir}`. "
        "Never run both: they sign with the same keys.",
        highlight=False,
        soft_wrap=True,
    )
