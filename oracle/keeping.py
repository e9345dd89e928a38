"""When this node's keeper mints: the first live node in the order of addresses does, the others stand by."""

import asyncio
import time
from collections.abc import Collection
from functools import partial
from typing import Final

import structlog

from oracle.attempts import Attempts, happens
from oracle.keeper import Keeper
from oracle.metrics import Metrics
from oracle.peers.client import Peers
from oracle.quorum.settlement import Settlement

log = structlog.get_logger()

FOLLOW_SECONDS: Final = 5.0
# what the node on duty has left unclaimed for so long, another one claims
STANDBY_SECONDS: Final = 60.0


class Keeping:
    """Drives the keeper while it is this node's duty, and now and then while it is not.

    Args:
        me: this node's address.
        keeper: makes the claims; None if this node does not mint.
        settlement: what stands on the chain.
        peers: the other nodes.
        attempts: remembers what fails.
        metrics: counts.
        reported: set when new reports stand on the chain.
    """

    def __init__(
        self,
        me: bytes,
        keeper: Keeper | None,
        settlement: Settlement,
        peers: Peers,
        attempts: Attempts,
        metrics: Metrics,
        reported: asyncio.Event,
    ) -> None:
        self._me = me
        self._keeper = keeper
        self._settlement = settlement
        self._peers = peers
        self._attempts = attempts
        self._metrics = metrics
        self._reported = reported
        self._was_on_duty = False
        self._forks = settlement.forks
        self.certified_wh = 0

    @property
    def mints(self) -> bool:
        """Whether this node can keep."""
        return self._keeper is not None

    @property
    def _is_on_duty(self) -> bool:
        keeping = {peer.address for peer in self._peers.alive() if peer.mints and peer.address is not None}
        return self._me == min(keeping | {self._me})

    def try_again(self, reinstated: Collection[bytes]) -> None:
        """Take up what was set aside of these meters."""
        if self._keeper is not None and reinstated:
            self._keeper.try_again(reinstated)

    async def run(self) -> None:
        """Mint until cancelled."""
        if self._keeper is None:
            return
        seen_head, seen_at = self._settlement.production_head, time.monotonic()
        while True:
            if self._is_on_duty:
                if not self._was_on_duty:
                    await self._attempts.attempt("mints", self._reload, self._reload)
                self._was_on_duty = True
                await self._attempts.attempt("mints", self._mint, self._reload)
            else:
                self._was_on_duty = False
                if time.monotonic() - seen_at > STANDBY_SECONDS:
                    await self._attempts.attempt("mints", partial(self._stand_in, seen_head), _nothing)
                    seen_head, seen_at = self._settlement.production_head, time.monotonic()
            if not await happens(self._reported, FOLLOW_SECONDS) and self._is_on_duty and self._was_on_duty:
                await self._attempts.attempt("mints", self._find_lost, self._reload)

    async def _mint(self) -> None:
        if self._keeper is not None and not self._settlement.unsettled:
            if self._forks != self._settlement.forks:
                # leaves to claim from, claims and the account's transactions may be gone with the reports
                await self._reload()
            await self._keeper.advance(self._settlement.production_head)
            self._note(await self._keeper.mint())

    async def _stand_in(self, head: int) -> None:
        """Claim what the node on duty left of reports that have stood for a while."""
        if self._keeper is not None:
            await self._keeper.load(head)
            self._note(await self._keeper.mint())

    def _note(self, wh: int) -> None:
        self.certified_wh += wh
        self._metrics.certified.inc(wh)

    async def _find_lost(self) -> None:
        if self._keeper is not None and await self._keeper.has_regressed():
            log.warning("the chain lost mints; they are made again")
            await self._reload()

    async def _reload(self) -> None:
        if self._keeper is not None:
            forks = self._settlement.forks
            await self._keeper.load(self._settlement.production_head)
            self._forks = forks


async def _nothing() -> None:
    pass
