"""What a home uses, minute by minute: habits drawn for every day, appliance by appliance.

Each appliance has a power and a power factor; so active and reactive power come from the same events.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from simulation.physics.noise import Floats, Noise
from simulation.physics.weather import MINUTES, Day

SATURDAY: Final = 5


class Habits(NamedTuple):
    """What there is in a home and how it is used.

    Attributes:
        standby_w: what always runs, besides the fridge.
        people: who lives there.
        fridge_w: compressor of fridge or freezer.
        stove_w: electric stove; 0 where gas or wood cooks.
        geyser_w: electric water heater; 0 for a solar or no geyser.
        pump_w: borehole pump; 0 for council water.
        shop_w: what a shop runs in its opening hours; 0 for a dwelling.
        early_minutes: how much earlier than the others the home gets up and goes to bed.
    """

    standby_w: int
    people: int
    fridge_w: int
    stove_w: int
    geyser_w: int
    pump_w: int
    shop_w: int
    early_minutes: int


class Load(NamedTuple):
    """A day's load, minute by minute.

    Attributes:
        active_w: active power, W.
        reactive_var: reactive power, var; positive is inductive.
    """

    active_w: Floats
    reactive_var: Floats


class _Day:
    """A day under construction: appliances are switched on and off in it."""

    def __init__(self) -> None:
        self.active_w = np.zeros(MINUTES)
        self.reactive_var = np.zeros(MINUTES)

    def run(self, power_w: float, begin: float, minutes: float, power_factor: float = 1.0) -> None:
        """Run an appliance; what lies outside the day is cut off."""
        first, last = max(round(begin), 0), min(round(begin + minutes), MINUTES)
        if power_w > 0 and last > first:
            self.active_w[first:last] += power_w
            self.reactive_var[first:last] += power_w * _tangent(power_factor)

    def add(self, power_w: Floats, power_factor: float) -> None:
        """Add a load that changes every minute."""
        self.active_w += power_w
        self.reactive_var += power_w * _tangent(power_factor)


class HomeLoads:
    """The loads of homes; the same seed gives the same."""

    def __init__(self, seed: int) -> None:
        self._events = Noise(seed, "habits of the day")
        self._flicker = Noise(seed, "loads of the minute")

    def day(self, home: int, habits: Habits, weather: Day) -> Load:
        """Return a home's load on a local day.

        Args:
            home: the home's number.
            habits: what is used there.
            weather: cold days ask for more hot water, hot days for longer fridge cycles.
        """
        chances = iter(self._events.uniforms(64, home, weather.number))
        day = _Day()
        flicker = 0.9 + 0.2 * self._flicker.uniforms(MINUTES, home, weather.number)
        day.add(habits.standby_w * flicker, 0.93)
        _run_fridge(day, habits, weather, next(chances))
        weekend = weather.date.weekday() >= SATURDAY
        if habits.shop_w:
            _run_shop(day, habits, flicker, weather.date.weekday(), next(chances))
        else:
            _live(day, habits, weather, weekend=weekend, chances=chances)
        return Load(day.active_w, day.reactive_var)


def _live(day: _Day, habits: Habits, weather: Day, *, weekend: bool, chances: Iterator[float]) -> None:
    up = 330 - habits.early_minutes + (60 if weekend else 0) + 30 * next(chances)
    supper = 1080 - habits.early_minutes + 60 * next(chances)
    bed = 1310 - habits.early_minutes + 60 * next(chances)
    _light(day, habits, up, bed)
    _heat_water(day, habits, weather, up, supper, next(chances))
    _cook(day, habits, up, supper, weekend=weekend, chances=chances)
    if habits.pump_w:
        day.run(habits.pump_w, up + 60 + 120 * next(chances), 25 + 40 * next(chances), 0.80)
    # washing, ironing, tools: at weekends more
    if next(chances) < (0.7 if weekend else 0.2):
        day.run(900 + 900 * next(chances), 540 + 300 * next(chances), 30 + 60 * next(chances), 0.97)
    for _ in range(habits.people):
        # somebody boils a kettle now and then
        day.run(1800, up + (bed - up) * next(chances), 4)


def _light(day: _Day, habits: Habits, up: float, bed: float) -> None:
    lights, screens = 12 * habits.people + 30, 30 * habits.people + 60
    sunrise, sunset = 345.0, 1085.0
    day.run(lights, up, max(sunrise - up, 0) + 10, 0.92)
    day.run(lights, sunset, bed - sunset, 0.92)
    day.run(screens, 1050, bed - 1050, 0.90)


def _heat_water(day: _Day, habits: Habits, weather: Day, up: float, supper: float, chance: float) -> None:
    # 12 minutes of the element a person at 20 degrees, a minute more for each degree below
    cold = max(20 - float(weather.air_celsius.mean()), -5)
    minutes = habits.people * (12 + cold) * (0.8 + 0.4 * chance)
    day.run(habits.geyser_w, up + 15, 0.6 * minutes)
    day.run(habits.geyser_w, supper + 45, 0.4 * minutes)


def _cook(
    day: _Day, habits: Habits, up: float, supper: float, *, weekend: bool, chances: Iterator[float]
) -> None:
    day.run(0.6 * habits.stove_w, up + 20, 10 + 20 * next(chances))
    if next(chances) < (0.9 if weekend else 0.4):
        day.run(0.7 * habits.stove_w, 720 + 60 * next(chances), 20 + 25 * next(chances))
    day.run(habits.stove_w, supper, 25 + 30 * next(chances))


def _run_fridge(day: _Day, habits: Habits, weather: Day, chance: float) -> None:
    period = 40 + 20 * chance
    duty = np.clip(0.35 + 0.012 * (weather.air_celsius - 20), 0.2, 0.7)
    phase = (np.arange(MINUTES) / period + chance) % 1
    day.add(np.where(phase < duty, float(habits.fridge_w), 0.0), 0.75)


def _run_shop(day: _Day, habits: Habits, flicker: Floats, weekday: int, chance: float) -> None:
    opens, closes = 7.5 * 60 + 20 * chance, (18 if weekday < SATURDAY else 14) * 60.0
    minutes = np.arange(MINUTES)
    is_open = (minutes >= opens) & (minutes < closes)
    day.add(habits.shop_w * flicker * is_open, 0.88)


def _tangent(power_factor: float) -> float:
    return float(np.sqrt(1 - power_factor**2) / power_factor)
