"""Energy times tariff in whole micro-units, with what is cut off named. Pure."""

from dataclasses import dataclass

_WH_PER_KWH = 1000


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of money.

    Attributes:
        micro: millionths of the currency.
        remainder: thousandths of a micro-unit beyond them, so that sums of many amounts lose nothing:
            micro * 1000 + remainder is exactly energy in Wh times the tariff in micro-units per kWh.
    """

    micro: int = 0
    remainder: int = 0

    def __add__(self, other: "Money") -> "Money":
        return Money(self.micro + other.micro, self.remainder + other.remainder)


def worth(energy_wh: int, micro_per_kwh: int) -> Money:
    """Return what energy is worth at a tariff, floored to micro-units."""
    return Money(*divmod(energy_wh * micro_per_kwh, _WH_PER_KWH))


def permille(part: int, whole: int) -> int | None:
    """Return the share of `part` in `whole`, floored; None where the whole is nothing."""
    return part * 1000 // whole if whole else None
