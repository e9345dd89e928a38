"""A whole community for the browser: `zuva up` whose homes have caught up with the clock and go on."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import httpx
import pytest

from benchmarks.community import RunningCommunity, running_community
from protocol.keys import SigningKey
from protocol.ledger import address_book, compiler
from protocol.ledger.bindings import contract
from protocol.ledger.rpc import Rpc
from protocol.ledger.transactions import Sender
from simulation.identities import derive_homes
from tests.conftest import short_directory
from tests.e2e.chromium import chromium
from zuva.provisioning import LOCAL_CHAIN_ID, LOCAL_FAUCET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

FAUCET = SigningKey(LOCAL_FAUCET)
COIN = 10**18
ZONE = ZoneInfo("Africa/Harare")
DAYS_OF_HISTORY = 1


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
        return self.running.process_of("api").pid

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
    """Run a community until its homes have caught up with the clock and all their energy is certified."""
    compiler.build()
    start = datetime.now(ZONE).date() - timedelta(days=DAYS_OF_HISTORY)
    settings = {"ZUVA_HOMES_START": start.isoformat(), "ZUVA_HOMES_PACE": "0"}
    with short_directory() as data, running_community(data, settings) as running:
        running.wait_for("page", lambda: running.get("/health"), 120)

        def lives() -> bool:
            summary, live = running.get("/v1/community"), running.get("/v1/telemetry?limit=1")["community"]
            totals, current = summary["totals"], summary["current"]
            return (
                current is not None
                and current["end"] > time.time() - 2 * summary["interval_seconds"]
                and totals["certified_wh"] == totals["generated_wh"] > 0
                and live["fresh"] == summary["meters"]
            )

        running.wait_for("certificates and live values", lives, 480, pause=0.5)
        yield Community(running)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Module scope: Playwright's synchronous face keeps an event loop running, which asynchronous tests
    # cannot share.
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def api(community: Community) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=community.url, timeout=20) as client:
        yield client
