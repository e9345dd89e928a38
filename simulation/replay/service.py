"""The replay service: publishes measured homes' readings as fast as the oracle acknowledges them.

It drives the community's stepped clock: the clock moves on to a slot's end when every reading that the
oracle would settle by then is acknowledged, and only then that slot's readings are published, on the same
connection.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import structlog

from protocol.clock import encode_clock
from protocol.errors import BadSignature, MalformedRecord
from protocol.mqtt import BrokerLink, BrokerUnavailable, connect
from protocol.topics import ACKS_FILTER, CLOCK_TOPIC, parse_ack_topic, reading_topic
from simulation.delivery import Delivery
from simulation.outbox import Outbox, Progress
from simulation.replay.community import Community, NotYetError, check_interval, find_community
from simulation.replay.homes import Home, derive_homes, load_or_create_seed
from simulation.replay.signing import SignedStep, SignedSteps
from simulation.replay.source import Source, load_source
from simulation.settings import ReplaySettings

FIRST_BACK_OFF_SECONDS: Final = 0.2
LAST_BACK_OFF_SECONDS: Final = 5.0
_TICK_SECONDS: Final = 0.25
_STATUS_SECONDS: Final = 1.0
_SILENCE_SECONDS: Final = 3.0
# QoS 0: a lost acknowledgement costs a resend of its reading, no more
_SUBSCRIPTIONS: Final = ((ACKS_FILTER, 0),)

log = structlog.get_logger()


async def serve(
    settings: ReplaySettings, *, ready: Callable[[], None], status: Callable[[str], None]
) -> None:
    """Replay until every reading is acknowledged, then return.

    Args:
        settings: what to replay and where.
        ready: called once the broker is reached.
        status: told in words what the replay does.

    Raises:
        ConfigurationError: data, keys, outbox or deployment do not fit; with the mend.
    """
    source = load_source(settings)
    homes = derive_homes(
        (home.name for home in source.measurements.homes), load_or_create_seed(settings.seed)
    )
    community = await _wait_for_community(settings, homes, status)
    check_interval(community, source.measurements.slot_seconds)
    with Outbox(settings.outbox) as outbox:
        await Replay(settings, source, homes, community, outbox, status).run(ready)


async def _wait_for_community(
    settings: ReplaySettings, homes: list[Home], status: Callable[[str], None]
) -> Community:
    back_off = FIRST_BACK_OFF_SECONDS
    while True:
        try:
            return find_community(settings, homes)
        except NotYetError as missing:
            status(f"waiting for {missing}")
        await asyncio.sleep(back_off)
        back_off = min(2 * back_off, LAST_BACK_OFF_SECONDS)


class Replay:
    """One run over the data, going on where the outbox stands."""

    def __init__(
        self,
        settings: ReplaySettings,
        source: Source,
        homes: list[Home],
        community: Community,
        outbox: Outbox,
        status: Callable[[str], None],
    ) -> None:
        measurements = source.measurements
        self._settings = settings
        self._outbox = outbox
        self._status = status
        self._grace = (
            2 * measurements.slot_seconds if settings.grace_seconds is None else settings.grace_seconds
        )
        self._end = measurements.end
        self._readings = measurements.readings
        self._homes = len(homes)
        self._progress = outbox.progress
        steps = SignedSteps(measurements, homes, community.domain, source.opening, self._progress)
        self._issued = steps.issued
        self._steps = steps
        self._upcoming: SignedStep | None = next(steps, None)
        self._delivery = Delivery(community.domain, community.nodes, settings.acks, settings.max_in_flight)
        self._delivery.add(outbox.unacknowledged())
        self._last_step_at = float("-inf")
        self._last_ack_at = time.monotonic()
        self._acks: list[tuple[str, bytes]] = []
        self._strange_acks: Counter[str] = Counter()
        self._reported_at = time.monotonic()
        self._reported_done = self._done

    @property
    def _done(self) -> int:
        return self._issued - self._delivery.outstanding

    async def run(self, ready: Callable[[], None]) -> None:
        """Replay to the end, over as many connections as it takes."""
        log.info("replay_started", homes=self._homes, readings=self._readings, done=self._done)
        back_off = FIRST_BACK_OFF_SECONDS
        is_ready = False
        while True:
            try:
                async with connect(
                    self._settings.broker_url, "zuva-homes", _SUBSCRIPTIONS, self._hear
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
        if self._progress.clock:
            self._publish_clock(link)
        while self._upcoming is not None or self._delivery.outstanding:
            stepped = self._step(link)
            self._publish(link)
            self._report()
            if not stepped:
                pause = self._pause()
                await link.wait(min(pause, _TICK_SECONDS) if pause > 0 else _TICK_SECONDS)
            self._take_acks()
        await self._complete(link)

    def _step(self, link: BrokerLink) -> bool:
        """Move the clock to the next slot's end if it may, and queue that slot's readings."""
        step = self._upcoming
        if step is None or not self._may_reach(step.end):
            return False
        self._last_step_at = time.monotonic()
        clock = max(step.end, self._progress.clock)
        self._commit(Progress(step.position, clock, step.fingerprint), step)
        self._publish_clock(link)
        self._upcoming = next(self._steps, None)
        return True

    def _may_reach(self, clock: int) -> bool:
        if self._pause() > 0 or self._delivery.outstanding >= self._settings.max_in_flight:
            return False
        oldest = self._delivery.oldest
        return oldest is None or oldest + self._grace > clock

    def _pause(self) -> float:
        """Return the seconds until the pace allows the next step; 0 or less if it does."""
        return self._last_step_at + self._settings.pace_seconds - time.monotonic()

    def _publish(self, link: BrokerLink) -> None:
        batch = self._delivery.due(time.monotonic())
        if batch.again:
            # whoever missed the readings may have missed the clock as well
            self._publish_clock(link)
        for outgoing in batch.readings:
            link.publish(reading_topic(outgoing.meter_id), outgoing.record)

    def _publish_clock(self, link: BrokerLink) -> None:
        link.publish(CLOCK_TOPIC, encode_clock(self._progress.clock), retain=True)

    def _commit(self, progress: Progress, step: SignedStep | None = None) -> None:
        delivered, refused = self._delivery.take_finished()
        enqueue = step.outgoing if step else []
        queued = self._outbox.commit(progress, enqueue=enqueue, delivered=delivered, refused=refused)
        self._progress = progress
        for reason, count in Counter(r.reason for r in refused).items():
            log.warning("readings_refused", reason=reason, count=count)
        if step:
            self._issued += len(queued)
            self._delivery.add(queued)

    async def _complete(self, link: BrokerLink) -> None:
        clock = max(self._progress.clock, self._end + self._grace)
        self._commit(Progress(self._progress.position, clock, self._progress.fingerprint))
        self._publish_clock(link)
        await link.flush()
        refused = len(self._outbox.refused())
        tail = f", {refused:,} refused" if refused else ""
        self._status(f"replay complete: {self._readings:,} readings of {self._homes} homes{tail}")
        log.info("replay_complete", homes=self._homes, readings=self._readings, refused=refused)

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
        if self._delivery.has_finished:
            # also when no further step commits them
            self._commit(self._progress)
        for reason, count in self._strange_acks.items():
            log.warning("acknowledgements_ignored", reason=reason, count=count)
        self._strange_acks.clear()
        unanswered = self._delivery.outstanding
        if unanswered and now - self._last_ack_at > _SILENCE_SECONDS:
            self._status(f"waiting for the oracle: {unanswered:,} readings unanswered")
            return
        if self._delivery.hesitation:
            self._status(f"the oracle does not take {unanswered:,} readings yet: {self._delivery.hesitation}")
            return
        slot = datetime.fromtimestamp(self._progress.clock, UTC).strftime("%Y-%m-%d %H:%M UTC")
        self._status(f"{slot}: {self._done:,} of {self._readings:,} readings acknowledged, {rate:,.0f}/s")
