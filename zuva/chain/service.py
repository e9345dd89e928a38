"""The service `zuva chain`: anvil, its journal and its front, until it is told to stop."""

import asyncio
import time
from collections.abc import Callable

import structlog

from zuva.chain.anvil import Anvil, find_anvil
from zuva.chain.front import Front
from zuva.chain.journal import Genesis, Journal
from zuva.chain.ledger import BlockTime, Ledger
from zuva.chain.settings import ChainSettings
from zuva.errors import ConfigurationError, ServiceEnded
from zuva.http import serve_http
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
        anvil = await Anvil.start(program, journal.genesis, home)
        try:
            await _serve(settings, anvil, journal, ready, status)
        finally:
            await anvil.stop()
            journal.close()


async def _serve(
    settings: ChainSettings,
    anvil: Anvil,
    journal: Journal,
    ready: Callable[[], None],
    status: Callable[[str], None],
) -> None:
    block_time = BlockTime(stepped=settings.clock == "stepped", genesis=journal.genesis.timestamp)
    ledger = Ledger(anvil, journal, block_time)
    began = time.monotonic()
    count = await ledger.replay(lambda done: status(f"replaying the journal: {done} transactions"))
    seconds = time.monotonic() - began
    log.info("chain_replayed", transactions=count, seconds=round(seconds, 3))

    def listening(port: int) -> None:
        log.info("chain_ready", url=f"http://{settings.host}:{port}", chain_id=settings.chain_id)
        ready()
        status(f"chain {settings.chain_id}, {settings.clock} clock, {count} transactions from the journal")

    tasks = [
        asyncio.create_task(_watch(anvil)),
        asyncio.create_task(ledger.run()),
        asyncio.create_task(
            serve_http(
                Front(ledger, settings.max_request_bytes),
                settings.host,
                settings.port,
                listening,
                setting="ZUVA_CHAIN_PORT",
            )
        ),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        ledger.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(anvil: Anvil) -> None:
    code = await anvil.process.wait()
    raise ServiceEnded(
        f"chain: anvil ended with code {code}; the journal has everything, the next start goes on"
    )
