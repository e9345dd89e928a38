"""What a node does when something it needs is not there, or is another's."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from oracle.service import serve
from protocol.ack import Status
from protocol.errors import ConfigurationError
from protocol.keys import require_native_curve
from protocol.ledger.errors import ForeignContracts, WrongChain
from tests.conftest import running, short_directory
from tests.integration.oracle.community import GENESIS, HOUR, OracleCommunity, eventually, oracle_community
from zuva.processes import free_port


@pytest_asyncio.fixture
async def community(artefacts: None, database_url: str, broker_url: str) -> AsyncIterator[OracleCommunity]:
    with short_directory() as data:
        async with oracle_community(data, database_url, broker_url, meters=1) as built:
            yield built


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("chain_url", "http://127.0.0.1:{port}", "no chain answers"),
        ("broker_url", "mqtt://127.0.0.1:{port}", "no broker at"),
        ("database_url", "postgresql://zuva@127.0.0.1:{port}/zuva", "Connection refused"),
        ("data_dir", "/nonexistent/zuva", "no address book"),
    ],
)
async def test_what_is_absent_is_waited_for_and_named(
    community: OracleCommunity, setting: str, value: str, words: str
) -> None:
    absent = value.format(port=free_port())
    settings = community.settings.model_copy(
        update={setting: Path(absent) if setting == "data_dir" else absent}
    )
    said: list[str] = []
    ready = asyncio.Event()
    task = asyncio.create_task(serve(settings, ready=ready.set, status=said.append))
    await eventually(lambda: any(line.startswith("waiting") and words in line for line in said), words)
    assert not task.done()
    assert not ready.is_set()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_broker_that_comes_late_is_found(community: OracleCommunity) -> None:
    port = free_port()
    settings = community.settings.model_copy(update={"broker_url": f"mqtt://127.0.0.1:{port}"})
    ready = asyncio.Event()
    task = asyncio.create_task(serve(settings, ready=ready.set, status=lambda _: None))
    await asyncio.sleep(1)
    assert not ready.is_set()
    with (
        short_directory() as data,
        running("broker", {"ZUVA_DATA_DIR": str(data), "ZUVA_BROKER_PORT": str(port)}),
    ):
        await asyncio.wait_for(ready.wait(), 30)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_readings_go_on_while_the_chain_is_away(community: OracleCommunity) -> None:
    async with community.node_running():
        community.chain_process.kill()
        community.chain_process.wait()
        community.step_clock(GENESIS + HOUR)
        signed = community.sign(community.meters[0], community.meters[0].advance(9))
        community.publish(signed)
        assert (await community.acknowledged(signed))[0].status is Status.ACCEPTED


async def test_another_chain_and_foreign_contracts_are_refused(community: OracleCommunity) -> None:
    path = community.settings.address_book_path
    book = community.book
    other = book.model_copy(update={"chain_id": 1})
    other.save(path)
    with pytest.raises(WrongChain, match="belongs to chain 1"):
        await asyncio.wait_for(_serve(community), 30)
    registry = book.contracts["Registry"].model_copy(update={"code_hash": bytes(32)})
    book.model_copy(update={"contracts": book.contracts | {"Registry": registry}}).save(path)
    with pytest.raises(ForeignContracts, match="expects Registry"):
        await asyncio.wait_for(_serve(community), 30)


def test_the_slow_signature_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    require_native_curve()
    monkeypatch.setenv("ECC_BACKEND_CLASS", "eth_keys.backends.NativeECCBackend")
    with pytest.raises(ConfigurationError, match="slow signature backend"):
        require_native_curve()


async def _serve(community: OracleCommunity) -> None:
    await serve(community.settings, ready=lambda: None, status=lambda _: None)
