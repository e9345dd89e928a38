"""One oracle node at work: its parts, what peers and operators ask of it, and the loops beside reporting."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from oracle.adoption import Adoption
from oracle.attempts import Attempts
from oracle.backlog import Backlog
from oracle.community_clock import CommunityClock
from oracle.intake import Intake
from oracle.keeping import Keeping
from oracle.meter_secrets import MeterSecrets
from oracle.metrics import Metrics
from oracle.peers.client import HELLO_PATH, Peer, Peers
from oracle.peers.errors import PeerMisbehaved, PeerUnavailable
from oracle.quorum.disagreement import Disagreement
from oracle.quorum.messages import DataSetsAnswer, DataSetsRequest, Hello, ServedDataSet, pack_records
from oracle.quorum.set_aside import SetAside
from oracle.quorum.settlement import Settlement
from oracle.quorum.voter import Voter
from oracle.registry_watch import RegistryWatch
from oracle.reporting import Reporting
from oracle.standing import Side
from oracle.store.faults import Faults
from oracle.voiding import Voiding
from protocol.ack import Status
from protocol.eip712 import Domain
from protocol.intervals import interval_end
from protocol.keys import SigningKey, address_text
from protocol.ledger.errors import LedgerError
from protocol.reading import SignedReading

log = structlog.get_logger()

TICK_SECONDS: Final = 1.0
FOLLOW_SECONDS: Final = 5.0
HELLO_SECONDS: Final = 2.0
HELLO_PATIENCE_SECONDS: Final = 4.0
# of an answer with data sets; the rest is asked for again
SERVED_BYTES: Final = 8 * 1024 * 1024
NOTED_ONCE: Final = 10_000


class Node:
    """Holds a node's parts together; made anew from store and chain after every loss.

    A chain that is away holds up reports and mints only; readings go on being taken.

    Args:
        name: the node's name.
        key: the node's key.
        domain: EIP-712 domain of the Registry.
        clock: the community's clock.
        grace_seconds: community seconds between an interval's end and its report.
        backlog: what waits for a report.
        secrets: the meters' secrets sealed to this node.
        watch: what the Registry says.
        settlement: what stands on the chain.
        set_aside: meters that contradicted themselves.
        peers: the other nodes.
        faults: the store of disagreements.
        attempts: remembers what fails.
        metrics: counts.
    """

    intake: Intake
    adoption: Adoption
    voiding: Voiding
    voter: Voter
    reporting: Reporting
    keeping: Keeping

    def __init__(
        self,
        name: str,
        key: SigningKey,
        domain: Domain,
        clock: CommunityClock,
        grace_seconds: int,
        backlog: Backlog,
        secrets: MeterSecrets,
        watch: RegistryWatch,
        settlement: Settlement,
        set_aside: SetAside,
        peers: Peers,
        faults: Faults,
        attempts: Attempts,
        metrics: Metrics,
    ) -> None:
        self.name = name
        self.key = key
        self.domain = domain
        self.clock = clock
        self.set_aside = set_aside
        self.peers = peers
        self.faults = faults
        self._grace_seconds = grace_seconds
        self._backlog = backlog
        self._secrets = secrets
        self._watch = watch
        self._settlement = settlement
        self._attempts = attempts
        self._metrics = metrics
        self._noted: set[Disagreement] = set()
        self._greeted: set[Peer] = set()
        self._waiting: list[int] = []
        self._told: dict[Status, int] = {}
        self._repeated_told = 0
        self._adopted_told = 0
        self._reports_told = dict.fromkeys(Side, 0)
        self.disagreements = 0

    @property
    def address(self) -> bytes:
        """The node's address."""
        return self.key.address

    def is_other_oracle(self, address: bytes) -> bool:
        """Tell whether an address is that of another oracle node."""
        return address in self._watch.oracles and address != self.address

    def last_due(self) -> int:
        """Return the newest interval whose grace is over by this node's clock."""
        # interval t is due once (t + 1) * length + grace <= now
        return (self.clock.closing_time() - self._grace_seconds) // self._backlog.interval_seconds - 1

    def take_stored(self, readings: Sequence[SignedReading]) -> None:
        """Take newly stored readings for the reports to come."""
        for signed in readings:
            self._backlog.add(signed)
        self.reporting.stirred.set()

    async def look_again(self) -> None:
        """Read Registry and enrolments anew; a chain that is away leaves the meters as they were."""
        self._secrets.refresh()
        try:
            reinstated = await self._watch.refresh()
        except LedgerError as error:
            log.warning("registry not read", reason=str(error))
            return
        await self.voiding.look()
        self.set_aside.take_back(reinstated)
        self.keeping.try_again(reinstated)

    async def note(self, disagreement: Disagreement) -> None:
        """Keep a disagreement, once."""
        if disagreement in self._noted:
            return
        if len(self._noted) >= NOTED_ONCE:
            self._noted.clear()
        self._noted.add(disagreement)
        self.disagreements += 1
        self._metrics.disagreements.inc()
        log.warning(
            "disagreement",
            interval=disagreement.interval,
            reason=disagreement.words,
            peer=address_text(disagreement.peer) if disagreement.peer else None,
            meter="0x" + disagreement.meter_id.hex() if disagreement.meter_id else None,
            seq=disagreement.seq,
        )
        await self.faults.save_disagreements([disagreement])

    # what peers ask

    async def greet(self, hello: Hello, address: bytes) -> Hello:
        """Answer a peer that says how far it sees the chain."""
        for peer in self.peers:
            if peer.address == address:
                self._hear(hello, peer)
            if not peer.is_alive:
                # it may be the one that greets
                self._greetings.create_task(self._greet(peer))
        return self._hello()

    async def serve_data_sets(self, request: DataSetsRequest) -> DataSetsAnswer:
        """Give a peer data sets that it lacks."""
        served = []
        size = 0
        for wanted in request.wanted:
            readings = await self._settlement.readings(wanted.interval, wanted.data_hash)
            if not readings or size > SERVED_BYTES:
                break
            records = pack_records(readings)
            size += 2 * len(records)
            served.append(
                ServedDataSet(interval=wanted.interval, data_hash=wanted.data_hash, records=records)
            )
        return DataSetsAnswer(data_sets=served)

    def _hello(self) -> Hello:
        return Hello(
            name=self.name,
            production_head=self._settlement.production_head,
            consumption_head=self._settlement.consumption_head,
            mints=self.keeping.mints,
        )

    def _hear(self, hello: Hello, peer: Peer) -> None:
        peer.mints = hello.mints
        theirs = hello.production_head, hello.consumption_head
        if theirs != (self._settlement.production_head, self._settlement.consumption_head):
            self.reporting.hint()

    # loops

    def tell_peers(self) -> None:
        """Tell the peers at once that the chain holds new reports."""
        for peer in self.peers.alive():
            self._greetings.create_task(self._greet(peer))

    async def keep_contact(self) -> None:
        """Greet every peer every other second, so that each knows which are there."""
        async with asyncio.TaskGroup() as self._greetings:
            for peer in self.peers:
                self._greetings.create_task(self._keep_contact(peer))

    async def _keep_contact(self, peer: Peer) -> None:
        while True:
            contact = peer.seconds_since_contact
            if not peer.is_alive or peer.address is None or contact is None or contact > HELLO_SECONDS:
                await self._greet(peer)
            await asyncio.sleep(HELLO_SECONDS)

    async def _greet(self, peer: Peer) -> None:
        if peer in self._greeted:
            return
        was_alive = peer.is_alive
        self._greeted.add(peer)
        try:
            answer = await peer.ask(
                HELLO_PATH, self._hello(), Hello, self.is_other_oracle, HELLO_PATIENCE_SECONDS
            )
        except (PeerUnavailable, PeerMisbehaved) as error:
            if was_alive:
                log.warning("peer is away", reason=str(error))
            return
        finally:
            self._greeted.discard(peer)
        if not was_alive:
            log.info("peer is there", peer=peer.url, name=answer.name)
            self.reporting.stirred.set()
        self._hear(answer, peer)

    async def follow_registry(self) -> None:
        """Look for new meters, rotated keys, suspensions, oracles and changed enrolments."""
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            await self.look_again()

    async def watch_link(self, check: Callable[[], None]) -> None:
        """Raise `BrokerUnavailable` once the broker is lost."""
        while True:
            check()
            await asyncio.sleep(TICK_SECONDS / 2)

    async def tell(self, status: Callable[[str], None]) -> None:
        """Say in words how the node does, whenever that has changed, and bring the figures up to date."""
        told = ""
        while True:
            self._measure()
            words = self.words()
            if words != told:
                status(words)
                told = words
            await asyncio.sleep(TICK_SECONDS)

    def _measure(self) -> None:
        self._waiting = self._backlog.intervals_due(self.last_due())
        for reason, count in self.intake.counts.items():
            outcome = "accepted" if reason is Status.ACCEPTED else "refused"
            self._metrics.readings.labels(outcome, reason.words).inc(count - self._told.get(reason, 0))
            self._told[reason] = count
        self._metrics.readings.labels("repeated", "").inc(self.intake.repeated - self._repeated_told)
        self._repeated_told = self.intake.repeated
        self._metrics.adopted.inc(self.adoption.count - self._adopted_told)
        self._adopted_told = self.adoption.count
        for side, count in self._settlement.reports.items():
            self._metrics.reports.labels(side).inc(count - self._reports_told[side])
            self._reports_told[side] = count
        self._metrics.intervals_waiting.set(len(self._waiting))
        self._metrics.lag_seconds.set(self._lag_seconds())
        self._metrics.peers_alive.set(len(self.peers.alive()))
        self._metrics.meters_set_aside.set(len(self.set_aside.active))

    def _lag_seconds(self) -> int:
        """Return for how long the first waiting interval has been due, community seconds."""
        if not self._waiting:
            return 0
        due = interval_end(self._waiting[0], self._backlog.interval_seconds) + self._grace_seconds
        return max(0, self.clock.closing_time() - due)

    def words(self) -> str:
        """Return the node's state in words."""
        counts = self.intake.counts
        refused = sum(counts.values()) - counts[Status.ACCEPTED]
        parts = [_counted(counts[Status.ACCEPTED], "reading") + " accepted"]
        if refused:
            parts.append(f"{refused:,} refused")
        if self.intake.dropped:
            parts.append(f"{self.intake.dropped:,} dropped unread")
        if self.adoption.count:
            parts.append(f"{self.adoption.count:,} adopted")
        head = self._settlement.production_head
        if head:
            end = datetime.fromtimestamp(interval_end(head, self._backlog.interval_seconds), UTC)
            parts.append(f"reported to {end:%Y-%m-%d %H:%M} UTC")
        if self._waiting:
            parts.append(_counted(len(self._waiting), "report") + " waiting")
        if self.keeping.certified_wh:
            parts.append(f"{self.keeping.certified_wh / 1000:,.1f} kWh certified")
        there = len(self.peers.alive()) + 1
        if there < len(self._watch.oracles):
            parts.append(f"{there} of {len(self._watch.oracles)} nodes are there")
        if self.set_aside.active:
            parts.append(_counted(len(self.set_aside.active), "meter") + " set aside")
        if self.disagreements:
            parts.append(_counted(self.disagreements, "disagreement"))
        return "; ".join([*parts, *filter(None, [self.reporting.obstacle]), *self._attempts.trouble.values()])

    def health(self) -> dict[str, Any]:
        """Return the node's state for programs."""
        counts = self.intake.counts
        return {
            "address": address_text(self.address),
            "clock": self.clock.closing_time() or None,
            "production_head": self._settlement.production_head,
            "consumption_head": self._settlement.consumption_head,
            "intervals_waiting": len(self._waiting),
            "lag_seconds": self._lag_seconds(),
            "readings": {
                "accepted": counts[Status.ACCEPTED],
                "repeated": self.intake.repeated,
                "adopted": self.adoption.count,
                "refused": {
                    reason.words: count for reason, count in counts.items() if reason is not Status.ACCEPTED
                },
            },
            "set_aside": len(self.set_aside.active),
            "disagreements": self.disagreements,
            "peers": [
                {
                    "url": peer.url,
                    "address": address_text(peer.address) if peer.address else None,
                    "alive": peer.is_alive,
                    "seconds_since_contact": _rounded(peer.seconds_since_contact),
                    "trouble": peer.trouble,
                }
                for peer in self.peers
            ],
            "quorum": self._watch.quorum,
            "nodes": len(self._watch.oracles),
        }


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
