"""What the community registers of measured homes, with capacities taken from the data."""

from collections.abc import Iterable
from typing import Final

from protocol.eip712 import Domain
from protocol.registration import Category, Kind, MeterAttributes, Registration, Source
from simulation.identities import FEEDER, REGISTRATION_NONCE, Home, HomeRegistration
from simulation.replay.measurements import HomeSeries, Measurements
from simulation.replay.registers import ZERO, Registers

_HEADROOM_PERCENT: Final = 125
_CAPACITY_STEP_W: Final = 100


def registrations(
    measurements: Measurements,
    homes: Iterable[Home],
    domain: Domain,
    *,
    rated_by: Measurements,
    simulated: bool,
    opening: Registers = ZERO,
) -> list[HomeRegistration]:
    """Return every home's device-signed registration, with capacities taken from the data.

    Opening registers are stated at the start of the whole data, so that a home that begins later is also
    registered before the community's clock starts.

    Args:
        measurements: the data to be replayed.
        homes: the identities, in the order of `measurements.homes`.
        domain: EIP-712 domain of the Registry.
        rated_by: data with the same homes whose peaks tell the capacities; the whole data, so that a longer
            part of them can be replayed later.
        simulated: True if the data were not measured; such meters mint only simulated certificates.
        opening: what the registers show at the start.
    """
    rated = {series.name: series for series in rated_by.homes}
    result = []
    for series, home in zip(measurements.homes, homes, strict=True):
        registration = Registration(
            home.meter_id, home.wallet.address, REGISTRATION_NONCE, measurements.start, *opening
        )
        attributes = _attributes(rated[series.name], measurements.slot_seconds, simulated=simulated)
        result.append(HomeRegistration(home, registration, attributes, registration.sign(home.key, domain)))
    return result


def _attributes(series: HomeSeries, slot_seconds: int, *, simulated: bool) -> MeterAttributes:
    generated = max(slot.pv_wh for slot in series.slots)
    exchanged = max(abs(slot.load_wh - slot.pv_wh) for slot in series.slots)
    return MeterAttributes(
        kind=Kind.GENERATION,
        source=Source.SOLAR,
        category=Category.RESIDENTIAL,
        generation_capacity_w=_capacity(generated, slot_seconds),
        connection_capacity_w=_capacity(exchanged, slot_seconds),
        feeder=FEEDER,
        simulated=simulated,
    )


def _capacity(peak_wh: int, slot_seconds: int) -> int:
    """Return the peak power with head-room, rounded up to whole steps; one step for a home without any."""
    watts = peak_wh * 3600 * _HEADROOM_PERCENT
    step = slot_seconds * 100 * _CAPACITY_STEP_W
    return max(-(-watts // step), 1) * _CAPACITY_STEP_W
