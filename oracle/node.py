"""The loops of one oracle node: close intervals, submit reports, mint certificates, follow the Registry."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from oracle.community_clock import CommunityClock
from oracle.intake import Intake
from oracle.keeper import Keeper
from oracle.meter_secrets import MeterSecrets
from oracle.registry_watch import RegistryWatch
from oracle.reporter import Reporter
from oracle.submitter import Disagreement, Submitter
from protocol.ack import Status
from protocol.intervals import interval_end
from protocol.ledger.errors import LedgerError
from protocol.reading import SignedReading

log = structlog.get_logger()

TICK_SECONDS: Final = 1.0
FOLLOW_SECONDS: Final = 5.0
RETRY_SECONDS: Final = 2.0

Work = Callable[[], Awaitable[None]]


class Node:
    """Holds a node's parts together; made anew from store and chain after every loss.

    A chain that is away holds up reports and mints only; readings go on being taken.
    """

    intake: Intake

    def __init__(
        self,
        interval_seconds: int,
        clock: CommunityClock,
        secrets: MeterSecrets,
        watch: RegistryWatch,
        reporter: Reporter,
        submitter: Submitter,
        keeper: Keeper | None,
    ) -> None:
        self.clock = clock
        self._interval_seconds = interval_seconds
        self._secrets = secrets
        self._watch = watch
        self._reporter = reporter
        self._submitter = submitter
        self._keeper = keeper
        self._stored = asyncio.Event()
        self._proposed = asyncio.Event()
        self._reported = asyncio.Event()
        self._waiting = 0
        self._certified_wh = 0
        self._trouble: dict[str, str] = {}

    def take_stored(self, readings: Sequence[SignedReading]) -> None:
        """Take newly stored readings for the reports to come."""
        for signed in readings:
            self._reporter.add(signed)
        self._stored.set()

    async def look_again(self) -> None:
        """Read Registry and enrolments anew; a chain that is away leaves the meters as they were."""
        self._secrets.refresh()
        try:
            reinstated = await self._watch.refresh()
            if self._keeper is not None and reinstated:
                self._keeper.try_again(reinstated)
        except LedgerError as error:
            log.warning("registry not read", reason=str(error))

    async def follow_registry(self) -> None:
        """Look for new meters, rotated keys and suspensions."""
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            await self.look_again()

    async def close_intervals(self) -> None:
        """Propose every interval whose grace is over."""
        while True:
            await _wait(self._stored, TICK_SECONDS)
            if await self._reporter.close_due(self.clock.closing_time()):
                self._proposed.set()

    async def submit_reports(self) -> None:
        """Bring proposals to the chain; after a pause without any, see whether the chain lost some."""
        self._proposed.set()
        while True:
            if not await _wait(self._proposed, FOLLOW_SECONDS):
                await self._attempt("reports", self._find_lost, self._submitter.load)
            await self._attempt("reports", self._submit, self._submitter.load)

    async def _submit(self) -> None:
        while await self._submitter.submit():
            self._reported.set()

    async def _find_lost(self) -> None:
        if await self._submitter.has_regressed():
            log.warning("the chain lost reports; they are sent again")
            await self._submitter.load()

    async def mint_certificates(self) -> None:
        """Claim what reported leaves allow; whatever was reported meanwhile is claimed together."""
        if self._keeper is None:
            return
        while True:
            await self._attempt("mints", self._mint, self._reload_keeper)
            if not await _wait(self._reported, FOLLOW_SECONDS):
                await self._attempt("mints", self._find_lost_mints, self._reload_keeper)

    async def _mint(self) -> None:
        if self._keeper is None:
            return
        await self._keeper.advance(self._submitter.production_head)
        self._certified_wh += await self._keeper.mint()

    async def _find_lost_mints(self) -> None:
        if self._keeper is not None and await self._keeper.has_regressed():
            log.warning("the chain lost mints; they are made again")
            await self._reload_keeper()

    async def _reload_keeper(self) -> None:
        if self._keeper is not None:
            await self._keeper.load(self._submitter.production_head)

    async def _attempt(self, what: str, work: Work, start_anew: Work) -> None:
        """Do some work with the chain; when that fails, say why, and start anew next time."""
        try:
            if what in self._trouble:
                await start_anew()
                del self._trouble[what]
            await work()
        except (LedgerError, Disagreement) as error:
            log.warning("chain work failed", what=what, reason=str(error))
            self._trouble[what] = str(error)
            await asyncio.sleep(RETRY_SECONDS)

    async def watch_link(self, check: Callable[[], None]) -> None:
        """Raise `BrokerUnavailable` once the broker is lost."""
        while True:
            check()
            await asyncio.sleep(TICK_SECONDS / 2)

    async def tell(self, status: Callable[[str], None]) -> None:
        """Say in words how the node does, whenever that has changed."""
        told = ""
        while True:
            self._waiting = await self._submitter.waiting()
            words = self.words()
            if words != told:
                status(words)
                told = words
            await asyncio.sleep(TICK_SECONDS)

    def words(self) -> str:
        """Return the node's state in words."""
        counts = self.intake.counts
        accepted = counts[Status.ACCEPTED]
        refused = sum(counts.values()) - accepted
        parts = [f"{accepted:,} readings accepted"]
        if refused:
            parts.append(f"{refused:,} refused")
        head = self._submitter.production_head
        if head:
            end = datetime.fromtimestamp(interval_end(head, self._interval_seconds), UTC)
            parts.append(f"reported to {end:%Y-%m-%d %H:%M} UTC")
        if self._waiting:
            parts.append(f"{self._waiting} reports waiting")
        if self._certified_wh:
            parts.append(f"{self._certified_wh / 1000:,.1f} kWh certified")
        return "; ".join([*parts, *self._trouble.values()])


async def _wait(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event and clear it; tell whether it came within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    event.clear()
    return True
