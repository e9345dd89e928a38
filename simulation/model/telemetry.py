"""What the meters show at one moment of a day: power, voltage, frequency, power factor, temperature."""

import math
from collections.abc import Sequence

import numpy as np

from protocol.telemetry import MeterState
from simulation.model.nature import Day, Watts
from simulation.physics.network import frequency, power_factor, source_voltage, voltages
from simulation.physics.noise import Floats, Noise

_SELF_HEATING_CELSIUS = 2.5
_SUN_ON_THE_BOX_CELSIUS = 9.0
_HEAT_CELSIUS_PER_KW = 0.4
_LOAD_WAVERS = 0.02
_GENERATION_WAVERS = 0.01
_MOST = 2.5


class Wavering:
    """What changes from second to second; it is addressed by the second, so nothing is remembered.

    Args:
        seed: of weather and habits.
    """

    def __init__(self, seed: int) -> None:
        self._load = Noise(seed, "load within a minute")
        self._generation = Noise(seed, "generation within a minute")
        self.frequency = Noise(seed, "frequency of the grid")
        self.voltage = Noise(seed, "voltage of the grid")

    def load_w(self, day: Day, second: int) -> Watts:
        """Return every home's load at a second, W: what runs takes a little more or less."""
        minute, part = _minute_of(day, second)
        return _wavering(day.load_w[:, minute].astype(float), self._load, _LOAD_WAVERS, second, part)

    def generation_w(self, day: Day, second: int) -> Watts:
        """Return every home's generation at a second, W: on its way to the next minute's, with flicker.

        It stays within what the panels make in the two minutes, so within the capacity as well.
        """
        minute, part = _minute_of(day, second)
        before = day.generation_w[:, max(0, minute - 1)].astype(float)
        after = day.generation_w[:, minute].astype(float)
        on_its_way = before + (after - before) * part
        flickering = _wavering(on_its_way, self._generation, _GENERATION_WAVERS, second, part)
        return np.asarray(np.minimum(flickering, np.maximum(before, after).astype(np.int64)))


def _minute_of(day: Day, second: int) -> tuple[int, float]:
    """Return the minute of the day that ends at or after a second, and how much of it is over then."""
    minute, passed = divmod(second - 1 - day.first, 60)
    return minute, (passed + 1) / 60


def _wavering(watts: Floats, noise: Noise, share: float, second: int, part: float) -> Watts:
    """Return power that differs by some share, less and less so towards the minute's end."""
    normals = np.clip(noise.normals(len(watts), second), -_MOST, _MOST)
    return np.rint(watts * (1 + share * math.sin(math.pi * part) * normals)).astype(np.int64)


def meter_states(day: Day, second: int, homes: Sequence[int], wavering: Wavering) -> list[MeterState]:
    """Return the states of some homes.

    Args:
        day: the day in which the moment lies, or that ends with it.
        second: the moment, unix seconds UTC.
        homes: whose, by number.
        wavering: of what the day knows by the minute only.
    """
    minute, _ = _minute_of(day, second)
    generation_w = wavering.generation_w(day, second)
    draw_w = wavering.load_w(day, second) - generation_w
    reactive_var = day.reactive_var[:, minute]
    volts = voltages(draw_w.astype(float), reactive_var, source_voltage(wavering.voltage, second))
    hertz = frequency(wavering.frequency, second, draw_w.astype(float))
    sun_on_box = _SUN_ON_THE_BOX_CELSIUS * float(day.sunshine[minute])
    box = float(day.air_celsius[minute]) + _SELF_HEATING_CELSIUS + sun_on_box

    def state(home: int) -> MeterState:
        power = int(draw_w[home])
        return MeterState(
            time=second,
            power_w=power,
            generation_w=int(generation_w[home]),
            voltage_decivolt=round(10 * float(volts[home])),
            frequency_millihertz=round(1000 * hertz),
            power_factor_permille=round(1000 * power_factor(float(power), float(reactive_var[home]))),
            temperature_decicelsius=round(10 * (box + _HEAT_CELSIUS_PER_KW * abs(float(power)) / 1000)),
        )

    return [state(home) for home in homes]
