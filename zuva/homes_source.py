"""Where the community's homes come from: simulated ones that live on, or a replay of measured ones."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from protocol.eip712 import Domain
from simulation.homes.calendar import default_start, first_midnight
from simulation.settings import HomesSettings, ReplaySettings
from zuva.community_settings import CommunitySettings
from zuva.running import build_settings

if TYPE_CHECKING:
    from simulation.identities import HomeRegistration


@dataclass(frozen=True)
class Choice:
    """What a user asks of the homes on the command line; None leaves it to the settings.

    Attributes:
        homes: how many.
        days: for how many days.
        start: local date or time of the beginning.
        pace: community seconds per second of this machine; 0 for as fast as possible.
        zone: time zone of the homes, and of the page's days.
    """

    homes: int | None = None
    days: int | None = None
    start: str | None = None
    pace: float | None = None
    zone: str | None = None


@dataclass(frozen=True)
class HomesSource:
    """The homes that run.

    Attributes:
        service: the service that publishes their readings.
        interval_seconds: how often they are read.
        begins: unix seconds of the first interval's begin.
        grace_seconds: between an interval's end and its report, community time.
        ends: whether the service ends by itself.
        fixed: variables of what must not change once the community has begun.
        registrations: what provisioning registers, for the Registry's domain.
    """

    service: Literal["homes", "replay"]
    interval_seconds: int
    begins: int
    grace_seconds: int
    ends: bool
    fixed: Mapping[str, str]
    registrations: "Callable[[Domain], list[HomeRegistration]]"


def service_name() -> Literal["homes", "replay"]:
    """Return which service is chosen: the one that is set, else a replay if a file of homes is named."""
    set_one = build_settings(CommunitySettings).source
    return set_one or ("replay" if "ZUVA_REPLAY_FILE" in os.environ else "homes")


def put(choice: Choice) -> None:
    """Put what was asked on the command line, and a new community's start, into the environment."""
    name = service_name()
    prefix = f"ZUVA_{name.upper()}_"
    asked: dict[str, str | float | None] = {
        f"{prefix}HOMES": choice.homes,
        f"{prefix}DAYS": choice.days,
        f"{prefix}ZONE": choice.zone,
        f"{prefix}START" if name == "homes" else f"{prefix}START_AT": choice.start,
    }
    if name == "homes":
        asked[f"{prefix}PACE"] = choice.pace
    os.environ.update({variable: str(value) for variable, value in asked.items() if value is not None})
    if choice.zone is not None:
        os.environ.setdefault("ZUVA_API_ZONE", choice.zone)
    if name == "homes":
        settings = build_settings(HomesSettings)
        if settings.start is None:
            os.environ["ZUVA_HOMES_START"] = default_start(settings.zone, time.time(), settings.days)
        os.environ.setdefault("ZUVA_API_ZONE", settings.zone)
    elif choice.pace is not None:
        seconds = chosen().interval_seconds / choice.pace if choice.pace else 0
        os.environ["ZUVA_REPLAY_PACE_SECONDS"] = str(seconds)


def chosen() -> HomesSource:
    """Return the homes that the environment chooses.

    Raises:
        MeasurementError: The data to be replayed, or the homes' start or zone, do not fit.
        ConfigurationError: A setting is wrong.
    """
    return _simulated() if service_name() == "homes" else _replayed()


def _simulated() -> HomesSource:
    from simulation.homes.registrations import homes_registrations

    settings = build_settings(HomesSettings)
    begins = first_midnight(settings)
    fixed = {
        "ZUVA_HOMES_START": str(settings.start),
        "ZUVA_HOMES_HOMES": str(settings.homes),
        "ZUVA_HOMES_SEED": str(settings.seed),
        "ZUVA_HOMES_ZONE": settings.zone,
        "ZUVA_HOMES_INTERVAL_SECONDS": str(settings.interval_seconds),
        "ZUVA_HOMES_GRACE_SECONDS": str(settings.grace_seconds),
    }
    return HomesSource(
        "homes",
        settings.interval_seconds,
        begins,
        settings.grace_seconds,
        settings.days is not None,
        fixed,
        partial(homes_registrations, settings),
    )


def _replayed() -> HomesSource:
    from simulation.replay.source import home_registrations, load_source

    settings = build_settings(ReplaySettings)
    source = load_source(settings)
    slot = source.measurements.slot_seconds
    grace = 2 * slot if settings.grace_seconds is None else settings.grace_seconds
    return HomesSource(
        "replay", slot, source.whole.start, grace, True, {}, partial(home_registrations, settings, source)
    )
