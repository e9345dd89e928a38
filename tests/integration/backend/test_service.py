"""The indexer waits for what is absent and refuses what is not its own, in words."""

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

from backend.indexer.service import serve
from backend.store import ForeignDatabase, migrate
from protocol.ledger.address_book import AddressBook
from protocol.ledger.errors import ForeignContracts, WrongChain
from tests.integration.backend.conftest import caught_up, indexer_settings, indexing, rows, until
from tests.integration.backend.homes import Homes
from zuva.processes import free_port


async def refused(homes: Homes, data_dir: Path, **more: Any) -> None:
    settings = indexer_settings(homes, data_dir, **more)
    await asyncio.wait_for(serve(settings, ready=lambda: None, status=[].append), 30)


async def test_it_waits_for_the_address_book(homes: Homes, tmp_path: Path) -> None:
    async with indexing(indexer_settings(homes, tmp_path)) as said:
        await until(lambda: any(words.startswith("waiting for the address book") for words in said))
        homes.community.book.save(tmp_path / "address-book.json")
        await until(lambda: "ready" in said)


async def test_it_waits_for_the_chain(homes: Homes, data_dir: Path) -> None:
    settings = indexer_settings(homes, data_dir, chain_url=f"http://127.0.0.1:{free_port()}")
    async with indexing(settings) as said:
        await until(lambda: any(words.startswith("waiting for the chain") for words in said))
        assert "ready" not in said


async def test_it_waits_for_the_database(homes: Homes, data_dir: Path) -> None:
    absent = f"postgresql://zuva@127.0.0.1:{free_port()}/zuva"
    async with indexing(indexer_settings(homes, data_dir, database_url=absent)) as said:
        await until(lambda: any("database" in words and "does not answer" in words for words in said))
        assert "ready" not in said


async def test_losing_its_connection_it_goes_on(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    async with indexing(indexer_settings(homes, data_dir)):
        await homes.register(1)
        await caught_up(connection, homes)
        ended = rows(
            connection,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'zuva indexer'",
        )
        assert ended == [(True,)]
        await homes.register(1)
        await caught_up(connection, homes)
    assert rows(connection, "SELECT count(*) FROM backend.meter") == [(2,)]


async def test_another_chain_is_refused(homes: Homes, tmp_path: Path) -> None:
    book = homes.community.book
    other = AddressBook.model_validate(book.model_dump() | {"chain_id": 1})
    other.save(tmp_path / "address-book.json")
    with pytest.raises(WrongChain, match="belongs to chain 1"):
        await refused(homes, tmp_path)


async def test_contracts_of_another_deployment_are_refused(homes: Homes, tmp_path: Path) -> None:
    book = homes.community.book.model_dump()
    contracts = book["contracts"]
    contracts["Registry"]["address"] = bytes(19) + b"\x99"
    AddressBook.model_validate(book).save(tmp_path / "address-book.json")
    with pytest.raises(ForeignContracts, match="no contract is at"):
        await refused(homes, tmp_path)


async def test_a_database_of_another_deployment_is_refused(homes: Homes, data_dir: Path) -> None:
    migrate(homes.database_url)
    with psycopg.connect(homes.database_url) as connection:
        connection.execute(
            "INSERT INTO backend.deployment VALUES (1, 31337, '', 1, 3600, 0, '\\xab', '', '')"
        )
    with pytest.raises(ForeignDatabase, match="mirrors another deployment"):
        await refused(homes, data_dir)
