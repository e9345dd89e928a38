"""Voltage, frequency, power factor: what a meter sees of the grid beside its power.

Low voltage is a radial model: every twenty homes share a transformer, its homes take turns on three phases,
and each phase is a line of equal spans. A span's drop is `2 (R P + X Q) / V` with the power of all homes
behind it (there and back on one phase), linearised at the nominal voltage. Frequency falls with what the
community draws, as all of the country cooks at the same time, and wanders a little by itself.
"""

from typing import Final

import numpy as np

from simulation.physics.noise import Floats, Noise

NOMINAL_V: Final = 230.0
NOMINAL_HZ: Final = 50.0
HOMES_PER_TRANSFORMER: Final = 20
PHASES: Final = 3
SOURCE_V: Final = 234.0
_SPAN_OHM: Final = 0.32 * 0.035
_SPAN_REACTANCE_OHM: Final = 0.08 * 0.035
_TRANSFORMER_OHM: Final = 0.012
_TRANSFORMER_REACTANCE_OHM: Final = 0.03
_DROOP_HZ_PER_W: Final = 0.12 / 4000
_TYPICAL_DRAW_W: Final = 500.0


def voltages(active_w: Floats, reactive_var: Floats, source_v: float = SOURCE_V) -> Floats:
    """Return the voltage at every home's meter, V.

    Args:
        active_w: what each home draws from the grid, W; negative where it feeds in.
        reactive_var: what each home draws, var.
        source_v: voltage at the transformers without a load.
    """
    result = np.empty(len(active_w))
    for first in range(0, len(active_w), HOMES_PER_TRANSFORMER):
        last = min(first + HOMES_PER_TRANSFORMER, len(active_w))
        for phase in range(first, min(first + PHASES, last)):
            line = slice(phase, last, PHASES)
            result[line] = source_v - _drop(active_w[line], reactive_var[line])
    return result


def _drop(active_w: Floats, reactive_var: Floats) -> Floats:
    behind_w = np.cumsum(active_w[::-1])[::-1]
    behind_var = np.cumsum(reactive_var[::-1])[::-1]
    at_source = (_TRANSFORMER_OHM * behind_w[0] + _TRANSFORMER_REACTANCE_OHM * behind_var[0]) / NOMINAL_V
    spans = 2 * (_SPAN_OHM * behind_w + _SPAN_REACTANCE_OHM * behind_var) / NOMINAL_V
    return np.asarray(at_source + np.cumsum(spans), dtype=np.float64)


def wandering(noise: Noise, second: int) -> float:
    """Return a standard normal number that wanders from one to another within 20 s."""
    node, part = divmod(second, 20)
    before, after = (float(noise.normals(1, n)[0]) for n in (node, node + 1))
    return before + (after - before) * part / 20


def frequency(noise: Noise, second: int, active_w: Floats) -> float:
    """Return the grid's frequency, Hz, from what the homes draw and a wandering of its own."""
    draw = float(active_w.mean()) - _TYPICAL_DRAW_W
    by_itself = 0.015 * wandering(noise, second)
    return NOMINAL_HZ - min(max(_DROOP_HZ_PER_W * draw, -0.15), 0.15) + min(max(by_itself, -0.05), 0.05)


def source_voltage(noise: Noise, second: int) -> float:
    """Return the voltage that the utility gives the transformers, V; within 2 V of what it should be."""
    return SOURCE_V + min(max(0.5 * wandering(noise, second), -2.0), 2.0)


def power_factor(active_w: float, reactive_var: float) -> float:
    """Return the power factor, signed as the active power; 1 where nothing flows."""
    apparent = float(np.hypot(active_w, reactive_var))
    return active_w / apparent if apparent >= 1 else 1.0
