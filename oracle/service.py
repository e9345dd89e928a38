"""The oracle node as a service: waits for what it needs, works, starts anew from its store after a loss."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Final, Protocol

import psycopg
import structlog
from sqlalchemy.exc import OperationalError

from oracle.assembly import assemble
from oracle.peers.app import create_app
from oracle.peers.client import Peers
from oracle.presence import Presence
from oracle.settings import OracleSettings
from oracle.store.repository import OracleStore
from protocol.errors import ConfigurationError
from protocol.keys import load_key, require_native_curve
from protocol.ledger.address_book import AddressBook, load
from protocol.ledger.errors import RpcUnreachable
from protocol.ledger.rpc import Rpc
from protocol.mqtt import BrokerUnavailable, connect
from protocol.topics import CLOCK_TOPIC, READINGS_FILTER

log = structlog.get_logger()

FIRST_PAUSE_SECONDS: Final = 0.2
LAST_PAUSE_SECONDS: Final = 5.0

Lost = (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, RpcUnreachable, BrokerUnavailable)


class Listen(Protocol):
    """Serves an ASGI application until cancelled, and says on which port once it takes requests."""

    async def __call__(
        self,
        application: Any,  # noqa: ANN401 - any ASGI application
        host: str,
        port: int,
        listening: Callable[[int], None],
        /,
    ) -> None:
        """Serve."""
        ...


async def serve(
    settings: OracleSettings,
    *,
    ready: Callable[[], None],
    status: Callable[[str], None],
    listen: Listen | None = None,
) -> None:
    """Run one oracle node until cancelled.

    Args:
        settings: the node's settings.
        ready: called when the node takes readings.
        status: called with a line in words when the node's state changes.
        listen: serves the node's HTTP; without it the node has no peers and shows nothing.

    Raises:
        ConfigurationError: missing key, wrong chain, foreign contracts, a second node on the same schema,
            peers that could not ask back.
    """
    require_native_curve()
    presence = Presence(settings.name)
    if listen is None:
        if settings.peer_urls:
            raise ConfigurationError("a node with peers must be reachable for them; serve its HTTP")
        await _work(settings, presence, ready, status)
        return
    listening = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            listen(create_app(presence), settings.host, settings.port, lambda _: listening.set())
        )
        await listening.wait()
        tasks.create_task(_work(settings, presence, ready, status))


async def _work(
    settings: OracleSettings,
    presence: Presence,
    ready: Callable[[], None],
    status: Callable[[str], None],
) -> None:
    """Work, and start anew from the store after a loss."""
    pause = FIRST_PAUSE_SECONDS

    def tell(words: str) -> None:
        presence.words = words
        status(words)

    while True:
        working = False

        def work() -> None:
            nonlocal working
            working = True
            ready()

        try:
            await _session(settings, presence, work, tell)
        except* Lost as group:
            reason = _first_words(group)
            log.warning("connection lost", reason=reason)
            tell(f"waiting: {reason}")
        pause = FIRST_PAUSE_SECONDS if working else min(2 * pause, LAST_PAUSE_SECONDS)
        await asyncio.sleep(pause)


def _first_words(group: BaseExceptionGroup[BaseException]) -> str:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


async def _session(
    settings: OracleSettings,
    presence: Presence,
    ready: Callable[[], None],
    status: Callable[[str], None],
) -> None:
    """Work from a state rebuilt from store and chain until a connection is lost."""
    book = await _address_book(settings, status)
    async with AsyncExitStack() as stack:
        rpc = await stack.enter_async_context(Rpc(settings.chain_url))
        await book.verify(rpc)
        store = await OracleStore.open(settings.database_url, settings.schema_name, settings.refusals_kept)
        stack.push_async_callback(store.close)
        key = load_key(settings.key_path)
        peers = Peers(settings.peer_urls, key, book.domain("Registry"))
        stack.push_async_callback(peers.close)
        node = await assemble(settings, key, book, rpc, store, peers, presence.metrics)
        # The clock first: a reading heard without it would be refused as beyond the clock. QoS 0, because the
        # session ends with the connection anyhow, and meters send again what is not acknowledged.
        subscriptions = [*([(CLOCK_TOPIC, 0)] if node.clock.is_stepped else []), (READINGS_FILTER, 0)]
        link = await stack.enter_async_context(
            connect(settings.broker_url, f"zuva-{settings.name}", subscriptions, node.intake.hear)
        )
        presence.node = node
        stack.callback(setattr, presence, "node", None)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(node.intake.run(link))
            tasks.create_task(node.watch_link(link.check))
            tasks.create_task(node.keep_contact())
            tasks.create_task(node.reporting.run())
            tasks.create_task(node.keeping.run())
            tasks.create_task(node.follow_registry())
            tasks.create_task(node.tell(status))
            ready()


async def _address_book(settings: OracleSettings, status: Callable[[str], None]) -> AddressBook:
    """Wait until the contracts are deployed."""
    pause = FIRST_PAUSE_SECONDS
    while not settings.address_book_path.exists():
        status(f"waiting for the contracts: no address book at {settings.address_book_path} yet")
        await asyncio.sleep(pause)
        pause = min(2 * pause, LAST_PAUSE_SECONDS)
    return load(settings.address_book_path)
