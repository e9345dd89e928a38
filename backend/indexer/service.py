"""The indexer as a service: waits for database, chain and address book, then follows the chain."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import structlog

from backend.indexer import chain, deployment
from backend.indexer.decode import Decoder
from backend.indexer.deployment import Deployed
from backend.indexer.errors import ChainChanged, WindowTooLarge
from backend.indexer.event_tables import MIRRORED
from backend.indexer.follow import Follower
from backend.indexer.settings import IndexerSettings
from backend.indexer.window import Position
from backend.store import DatabaseUnavailable, migrate
from protocol.ledger import address_book
from protocol.ledger.address_book import AddressBook
from protocol.ledger.artefacts import load_artefact
from protocol.ledger.bindings import contract
from protocol.ledger.errors import LedgerError
from protocol.ledger.rpc import Rpc, hexed, octets

_FIRST_WAIT = 0.2
_LONGEST_WAIT = 5.0
_log = structlog.get_logger()


class _NotYet(Exception):
    """Something the indexer needs is not there; the message says what it waits for."""


async def serve(
    settings: IndexerSettings, *, ready: Callable[[], None], status: Callable[[str], None]
) -> None:
    """Mirror the chain into the database until cancelled.

    Args:
        settings: where database, chain and address book are.
        ready: called once, when the indexer follows the chain.
        status: told in words when the state changes.

    Raises:
        ConfigurationError: wrong chain, foreign contracts, contracts that are not compiled, a database of
            another deployment, or a chain that was started anew under the database.
    """
    wait = _FIRST_WAIT
    announced = False

    def announce() -> None:
        nonlocal announced, wait
        wait = _FIRST_WAIT
        if not announced:
            announced = True
            ready()

    while True:
        try:
            await _follow(settings, announce, status)
        except (_NotYet, DatabaseUnavailable) as reason:
            words = str(reason)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            words = "waiting for the database"
        except (LedgerError, ChainChanged, WindowTooLarge, httpx.HTTPError) as reason:
            words = f"waiting for the chain: {reason}"
        status(words)
        _log.warning("waiting", reason=words, seconds=wait)
        await asyncio.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT)


async def _follow(
    settings: IndexerSettings, announce: Callable[[], None], status: Callable[[str], None]
) -> None:
    path = settings.data_dir / "address-book.json"
    if not path.exists():
        raise _NotYet(f"waiting for the address book {path}")
    book = address_book.load(path)
    await asyncio.to_thread(migrate, settings.database_url)
    async with Rpc(settings.chain_url) as rpc:
        await book.verify(rpc)
        deployed, start = await _deployed(rpc, book)
        decoder = Decoder({name: (book.address(name), load_artefact(name).abi) for name in MIRRORED})
        connection: psycopg.AsyncConnection[tuple[Any, ...]]
        async with await psycopg.AsyncConnection.connect(
            settings.database_url,
            autocommit=True,
            application_name="zuva indexer",
            connect_timeout=5,
            keepalives_idle=10,
        ) as connection:
            await deployment.adopt(connection, deployed, start)
            position = await deployment.position_of(connection, deployed.chain_id)
            _log.info("following", chain=deployed.chain_id, block=position.number)
            follower = Follower(settings, connection, rpc, decoder, deployed.chain_id, position, status)
            announce()
            await follower.run()


async def _deployed(rpc: Rpc, book: AddressBook) -> tuple[Deployed, Position]:
    [block] = await chain.read_blocks(rpc, [book.deployment_block - 1])
    question = contract("EnergyProduction").functions["finalitySeconds"]
    call = {"to": hexed(book.address("EnergyProduction")), "data": hexed(question.encode())}
    [finality] = question.decode(octets(await rpc.call("eth_call", call, "latest")))
    deployed = Deployed(
        chain_id=book.chain_id,
        genesis_hash=book.genesis_hash,
        deployment_block=book.deployment_block,
        interval_seconds=book.interval_seconds,
        finality_seconds=finality,
        registry=book.address("Registry"),
        production=book.address("EnergyProduction"),
        consumption=book.address("EnergyConsumption"),
    )
    return deployed, Position(block.number, block.hash, block.timestamp)
