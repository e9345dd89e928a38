"""What happens to the homes by itself on a day: sun, weather, loads; the agents only meter and trade it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulation.model.households import Household
from simulation.physics import sun
from simulation.physics.load import HomeLoads
from simulation.physics.noise import Floats
from simulation.physics.weather import MINUTES, Weather

Watts = NDArray[np.int64]
DAY_SECONDS = 60 * MINUTES
_DAYS_KNOWN = 3


class Day(NamedTuple):
    """A local day of all homes; rows are homes, columns minutes.

    Attributes:
        first: unix seconds UTC at which the day begins.
        load_w: power used in the home, W.
        generation_w: power of the inverter, W.
        reactive_var: reactive power drawn from the grid, var.
        air_celsius: air temperature, one row for all.
        sunshine: share of the brightest sun, one row for all.
    """

    first: int
    load_w: Watts
    generation_w: Watts
    reactive_var: Floats
    air_celsius: Floats
    sunshine: Floats


class Nature:
    """The days of a community; the same seed and homes give the same days, in whatever order.

    Args:
        seed: of weather and habits.
        households: the homes.
        offset_seconds: local time less UTC.
    """

    def __init__(self, seed: int, households: Sequence[Household], offset_seconds: int) -> None:
        self._households = tuple(households)
        self._weather = Weather(seed)
        self._loads = HomeLoads(seed)
        self._offset = offset_seconds
        self._known: dict[int, Day] = {}

    def day_at(self, second: int) -> Day:
        """Return the local day in which a second lies, unix seconds UTC."""
        number = (second + self._offset) // DAY_SECONDS
        day = self._known.pop(number, None) or self._make(number)
        # telemetry may look at another day than the agents, one behind or as far ahead as the oracle is away
        self._known[number] = day
        if len(self._known) > _DAYS_KNOWN:
            del self._known[next(iter(self._known))]
        return day

    def _make(self, number: int) -> Day:
        first = number * DAY_SECONDS - self._offset
        weather = self._weather.day(number)
        sky = sun.clear_sky(first, MINUTES)
        count = len(self._households)
        load_w = np.zeros((count, MINUTES), dtype=np.int64)
        generation_w = np.zeros((count, MINUTES), dtype=np.int64)
        reactive_var = np.zeros((count, MINUTES))
        for row, home in enumerate(self._households):
            load = self._loads.day(home.number, home.habits, weather)
            # the breaker would fall above its rating
            load_w[row] = np.rint(np.minimum(load.active_w, home.breaker_w))
            reactive_var[row] = load.reactive_var
            if home.is_producer:
                array = sun.Array(home.panels_w, home.inverter_w, home.tilt_degrees, home.azimuth_degrees)
                index = self._weather.clear_index(weather, home.number)
                generation_w[row] = np.rint(sun.power(array, sky, index, weather.air_celsius))
        sunshine = self._weather.clear_index(weather, -1) * sky.clear_w_per_m2 / 1100
        return Day(first, load_w, generation_w, reactive_var, weather.air_celsius, sunshine)
