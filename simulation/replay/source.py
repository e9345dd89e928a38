"""From settings to the data a replay runs on, and to what provisioning registers for it."""

from typing import NamedTuple

from protocol.eip712 import Domain
from simulation.day import DAY_ZONE, built_in_day
from simulation.identities import HomeRegistration, derive_homes, load_or_create_seed
from simulation.replay.local_time import find_zone, unix_seconds
from simulation.replay.measurements import Measurements, read_measurements
from simulation.replay.registers import Registers
from simulation.replay.registrations import registrations
from simulation.replay.selection import select_time, tile
from simulation.settings import ReplaySettings


class Source(NamedTuple):
    """The data of a replay.

    Attributes:
        measurements: the slots to be replayed.
        whole: the same homes over the whole data, which tell the capacities.
        opening: the registers before the first slot.
        simulated: True if nobody measured the data.
    """

    measurements: Measurements
    whole: Measurements
    opening: Registers
    simulated: bool


def load_source(settings: ReplaySettings) -> Source:
    """Read the data that the settings choose.

    Raises:
        MeasurementError: the file or the choice is wrong.
    """
    zone = find_zone(settings.zone if settings.file else DAY_ZONE)
    start_at = unix_seconds(settings.start_at, zone) if settings.start_at else None
    if settings.file is None:
        whole = built_in_day()
    else:
        whole = read_measurements(
            settings.file, settings.zone, slot_seconds=settings.slot_seconds, allow_gaps=settings.allow_gaps
        )
    if settings.homes is not None:
        whole = tile(whole, settings.homes)
    return Source(
        measurements=select_time(whole, start_at=start_at, days=settings.days),
        whole=whole,
        opening=Registers(
            settings.opening_import_wh, settings.opening_export_wh, settings.opening_generated_wh
        ),
        simulated=settings.file is None if settings.simulated is None else settings.simulated,
    )


def home_registrations(settings: ReplaySettings, source: Source, domain: Domain) -> list[HomeRegistration]:
    """Return what provisioning registers and enrols for a replay, home by home.

    Makes the seed of the homes' keys in the data directory at the first call.

    Args:
        settings: the replay's settings.
        source: what `load_source` returned for them.
        domain: EIP-712 domain of the Registry.

    Raises:
        SeedError: the seed file cannot be used.
    """
    homes = derive_homes(
        (home.name for home in source.measurements.homes), load_or_create_seed(settings.key_seed)
    )
    return registrations(
        source.measurements,
        homes,
        domain,
        rated_by=source.whole,
        simulated=source.simulated,
        opening=source.opening,
    )
