"""The homes' service: a community of simulated homes that catches up with the present and goes on with it."""

import logging
from collections.abc import Callable

from simulation.homes.feed import HomesFeed
from simulation.homes.telemetry import Telemetry
from simulation.homes.timetable import CatchingUp
from simulation.identities import derive_homes, load_or_create_seed
from simulation.model.households import draw_households
from simulation.publishing.community import check_interval, wait_for_community
from simulation.publishing.delivery import Delivery
from simulation.publishing.outbox import Outbox
from simulation.publishing.publisher import Publisher
from simulation.settings import HomesSettings


async def serve(settings: HomesSettings, *, ready: Callable[[], None], status: Callable[[str], None]) -> None:
    """Run the homes: for ever, or for the days that the settings say and until all is acknowledged.

    Args:
        settings: which homes, and from when.
        ready: called once the broker is reached.
        status: told in words what the homes do.

    Raises:
        ConfigurationError: settings, keys, outbox or deployment do not fit; with the mend.
    """
    # Mesa says every step and agent at info
    logging.getLogger("MESA").setLevel(logging.WARNING)
    households = draw_households(settings.seed, settings.homes)
    homes = derive_homes((one.name for one in households), load_or_create_seed(settings.key_seed))
    community = await wait_for_community(settings, homes, status)
    check_interval(community, settings.interval_seconds)
    with Outbox(settings.outbox) as outbox:
        progress = outbox.progress
        feed = HomesFeed(settings, households, homes, community.domain, progress)
        try:
            await Publisher(
                feed,
                outbox,
                Delivery(community.domain, community.nodes, settings.acks, settings.max_in_flight),
                CatchingUp(max(feed.community.next_begin, progress.clock), settings.pace),
                Telemetry(homes, feed.community.observe, settings.state_seconds),
                broker_url=settings.broker_url,
                grace_seconds=settings.grace_seconds,
                max_in_flight=settings.max_in_flight,
                status=status,
            ).run(ready)
        finally:
            feed.community.free()
