"""The loop that gets intervals reported: follow the chain, catch up, lead when it is this node's turn."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from oracle.attempts import Attempts, happens
from oracle.metrics import Metrics
from oracle.peers.client import Peers
from oracle.quorum.catching_up import CatchingUp
from oracle.quorum.exchange import Outcome
from oracle.quorum.leadership import Leadership
from oracle.quorum.proposer import Proposer
from oracle.quorum.settlement import Settlement
from oracle.registry_watch import RegistryWatch
from oracle.submitter import Submitter

log = structlog.get_logger()

# how often the chain is looked at: with nothing to do, and while another node is expected to report
IDLE_SECONDS: Final = 5.0
WATCHING_SECONDS: Final = 0.5
TICK_SECONDS: Final = 0.25
# until a node whose clock is behind is asked again
NOT_DUE_SECONDS: Final = 0.05
RETRY_SECONDS: Final = 0.25
# how long reports may be stuck before the status says so
STUCK_SECONDS: Final = 10.0


class Reporting:
    """Brings due intervals to the chain, together with the other nodes.

    Args:
        me: this node's address.
        round_seconds: how long a leader has.
        settlement: what stands on the chain.
        proposer: the leader's part.
        catching_up: fetches what is missing.
        submitter: the node's account.
        watch: the oracles.
        peers: the other nodes.
        attempts: remembers what fails.
        metrics: counts.
        tell_peers: called when this node brought reports to the chain.

    Attributes:
        stirred: set when there may be something to do.
        hinted: set when the chain may hold new reports.
        reported: set when new reports stand on the chain.
    """

    def __init__(
        self,
        me: bytes,
        round_seconds: float,
        settlement: Settlement,
        proposer: Proposer,
        catching_up: CatchingUp,
        submitter: Submitter,
        watch: RegistryWatch,
        peers: Peers,
        attempts: Attempts,
        metrics: Metrics,
        tell_peers: Callable[[], None],
    ) -> None:
        self._me = me
        self._leadership = Leadership(me, round_seconds)
        self._settlement = settlement
        self._proposer = proposer
        self._catching_up = catching_up
        self._submitter = submitter
        self._watch = watch
        self._peers = peers
        self._attempts = attempts
        self._metrics = metrics
        self._tell_peers = tell_peers
        self._looked_at = float("-inf")
        self._moved_at = time.monotonic()
        self._pause = 0.0
        self._forks = settlement.forks
        self.stirred = asyncio.Event()
        self.hinted = False
        self.reported = asyncio.Event()
        self.obstacle = ""

    def hint(self) -> None:
        """Say that the chain may hold new reports."""
        self.hinted = True
        self.stirred.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._pause = TICK_SECONDS
            if not await self._attempts.attempt("reports", self._step, self._start_anew):
                # nobody is to be blamed for a chain that does not answer
                self._leadership.begin_round_anew(time.monotonic())
            if self._pause:
                await happens(self.stirred, self._pause)

    async def _start_anew(self) -> None:
        self._submitter.start_anew()
        await self._look()

    async def _step(self) -> None:
        """Do the next thing; leave in `_pause` how long to wait for another."""
        front = self._front()
        age = time.monotonic() - self._looked_at
        if self.hinted or age > (IDLE_SECONDS if front is None else WATCHING_SECONDS):
            await self._look()
            front = self._front()
        if self._settlement.unsettled:
            self._pause = 0.0 if await self._catching_up.fetch() else RETRY_SECONDS
            if self._pause == 0.0:
                self.reported.set()
            else:
                self.obstacle = (
                    f"{len(self._settlement.unsettled)} data sets on the chain are served by no peer"
                )
            return
        if front is None or self._me not in self._watch.oracles:
            self.obstacle = ""
            self._moved_at = time.monotonic()
            return
        now = time.monotonic()
        leader = self._leadership.leader(front, self._watch.oracles, self._peers.addresses(), now)
        if leader != self._me:
            self._say_if_stuck("another node leads and does not report")
            return
        await self._lead(front)

    def _front(self) -> tuple[int, ...] | None:
        """Return what waits first, the interval leading."""
        heads = self._settlement.production_head, self._settlement.consumption_head
        if self._settlement.open:
            return (self._settlement.open[0].report.interval, *heads)
        due = self._proposer.next_due()
        return None if due is None else (due, *heads)

    async def _lead(self, front: tuple[int, ...]) -> None:
        if self._forks != self._settlement.forks:
            # with the reports the chain forgot how many transactions this account had sent
            self._forks = self._settlement.forks
            self._submitter.start_anew()
        if self._settlement.open:
            outcome = await self._proposer.settle_consumption()
        else:
            outcome = await self._proposer.propose()
        if outcome.not_due and not outcome.landed:
            # everybody leads by their own clock: nobody else would be sooner
            self._leadership.begin_round_anew(time.monotonic())
            self._pause = NOT_DUE_SECONDS
            return
        if outcome.landed:
            await self._landed(front, outcome)
        else:
            self._pause = RETRY_SECONDS
            self._say_if_stuck(outcome.words)
            self.hinted = True

    async def _landed(self, front: tuple[int, ...], outcome: Outcome) -> None:
        if self._watch.oracles[front[0] % len(self._watch.oracles)] != self._me:
            self._metrics.take_overs.inc(outcome.landed)
        await self._look()
        if self._settlement.open:
            second = await self._proposer.settle_consumption()
            if second.landed:
                await self._look()
        self._tell_peers()
        self._pause = 0.0

    async def _look(self) -> None:
        self.hinted = False
        self._looked_at = time.monotonic()
        if await self._settlement.refresh():
            self._moved_at = time.monotonic()
            self.obstacle = ""
            self.reported.set()

    def _say_if_stuck(self, words: str) -> None:
        if time.monotonic() - self._moved_at > STUCK_SECONDS:
            self.obstacle = f"no report for {int(time.monotonic() - self._moved_at)} s: {words}"
