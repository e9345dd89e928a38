"""The oracle node as a service: waits for what it needs, works, starts anew from its store after a loss."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

import psycopg
import structlog
from sqlalchemy.exc import OperationalError

from oracle.community_clock import CommunityClock
from oracle.intake import Intake
from oracle.judge import Judge
from oracle.keeper import Keeper
from oracle.meter_secrets import MeterSecrets
from oracle.node import Node
from oracle.registry_watch import RegistryWatch
from oracle.reporter import Reporter
from oracle.settings import OracleSettings
from oracle.store.repository import OracleStore
from oracle.submitter import Submitter
from protocol.keys import load_key, require_native_curve
from protocol.ledger.address_book import AddressBook, load
from protocol.ledger.errors import RpcUnreachable
from protocol.ledger.rpc import Rpc
from protocol.ledger.transactions import Sender
from protocol.mqtt import BrokerUnavailable, connect
from protocol.topics import CLOCK_TOPIC, READINGS_FILTER

log = structlog.get_logger()

FIRST_PAUSE_SECONDS: Final = 0.2
LAST_PAUSE_SECONDS: Final = 5.0

Lost = (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, RpcUnreachable, BrokerUnavailable)


async def serve(
    settings: OracleSettings, *, ready: Callable[[], None], status: Callable[[str], None]
) -> None:
    """Run one oracle node until cancelled.

    Args:
        settings: the node's settings.
        ready: called when the node takes readings.
        status: called with a line in words when the node's state changes.

    Raises:
        ConfigurationError: missing key, wrong chain, foreign contracts, a second node on the same schema.
    """
    require_native_curve()
    pause = FIRST_PAUSE_SECONDS
    while True:
        working = False

        def work() -> None:
            nonlocal working
            working = True
            ready()

        try:
            await _session(settings, work, status)
        except* Lost as group:
            reason = _first_words(group)
            log.warning("connection lost", reason=reason)
            status(f"waiting: {reason}")
        pause = FIRST_PAUSE_SECONDS if working else min(2 * pause, LAST_PAUSE_SECONDS)
        await asyncio.sleep(pause)


def _first_words(group: BaseExceptionGroup[BaseException]) -> str:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


async def _session(
    settings: OracleSettings, ready: Callable[[], None], status: Callable[[str], None]
) -> None:
    """Work from a state rebuilt from store and chain until a connection is lost."""
    book = await _address_book(settings, status)
    async with AsyncExitStack() as stack:
        rpc = await stack.enter_async_context(Rpc(settings.chain_url))
        await book.verify(rpc)
        store = await OracleStore.open(settings.database_url, settings.schema_name)
        stack.push_async_callback(store.close)
        node = await _assemble(settings, book, rpc, store)
        # the clock first: a reading heard without it would be refused as beyond the clock
        subscriptions = [*([(CLOCK_TOPIC, 1)] if node.clock.is_stepped else []), (READINGS_FILTER, 1)]
        link = await stack.enter_async_context(
            connect(settings.broker_url, f"zuva-{settings.name}", subscriptions, node.intake.hear)
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(node.intake.run(link))
            tasks.create_task(node.watch_link(link.check))
            tasks.create_task(node.close_intervals())
            tasks.create_task(node.submit_reports())
            tasks.create_task(node.mint_certificates())
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


async def _assemble(settings: OracleSettings, book: AddressBook, rpc: Rpc, store: OracleStore) -> Node:
    key = load_key(settings.key_path)
    clock = CommunityClock(stepped=settings.clock == "stepped")
    secrets = MeterSecrets(settings.enrolment_dir, key)
    secrets.refresh()
    watch = RegistryWatch(rpc, book)
    await watch.refresh()
    reporter = Reporter(store, watch.meters, secrets, book.interval_seconds, settings.grace_seconds)
    await reporter.load()
    submitter = Submitter(Sender(rpc, key, book.chain_id), book, key, store, clock.block_time)
    await submitter.load()
    keeper = None
    if settings.mint:
        sender = Sender(rpc, load_key(settings.keeper_key_path), book.chain_id)
        keeper = Keeper(rpc, sender, book, store, watch.meters, settings.claims_per_mint)
        await keeper.load(submitter.production_head)
    node = Node(book.interval_seconds, clock, secrets, watch, reporter, submitter, keeper)
    domain = book.domain("Registry")
    latest_time = partial(_latest_time, clock, settings.clock_tolerance_seconds)
    judge = Judge(domain, book.interval_seconds, watch.meters, secrets, await store.latest(), latest_time)
    node.intake = Intake(settings.name, key, domain, judge, store, node.look_again, clock, node.take_stored)
    return node


def _latest_time(clock: CommunityClock, tolerance_seconds: int) -> int:
    return clock.now() + tolerance_seconds
