"""The replay service: publishes measured homes' readings as fast as the oracle acknowledges them."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from simulation.identities import derive_homes, load_or_create_seed
from simulation.publishing.community import check_interval, wait_for_community
from simulation.publishing.delivery import Delivery
from simulation.publishing.feed import EvenPace, NoCompany, SignedStep
from simulation.publishing.outbox import Outbox
from simulation.publishing.publisher import Publisher
from simulation.replay.measurements import Measurements
from simulation.replay.signing import SignedSteps
from simulation.replay.source import load_source
from simulation.settings import ReplaySettings


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
    measurements = source.measurements
    homes = derive_homes((home.name for home in measurements.homes), load_or_create_seed(settings.key_seed))
    community = await wait_for_community(settings, homes, status)
    check_interval(community, measurements.slot_seconds)
    grace = settings.grace_seconds
    with Outbox(settings.outbox) as outbox:
        steps = SignedSteps(measurements, homes, community.domain, source.opening, outbox.progress)
        await Publisher(
            ReplayFeed(measurements, steps),
            outbox,
            Delivery(community.domain, community.nodes, settings.acks, settings.max_in_flight),
            EvenPace(settings.pace_seconds, time.monotonic),
            NoCompany(),
            broker_url=settings.broker_url,
            grace_seconds=2 * measurements.slot_seconds if grace is None else grace,
            max_in_flight=settings.max_in_flight,
            status=status,
        ).run(ready)


class ReplayFeed:
    """The signed steps of a replay, with words about them."""

    name = "replay"

    def __init__(self, measurements: Measurements, steps: SignedSteps) -> None:
        self.issued = steps.issued
        self.end = measurements.end
        self._readings = measurements.readings
        self._homes = len(measurements.homes)
        self._steps = steps
        self._upcoming: SignedStep | None = next(steps, None)

    def next_end(self) -> int | None:
        """See `Feed`."""
        return self._upcoming.end if self._upcoming else None

    def take(self) -> SignedStep:
        """See `Feed`."""
        step = self._upcoming
        if step is None:
            raise StopIteration
        self._upcoming = next(self._steps, None)
        return step

    def progress_words(self, clock: int, done: int, rate: float) -> str:
        """See `Feed`."""
        slot = datetime.fromtimestamp(clock, UTC).strftime("%Y-%m-%d %H:%M UTC")
        return f"{slot}: {done:,} of {self._readings:,} readings acknowledged, {rate:,.0f}/s"

    def total_words(self) -> str:
        """See `Feed`."""
        return f"{self._readings:,} readings of {self._homes} homes"
