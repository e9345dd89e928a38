"""What the meters show at one moment of a day: power, voltage, frequency, power factor, temperature."""

from protocol.telemetry import MeterState
from simulation.model.nature import Day
from simulation.physics.network import frequency, power_factor, voltages
from simulation.physics.noise import Noise

_SELF_HEATING_CELSIUS = 2.5
_SUN_ON_THE_BOX_CELSIUS = 9.0
_HEAT_CELSIUS_PER_KW = 0.4


def meter_states(day: Day, second: int, wandering: Noise) -> list[MeterState]:
    """Return every home's state, by number.

    Args:
        day: the day in which the moment lies, or that ends with it.
        second: the moment, unix seconds UTC.
        wandering: of the grid's frequency.
    """
    minute = (second - 1 - day.first) // 60
    draw_w = day.draw_w(minute)
    reactive_var = day.reactive_var[:, minute]
    volts = voltages(draw_w.astype(float), reactive_var)
    hertz = frequency(wandering, second, draw_w.astype(float))
    sun_on_box = _SUN_ON_THE_BOX_CELSIUS * float(day.sunshine[minute])
    box = float(day.air_celsius[minute]) + _SELF_HEATING_CELSIUS + sun_on_box
    return [
        MeterState(
            time=second,
            power_w=int(power),
            generation_w=int(day.generation_w[home, minute]),
            voltage_decivolt=round(10 * float(volts[home])),
            frequency_millihertz=round(1000 * hertz),
            power_factor_permille=round(1000 * power_factor(float(power), float(reactive_var[home]))),
            temperature_decicelsius=round(10 * (box + _HEAT_CELSIUS_PER_KW * abs(float(power)) / 1000)),
        )
        for home, power in enumerate(draw_w)
    ]
