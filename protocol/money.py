"""Energy valued at a price, rounded against whoever it moves money for, as the contracts round.

Money is integer micro-units of the settlement currency, a price micro-units per kWh, energy Wh.
"""

from typing import Final

WH_PER_KWH: Final = 1000
WHOLE_BPS: Final = 10_000


def cost_up(wh: int, price_micro_per_kwh: int) -> int:
    """Return what `wh` cost who pays for them: rounded up to a whole micro-unit."""
    return -(-wh * price_micro_per_kwh // WH_PER_KWH)


def proceeds_down(wh: int, price_micro_per_kwh: int) -> int:
    """Return what `wh` bring who is paid for them: rounded down to a whole micro-unit."""
    return wh * price_micro_per_kwh // WH_PER_KWH


def fee_up(micro: int, basis_points: int) -> int:
    """Return the fee on an amount, rounded up."""
    return -(-micro * basis_points // WHOLE_BPS)
