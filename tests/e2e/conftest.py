"""A whole community for the browser: `zuva up` on the built-in days, replayed to the end."""

import asyncio
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from benchmarks.community import RunningCommunity, running_community
from protocol.keys import SigningKey
from protocol.ledger import address_book, compiler
from protocol.ledger.bindings import contract
from protocol.ledger.rpc import Rpc
from protocol.ledger.transactions import Sender
from simulation.replay.homes import derive_homes
from tests.conftest import short_directory
from zuva.provisioning import LOCAL_CHAIN_ID, LOCAL_FAUCET

FAUCET = SigningKey(LOCAL_FAUCET)
COIN = 10**18


@dataclass
class Community:
    """What the page's tests need of a running community."""

    running: RunningCommunity

    @property
    def url(self) -> str:
        return self.running.url

    def advance(self) -> None:
        """Let something happen on the chain: a home retires one Wh of its certificates."""
        # Playwright keeps an event loop in the test's own thread
        with ThreadPoolExecutor(1) as other_thread:
            other_thread.submit(asyncio.run, self._retire_one_wh()).result()

    def stop_api(self) -> None:
        """Let the API fall silent, as a frozen machine would."""
        os.kill(self._api_pid(), signal.SIGSTOP)

    def start_api(self) -> None:
        """Let the API go on."""
        os.kill(self._api_pid(), signal.SIGCONT)

    def _api_pid(self) -> int:
        return int(self.running.services()["api"]["pid"])

    async def _retire_one_wh(self) -> None:
        meter = next(m for m in self.running.get("/v1/meters")["items"] if m["total"]["certified_wh"])
        certificate = self.running.get(f"/v1/certificates?account={meter['account']}")["items"][0]
        seed = bytes.fromhex((self.running.data / "keys" / "homes.seed").read_text())
        (home,) = derive_homes([meter["name"]], seed)
        book = address_book.load(self.running.data / "address-book.json")
        async with Rpc(self.running.chain_url) as rpc:
            await Sender(rpc, FAUCET, LOCAL_CHAIN_ID).transact(home.wallet.address, b"", value=COIN)
            call = contract("EnergyProduction").functions["retire"]
            await Sender(rpc, home.wallet, LOCAL_CHAIN_ID).transact(
                book.address("EnergyProduction"),
                call.encode(int(certificate["id"]), 1, home.wallet.address, "cooked with the sun"),
            )


@pytest.fixture(scope="session")
def community() -> Iterator[Community]:
    """Run a community until all its readings are certified."""
    compiler.build()
    with short_directory() as data, running_community(data, {}) as running:
        running.wait_for("page", lambda: running.get("/health"), 120)

        def certified() -> bool:
            totals = running.get("/v1/totals")
            return running.state("replay") == "done" and totals["certified_wh"] == totals["generated_wh"]

        running.wait_for("certificates", certified, 120)
        yield Community(running)
