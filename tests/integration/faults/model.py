"""What the homes of a week generate, from the model alone: no chain, no network, no interruption."""

from collections import Counter

from simulation.homes.calendar import first_midnight, local_offset
from simulation.model.community import Community
from simulation.model.households import draw_households
from simulation.model.state import decode_state
from simulation.settings import HomesSettings


def generation_by_home(settings: HomesSettings) -> Counter[str]:
    """Return every home's generation register after the settings' days, Wh, by the home's name."""
    assert settings.days is not None
    households = draw_households(settings.seed, settings.homes)
    community = Community(
        households,
        seed=settings.seed,
        first=first_midnight(settings),
        interval_seconds=settings.interval_seconds,
        offset_seconds=local_offset(settings),
        state=decode_state(b"", settings.homes),
    )
    try:
        for _ in range(settings.days * 86_400 // settings.interval_seconds):
            community.step()
        return Counter({agent.household.name: agent.meter.generated_wh for agent in community.homes})
    finally:
        community.free()
