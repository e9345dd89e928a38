"""The publishing loop: readings go out step by step, and the community's clock with them.

The clock moves on to a step's end when every reading that the oracle would settle by then is acknowledged,
and only then that step's readings are published, on the same connection. Whoever misses the clock (a broker
that lost it, a node that was away) hears it again within seconds.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

import structlog

from protocol.clock import encode_clock
from protocol.errors import BadSignature, MalformedRecord
from protocol.mqtt import BrokerLink, BrokerUnavailable, connect
from protocol.topics import ACKS_FILTER, CLOCK_TOPIC, parse_ack_topic, reading_topic
from simulation.publishing.delivery import Delivery
from simulation.publishing.feed import Company, Feed, SignedStep, Timetable
from simulation.publishing.outbox import Outbox, Progress

FIRST_BACK_OFF_SECONDS: Final = 0.2
LAST_BACK_OFF_SECONDS: Final = 5.0
CLOCK_AGAIN_SECONDS: Final = 2.0
_TICK_SECONDS: Final = 0.25
_STATUS_SECONDS: Final = 1.0
_SILENCE_SECONDS: Final = 3.0
_FAREWELL_SECONDS: Final = 2.0
# community time that may have to be told again after a restart
_CLOCK_KEPT_SECONDS: Final = 60
# QoS 0: a lost acknowledgement costs a resend of its reading, no more
_SUBSCRIPTIONS: Final = ((ACKS_FILTER, 0),)

log = structlog.get_logger()


class Publisher:
    """One run over a feed, going on where the outbox stands.

    Args:
        feed: the readings, beginning after the outbox's progress.
        outbox: the queue on disk.
        delivery: the same queue's way to the oracle; what the outbox holds is added here.
        timetable: when steps may be taken.
        company: what else goes over the connection.
        broker_url: MQTT broker.
        grace_seconds: how far past its end the oracle closes an interval, in community time.
        max_in_flight: how many readings may be outstanding before the next step waits.
        status: told in words what happens.
    """

    def __init__(
        self,
        feed: Feed,
        outbox: Outbox,
        delivery: Delivery,
        timetable: Timetable,
        company: Company,
        *,
        broker_url: str,
        grace_seconds: int,
        max_in_flight: int,
        status: Callable[[str], None],
    ) -> None:
        self._feed = feed
        self._outbox = outbox
        self._delivery = delivery
        self._timetable = timetable
        self._company = company
        self._broker_url = broker_url
        self._grace = grace_seconds
        self._max_in_flight = max_in_flight
        self._status = status
        self._progress = outbox.progress
        self._kept_clock = self._progress.clock
        self._delivery.add(outbox.unacknowledged())
        self._issued = feed.issued
        self._clock_at = float("-inf")
        self._last_ack_at = time.monotonic()
        self._acks: list[tuple[str, bytes]] = []
        self._strange_acks: Counter[str] = Counter()
        self._reported_at = time.monotonic()
        self._reported_done = self._done

    @property
    def _done(self) -> int:
        return self._issued - self._delivery.outstanding

    async def run(self, ready: Callable[[], None]) -> None:
        """Publish to the feed's end, over as many connections as it takes.

        Args:
            ready: called once the broker is reached.

        Raises:
            OutboxNotWritable: the disk does not take what must be kept before it is published.
        """
        log.info(f"{self._feed.name}_started", done=self._done)
        back_off = FIRST_BACK_OFF_SECONDS
        is_ready = False
        while True:
            try:
                async with connect(
                    self._broker_url, "zuva-homes", _SUBSCRIPTIONS, self._hear, will=self._company.will
                ) as link:
                    back_off = FIRST_BACK_OFF_SECONDS
                    if not is_ready:
                        is_ready = True
                        ready()
                    await self._drive(link)
                    return
            except BrokerUnavailable as error:
                log.warning("broker_unavailable", reason=str(error), retry_seconds=back_off)
                self._status(f"waiting for broker: {error}")
            await asyncio.sleep(back_off)
            back_off = min(2 * back_off, LAST_BACK_OFF_SECONDS)

    async def _drive(self, link: BrokerLink) -> None:
        """Publish over one connection until all is acknowledged."""
        self._delivery.connection_lost()
        self._last_ack_at = time.monotonic()
        self._clock_at = float("-inf")
        self._company.arrive(link)
        try:
            while (end := self._feed.next_end()) is not None or self._delivery.outstanding:
                stepped = end is not None and self._step(link, end)
                self._tell_time(link, end)
                self._publish(link)
                self._report()
                if not stepped:
                    pause = _TICK_SECONDS if end is None else self._timetable.pause(end)
                    await link.wait(min(pause, _TICK_SECONDS) if pause > 0 else _TICK_SECONDS)
                self._take_acks()
            await self._complete(link)
        except asyncio.CancelledError:
            await self._say_farewell(link)
            raise

    def _step(self, link: BrokerLink, end: int) -> bool:
        """Move the clock to the next step's end if it may, and queue that step's readings."""
        if self._timetable.pause(end) > 0 or not self._may_reach(end):
            return False
        step = self._feed.take()
        clock = max(end, self._progress.clock)
        self._commit(Progress(step.position, clock, step.fingerprint, step.state), step)
        self._timetable.stepped(end)
        self._publish_clock(link)
        return True

    def _may_reach(self, clock: int) -> bool:
        if self._delivery.outstanding >= self._max_in_flight:
            return False
        oldest = self._delivery.oldest
        return oldest is None or oldest + self._grace > clock

    def _tell_time(self, link: BrokerLink, end: int | None) -> None:
        """Let time go on between two steps, and tell it to those who may have missed it.

        The clock waits for the oracle, the homes do not: what they show goes on meanwhile.
        """
        live = self._progress.clock
        if end is not None:
            live = self._timetable.live(self._progress.clock, end)
            now = self._timetable.present(self._progress.clock, end)
            if now > self._progress.clock and self._may_reach(now):
                # committed with the next words: a clock that is told again from earlier moves nobody back
                self._progress = replace(self._progress, clock=now)
        if self._progress.clock:
            if time.monotonic() - self._clock_at >= CLOCK_AGAIN_SECONDS:
                self._publish_clock(link)
            self._company.accompany(link, live)

    def _publish(self, link: BrokerLink) -> None:
        batch = self._delivery.due(time.monotonic())
        if batch.again:
            # whoever missed the readings may have missed the clock as well
            self._publish_clock(link)
        for outgoing in batch.readings:
            link.publish(reading_topic(outgoing.meter_id), outgoing.record)

    def _publish_clock(self, link: BrokerLink) -> None:
        self._clock_at = time.monotonic()
        link.publish(CLOCK_TOPIC, encode_clock(self._progress.clock), retain=True)

    def _commit(self, progress: Progress, step: SignedStep | None = None) -> None:
        delivered, refused = self._delivery.take_finished()
        enqueue = step.outgoing if step else []
        queued = self._outbox.commit(progress, enqueue=enqueue, delivered=delivered, refused=refused)
        self._progress = progress
        self._kept_clock = progress.clock
        for reason, count in Counter(r.reason for r in refused).items():
            log.warning("readings_refused", reason=reason, count=count)
        if step:
            self._issued += len(queued)
            self._delivery.add(queued)

    async def _complete(self, link: BrokerLink) -> None:
        clock = max(self._progress.clock, self._feed.end + self._grace)
        self._commit(replace(self._progress, clock=clock))
        self._publish_clock(link)
        self._company.leave(link)
        await link.flush()
        refused = self._outbox.refused_count
        tail = f", {refused:,} refused" if refused else ""
        self._status(f"{self._feed.name} complete: {self._feed.total_words()}{tail}")
        log.info(f"{self._feed.name}_complete", readings=self._issued, refused=refused)

    async def _say_farewell(self, link: BrokerLink) -> None:
        with suppress(BrokerUnavailable, TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                self._company.leave(link)
                await link.flush()

    def _hear(self, topic: str, payload: bytes) -> None:
        self._acks.append((topic, payload))

    def _take_acks(self) -> None:
        acks, self._acks = self._acks, []
        for topic, payload in acks:
            try:
                meter_id, _ = parse_ack_topic(topic)
                if self._delivery.acknowledge(meter_id, payload):
                    self._last_ack_at = time.monotonic()
            except (MalformedRecord, BadSignature) as error:
                self._strange_acks[str(error)] += 1

    def _report(self) -> None:
        now = time.monotonic()
        passed = now - self._reported_at
        if passed < _STATUS_SECONDS:
            return
        rate = (self._done - self._reported_done) / passed
        self._reported_at, self._reported_done = now, self._done
        if self._delivery.has_finished or self._progress.clock - self._kept_clock >= _CLOCK_KEPT_SECONDS:
            # also when no further step commits them
            self._commit(self._progress)
        for reason, count in self._strange_acks.items():
            log.warning("acknowledgements_ignored", reason=reason, count=count)
        self._strange_acks.clear()
        self._status(self._words(now, rate))

    def _words(self, now: float, rate: float) -> str:
        unanswered = self._delivery.outstanding
        if unanswered and now - self._last_ack_at > _SILENCE_SECONDS:
            return f"waiting for the oracle: {unanswered:,} readings unanswered"
        if self._delivery.hesitation:
            return f"the oracle does not take {unanswered:,} readings yet: {self._delivery.hesitation}"
        return self._feed.progress_words(self._progress.clock, self._done, rate)
