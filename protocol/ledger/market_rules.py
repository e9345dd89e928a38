"""How a deployment's trading and balancing are set up. What is not asked for has a default here."""

from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Final

DAY_SECONDS: Final = 86_400


class Role(IntEnum):
    """What the governor lets an account do, as the Registry numbers it."""

    CLEARING_OPERATOR = 0
    GRID_OPERATOR = 1
    ARBITER = 2


@dataclass(frozen=True, slots=True)
class Corridor:
    """Lowest and highest clearing price, micro-units per kWh."""

    floor: int
    cap: int


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Between the alert values the grid is normal, outside the emergency values in emergency; mHz and dV.

    The defaults are a 50 Hz, 230 V grid's: alert beyond 0.5 Hz or 6 %, emergency beyond 1 Hz or 10 %.
    """

    frequency_emergency_low: int = 49_000
    frequency_alert_low: int = 49_500
    frequency_alert_high: int = 50_500
    frequency_emergency_high: int = 51_000
    voltage_emergency_low: int = 2_070
    voltage_alert_low: int = 2_162
    voltage_alert_high: int = 2_438
    voltage_emergency_high: int = 2_530

    def by_abi_name(self) -> dict[str, int]:
        """Return the values by their names in the ABI."""
        return {_camel_case(each.name): getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True)
class MarketRules:
    """How trading and balancing are set up; money in micro-units of the settlement currency.

    Attributes:
        notice_seconds: until a withdrawal is paid and a cancellation counts; fixed at deployment.
        complaint_seconds: how long a clearing can be complained about; fixed at deployment. None: a day, or
            half a ring where that is shorter.
        penalty_micro: what a proven complaint takes from an operator's bond; fixed at deployment.
        fee_recipient: 20-byte address; None for who governs in the end.
        fee_bps: what sellers pay, basis points of their proceeds.
        corridor: clearing prices on the grid.
        island_corridor: clearing prices of an islanded community.
        max_imbalance_price: bounds what can be settled, micro-units per kWh.
        thresholds: what tells a normal grid from an alert and an emergency.
        silent_intervals: how many intervals without a report stop clearing; fixed at deployment.
    """

    notice_seconds: int = 0
    complaint_seconds: int | None = None
    penalty_micro: int = 10_000_000
    fee_recipient: bytes | None = None
    fee_bps: int = 0
    corridor: Corridor = Corridor(0, 1_000_000)
    island_corridor: Corridor = Corridor(0, 1_000_000)
    max_imbalance_price: int = 1_000_000
    thresholds: Thresholds = field(default_factory=Thresholds)
    silent_intervals: int = 4

    def complaint_seconds_of(self, ring_size: int, interval_seconds: int) -> int:
        """Return the seconds in which a clearing can be complained about."""
        if self.complaint_seconds is not None:
            return self.complaint_seconds
        return min(DAY_SECONDS, ring_size // 2 * interval_seconds)


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
