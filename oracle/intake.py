"""From the broker into the store: judge what arrives, make it durable, then acknowledge it."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Container, Sequence
from typing import Final

import structlog

from oracle.community_clock import CommunityClock
from oracle.judge import Judge, Verdict
from oracle.store.repository import OracleStore
from protocol.ack import Status, encode_ack
from protocol.eip712 import Domain
from protocol.keys import SigningKey
from protocol.mqtt import BrokerLink
from protocol.reading import Reading, SignedReading
from protocol.topics import CLOCK_TOPIC, ack_topic

log = structlog.get_logger()

BATCH: Final = 500
LOOK_PAUSE_SECONDS: Final = 1.0
# a reading with its topic takes 230 bytes, as JSON 1,100 at most
MESSAGE_BYTES: Final = 2_048
INBOX: Final = 50_000
UNKNOWN: Final = frozenset({Status.UNKNOWN_METER})
NOTHING: Final[frozenset[Status]] = frozenset()
# a forged signature or a foreign topic says nothing of the meter it names, which must not hear a refusal
UNANSWERED: Final = frozenset({Status.MALFORMED, Status.WRONG_TOPIC, Status.BAD_SIGNATURE})


class Intake:
    """Takes messages in order; what it acknowledges as accepted is on disk.

    Args:
        name: the node's name, part of the acknowledgements' topic.
        key: the node's key, which signs acknowledgements.
        domain: EIP-712 domain of the Registry.
        judge: the acceptance rules.
        store: the node's store.
        look_again: reads Registry and enrolments anew, before a meter is refused as unknown.
        clock: the community's clock.
        on_stored: called with every batch of newly stored readings.
        lock: held while a batch is judged and stored, so that nobody judges by what is not stored.
    """

    def __init__(
        self,
        name: str,
        key: SigningKey,
        domain: Domain,
        judge: Judge,
        store: OracleStore,
        look_again: Callable[[], Awaitable[None]],
        clock: CommunityClock,
        on_stored: Callable[[Sequence[SignedReading]], None],
        lock: asyncio.Lock,
    ) -> None:
        self._name = name
        self._key = key
        self._domain = domain
        self._judge = judge
        self._store = store
        self._look_again = look_again
        self._clock = clock
        self._on_stored = on_stored
        self._lock = lock
        self._inbox: deque[tuple[str, bytes]] = deque()
        self._arrived = asyncio.Event()
        self._looked_at = float("-inf")
        self.counts: Counter[Status] = Counter()
        self.repeated = 0
        self.dropped = 0

    def hear(self, topic: str, payload: bytes) -> None:
        """Take one message from the broker; called in the order of arrival.

        What is no message of ours by its size, and what does not fit in any more, is dropped: a meter sends
        again what nobody acknowledges. The clock is said once, so it takes the place of the oldest message.
        """
        if len(topic) + len(payload) > MESSAGE_BYTES:
            self._drop()
            return
        if len(self._inbox) >= INBOX:
            self._drop()
            if topic != CLOCK_TOPIC:
                return
            self._inbox.popleft()
        self._inbox.append((topic, payload))
        self._arrived.set()

    def _drop(self) -> None:
        self.dropped += 1
        # a line for each would let a flood fill the disk
        if self.dropped.bit_count() == 1:
            log.warning("messages dropped", count=self.dropped, waiting=len(self._inbox))

    async def run(self, link: BrokerLink) -> None:
        """Work off what arrives until cancelled."""
        async with asyncio.TaskGroup() as beside:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                while self._inbox:
                    batch = [self._inbox.popleft() for _ in range(min(BATCH, len(self._inbox)))]
                    unknown = await self._work_off(batch, link, UNKNOWN if self._may_look() else NOTHING)
                    if unknown:
                        self._looked_at = time.monotonic()
                        beside.create_task(self._look_for(unknown, link))

    def _may_look(self) -> bool:
        return time.monotonic() - self._looked_at >= LOOK_PAUSE_SECONDS

    async def _look_for(self, unknown: Sequence[tuple[str, bytes]], link: BrokerLink) -> None:
        """Look for new meters before these are refused; nobody else's readings wait for the chain."""
        await self._look_again()
        await self._work_off(unknown, link, NOTHING)

    async def _work_off(
        self, batch: Sequence[tuple[str, bytes]], link: BrokerLink, left: Container[Status]
    ) -> list[tuple[str, bytes]]:
        """Judge, store and acknowledge messages; return those whose status is in `left`, untouched."""
        async with self._lock:
            judged = self._judge_all(batch)
            verdicts = [v for v in judged if v.status not in left]
            await self._save([v for v in verdicts if not v.older])
            if any(v.older for v in verdicts):
                verdicts = [await self._settle(v) if v.older else v for v in verdicts]
            self._clock.note_stored()
            self._on_stored([v.signed for v in verdicts if v.is_new and v.signed])
        for verdict in verdicts:
            if verdict.repeated:
                self.repeated += 1
            else:
                self.counts[verdict.status] += 1
        # a lost acknowledgement costs a resend of its reading, no more
        link.publish_all(
            self._acknowledgement(verdict, verdict.signed.reading)
            for verdict in verdicts
            if verdict.signed is not None and verdict.status not in UNANSWERED
        )
        return [(v.topic, v.payload) for v in judged if v.status in left]

    def _judge_all(self, batch: Sequence[tuple[str, bytes]]) -> list[Verdict]:
        verdicts = []
        for topic, payload in batch:
            if topic == CLOCK_TOPIC:
                self._clock.take(payload)
            else:
                verdicts.append(self._judge.judge(topic, payload))
        return verdicts

    async def _save(self, verdicts: Sequence[Verdict]) -> None:
        accepted = [v.signed for v in verdicts if v.is_new and v.signed]
        refused = [v.refusal() for v in verdicts if v.status is not Status.ACCEPTED]
        clock = self._clock.unstored()
        if accepted or refused or clock is not None:
            await self._store.save_batch(accepted, refused, clock=clock)
        # a line for each would let a flood fill the disk
        for reason, count in Counter(refusal.reason for refusal in refused).most_common(5):
            log.info("readings refused", reason=reason, count=count)

    async def _settle(self, verdict: Verdict) -> Verdict:
        """Judge a reading older than its meter's newest by what is stored around it."""
        if verdict.signed is None:
            return verdict
        reading = verdict.signed.reading
        neighbours = await self._store.neighbours(reading.meter_id, reading.seq)
        settled = self._judge.settle(verdict, neighbours)
        await self._save([settled])
        return settled

    def _acknowledgement(self, verdict: Verdict, reading: Reading) -> tuple[str, bytes]:
        """Return topic and payload of the answer to a reading."""
        payload = encode_ack(
            reading.meter_id, reading.seq, verdict.record_hash, verdict.status, self._key, self._domain
        )
        return ack_topic(reading.meter_id, self._name), payload
