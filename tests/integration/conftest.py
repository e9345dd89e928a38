"""A chain of its own for every test that asks: anvil on a free port, and the contracts on it."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from protocol.keys import SigningKey, address_text
from protocol.ledger import compiler
from protocol.ledger.address_book import AddressBook
from protocol.ledger.artefacts import ROOT
from protocol.ledger.deployment import deploy
from protocol.ledger.rpc import Rpc, hexed
from protocol.ledger.transactions import Sender

CHAIN_ID = 31337
GENESIS_TIME = 1_700_006_400
"""Unix seconds of the test chains' first block; a UTC midnight."""


@dataclass(frozen=True)
class Community:
    """A deployment with everybody's keys."""

    url: str
    rpc: Rpc
    book: AddressBook
    governor: Sender
    keeper: Sender
    oracle_keys: tuple[SigningKey, ...]
    guardian_key: SigningKey

    async def fund(self, address: bytes) -> None:
        """Give an account coin to pay for transactions."""
        await self.rpc.call("anvil_setBalance", address_text(address), hexed(10**20))

    async def at(self, timestamp: int) -> None:
        """Set the time of the next block, unix seconds."""
        await self.rpc.call("evm_setNextBlockTimestamp", hexed(timestamp))


def anvil_binary() -> Path:
    """The chain's own program, not the Node shim that would hide it from a kill."""
    found = sorted((ROOT / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil*"))
    if not found:
        pytest.fail("anvil is not installed; run: make setup")
    return found[0]


@contextmanager
def running_anvil(
    *arguments: str, chain_id: int = CHAIN_ID, time_of_genesis: int = GENESIS_TIME
) -> Iterator[str]:
    """Run a chain on a free port; yields its URL and kills it by its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="zuva-anvil-"))
    command = [
        str(anvil_binary()),
        *("--host", "127.0.0.1", "--port", str(port), "--silent", "--enable-tx-gas-limit"),
        *("--chain-id", str(chain_id), "--timestamp", str(time_of_genesis), "--cache-path", str(folder)),
        *arguments,
    ]
    process = subprocess.Popen(command, cwd=folder)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_it_answers(url, process)
        yield url
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []})
        except httpx.HTTPError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"anvil did not start (exit code {process.poll()})")


@pytest.fixture(scope="session")
def artefacts() -> None:
    """The contracts, compiled when their sources changed."""
    compiler.build()


@pytest.fixture
def anvil() -> Iterator[str]:
    """URL of a chain of this test's own."""
    with running_anvil() as url:
        yield url


@pytest_asyncio.fixture
async def rpc(anvil: str) -> AsyncIterator[Rpc]:
    """JSON-RPC to the test's chain."""
    async with Rpc(anvil) as client:
        yield client


@pytest.fixture
def funded(rpc: Rpc) -> Callable[[], "AsyncIterator[Sender]"]:
    """A function that makes a sender with coin."""

    async def make() -> Sender:
        key = SigningKey.generate()
        await rpc.call("anvil_setBalance", address_text(key.address), hexed(10**20))
        return Sender(rpc, key, CHAIN_ID, set_time_method="evm_setNextBlockTimestamp")

    return make


@pytest_asyncio.fixture
async def community(artefacts: None, anvil: str, rpc: Rpc, funded) -> Community:
    """Three oracles of which two must sign, intervals of an hour, final at once."""
    governor, keeper = await funded(), await funded()
    oracle_keys = tuple(sorted((SigningKey.generate() for _ in range(3)), key=lambda key: key.address))
    guardian_key = SigningKey.generate()
    book = await deploy(
        governor,
        interval_seconds=3600,
        ring_size=96,
        finality_seconds=0,
        oracles=[key.address for key in oracle_keys],
        quorum=2,
        guardian=guardian_key.address,
    )
    return Community(anvil, rpc, book, governor, keeper, oracle_keys, guardian_key)


@pytest.fixture
def deployed(community: Community) -> AddressBook:
    """The address book of the test's deployment."""
    return community.book
