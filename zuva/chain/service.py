"""The service `zuva chain`: anvil, its journal and its front, until it is told to stop."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import structlog

from zuva.chain import snapshot as snapshots
from zuva.chain.anvil import Anvil, find_anvil
from zuva.chain.front import Front
from zuva.chain.journal import Genesis, Journal, Position
from zuva.chain.ledger import BlockTime, Ledger, SnapshotUnfit
from zuva.chain.metrics import figures
from zuva.chain.settings import ChainSettings
from zuva.chain.snapshots import Snapshots
from zuva.errors import ConfigurationError, ServiceEnded
from zuva.http import serve_http
from zuva.metrics import registry_of, with_metrics
from zuva.processes import FileLock, check_port_free

log = structlog.get_logger()


async def serve(settings: ChainSettings, *, ready: Callable[[], None], status: Callable[[str], None]) -> None:
    """Run the local chain until cancelled; on start it is brought to where its journal ends.

    Raises:
        ConfigurationError: anvil is absent, the port is taken, or the journal does not fit or is damaged.
        ServiceEnded: When anvil ends by itself; the next start replays the journal.
    """
    data_dir = settings.data_dir.resolve()
    with FileLock(data_dir / "run" / "chain.lock", f"the chain of {data_dir}"):
        check_port_free(settings.host, settings.port, service="chain", setting="ZUVA_CHAIN_PORT")
        program = find_anvil(settings.anvil)
        path = data_dir / "chain" / "journal"
        given = settings.genesis_timestamp
        began = given if given is not None else int(time.time())
        journal = Journal.open(path, Genesis(settings.chain_id, began, settings.hardfork))
        if given is not None and given != journal.genesis.timestamp:
            raise ConfigurationError(
                f"chain: {path} begins at {journal.genesis.timestamp}, "
                f"but ZUVA_CHAIN_GENESIS_TIMESTAMP is {given}; "
                "use the journal's, or another data directory"
            )
        home = data_dir / "chain" / "anvil"
        home.mkdir(exist_ok=True)
        try:
            await _serve(settings, program, home, journal, ready, status)
        finally:
            journal.close()


async def _serve(
    settings: ChainSettings,
    program: Path,
    home: Path,
    journal: Journal,
    ready: Callable[[], None],
    status: Callable[[str], None],
) -> None:
    path = home.parent / "snapshot"
    anvil, ledger, covered = await _begin(settings, program, home, journal, path)
    try:
        began = time.monotonic()
        after = covered.size if covered else 0
        count = await ledger.replay(lambda done: status(f"replaying the journal: {done} transactions"), after)
        seconds = round(time.monotonic() - began, 3)
        log.info("chain_replayed", transactions=count, of=ledger.transactions, seconds=seconds)
        words = f"began with {ledger.transactions} transactions, {count} of them repeated"

        def listening(port: int) -> None:
            log.info("chain_ready", url=f"http://{settings.host}:{port}", chain_id=settings.chain_id)
            ready()
            status(f"chain {settings.chain_id}, {settings.clock} clock, {words}")

        keeping = Snapshots(ledger, path, settings, covered)
        front = Front(ledger, settings.max_request_bytes)
        registry = registry_of(lambda: figures(ledger, front, keeping, count))
        application = with_metrics(front, registry)
        http = serve_http(application, settings.host, settings.port, listening, setting="ZUVA_CHAIN_PORT")
        try:
            await _until_one_ends(_watch(anvil), ledger.run(), keeping.run(), http, cleanup=ledger.close)
        except asyncio.CancelledError:
            await keeping.make_last()
            raise
    finally:
        ledger.close()
        await anvil.stop()


async def _begin(
    settings: ChainSettings, program: Path, home: Path, journal: Journal, path: Path
) -> tuple[Anvil, Ledger, Position | None]:
    """Start anvil, from the snapshot if it is there and good; return what of the journal that covers."""
    anvil, ledger = await _fresh(settings, program, home, journal)
    try:
        snapshot = snapshots.read(path, journal, await ledger.program())
        if snapshot is None:
            return anvil, ledger, None
        try:
            await ledger.restore(snapshot)
        except (SnapshotUnfit, ServiceEnded) as error:
            log.warning("chain_snapshot_passed_over", snapshot=str(path), why=str(error))
        else:
            return anvil, ledger, snapshot.position
    except BaseException:
        await anvil.stop()
        raise
    await anvil.stop()
    snapshots.remove(path)
    return *await _fresh(settings, program, home, journal), None


async def _fresh(
    settings: ChainSettings, program: Path, home: Path, journal: Journal
) -> tuple[Anvil, Ledger]:
    anvil = await Anvil.start(program, journal.genesis, home)
    block_time = BlockTime(stepped=settings.clock == "stepped", genesis=journal.genesis.timestamp)
    return anvil, Ledger(anvil, journal, block_time)


async def _until_one_ends(*services: Coroutine[Any, Any, None], cleanup: Callable[[], None]) -> None:
    tasks = [asyncio.create_task(service) for service in services]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        cleanup()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(anvil: Anvil) -> None:
    code = await anvil.process.wait()
    raise ServiceEnded(
        f"chain: anvil ended with code {code}; the journal has everything, the next start goes on"
    )
