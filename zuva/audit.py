"""`zuva audit`: every root, register and certificate of a community, recomputed and compared."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

import backend.audit
import oracle.audit
from oracle.meter_secrets import MeterSecrets
from oracle.settings import OracleSettings
from oracle.store.repository import OracleStore
from protocol.audit import Check
from protocol.keys import load_key
from protocol.ledger import address_book
from protocol.ledger.rpc import Rpc
from zuva.errors import ZuvaError
from zuva.nodes import oracle_nodes
from zuva.running import build_settings

EXIT_CLEAN = 0
EXIT_DIFFERENT = 1
_WIDE = 200
"""Columns enough for every statement; what reads a pipe has no width."""


def run(directory: Path, console: Console) -> int:
    """Audit the community in a data directory whose chain and database run.

    Args:
        directory: the data directory.
        console: where the table goes.

    Returns:
        0 if everything agrees, 1 at any difference.

    Raises:
        ZuvaError: the database does not answer.
        RpcUnreachable: the chain does not answer.
        ConfigurationError: they belong to another deployment, or hold nothing yet.
    """
    nodes = [
        build_settings(OracleSettings, name=node.name, data_dir=directory)
        for node in oracle_nodes()
        if node.is_here
    ]
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        checks = asyncio.run(_audit(nodes, progress))
    if not console.is_terminal:
        console.width = _WIDE
    console.print(_table(checks))
    differences = [check for check in checks if check.difference is not None]
    if not differences:
        console.print("[green]everything agrees[/green]")
        return EXIT_CLEAN
    first = differences[0]
    console.print(f"[red]first difference[/red]: {first.statement}: {first.difference}", soft_wrap=True)
    return EXIT_DIFFERENT


async def _audit(nodes: Sequence[OracleSettings], progress: Progress) -> list[Check]:
    task = progress.add_task("contracts", total=None)
    settings = nodes[0]
    book = address_book.load(settings.address_book_path)
    try:
        async with Rpc(settings.chain_url) as rpc:
            await book.verify(rpc)
            contracts = Check("the chain holds the contracts of the address book", len(book.contracts))
            progress.update(task, description="mirror in the database against the chain")
            mirror = await backend.audit.audit(rpc, book, settings.database_url)
            checks = {}
            for node in nodes:
                progress.update(task, description=f"signed readings of {node.name} against the chain")
                checks[node.name] = await _audit_node(node, rpc, book)
    except psycopg.OperationalError as error:
        raise ZuvaError(
            f"the database does not answer ({str(error).splitlines()[0]}); "
            "run `zuva up` or `zuva db`, or set DATABASE_URL"
        ) from error
    return [contracts, *together(checks), *mirror]


def together(checks: Mapping[str, Sequence[Check]]) -> list[Check]:
    """Return the nodes' checks as one list: each statement once, with the first node that differs."""
    examined: dict[str, int] = {}
    differences: dict[str, str] = {}
    for node, found in checks.items():
        for check in found:
            examined[check.statement] = examined.get(check.statement, 0) + check.examined
            if check.difference is not None:
                differences.setdefault(check.statement, f"{node}: {check.difference}")
    return [Check(statement, count, differences.get(statement)) for statement, count in examined.items()]


async def _audit_node(settings: OracleSettings, rpc: Rpc, book: address_book.AddressBook) -> Sequence[Check]:
    secrets = MeterSecrets(settings.enrolment_dir, load_key(settings.key_path))
    secrets.refresh()
    store = await OracleStore.open_to_read(settings.database_url, settings.schema_name)
    try:
        return await oracle.audit.audit(rpc, book, store, secrets)
    finally:
        await store.close()


def _table(checks: Sequence[Check]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("checked")
    table.add_column("examined", justify="right")
    table.add_column("result")
    for check in checks:
        result = "[green]ok[/green]" if check.difference is None else "[red]differs[/red]"
        table.add_row(check.statement, f"{check.examined:,}", result)
    return table
