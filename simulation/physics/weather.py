"""Clouds and air temperature in Harare, day by day, every day from the seed alone.

Clouds are told by the clear-sky index: global horizontal irradiance over that of a clear sky. Its month means
and its spread follow a typical year of Harare: cloudy and variable from November to March, clear in the dry
season. It is a logistic function of a normal number, so it stays within its bounds without a bias; the number
is the sum of one for the day, correlated from day to day, one for the quarter hour, correlated within the
day, one for the minute, and one for the site.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from typing import Final, NamedTuple

import numpy as np

from simulation.physics.noise import Floats, Noise

MINUTES: Final = 1440
EPOCH: Final = date(1970, 1, 1)
CLEAR_INDEX_MEANS: Final = (
    0.635, 0.652, 0.751, 0.792, 0.835, 0.858, 0.904, 0.867, 0.904, 0.819, 0.770, 0.628,
)  # fmt: skip
"""Mean clear-sky index of Harare from January to December."""
TEMPERATURE_MEANS: Final = (20.8, 20.6, 20.0, 18.7, 16.4, 14.4, 14.3, 16.8, 20.0, 21.8, 21.7, 21.0)
"""Mean air temperature of Harare from January to December, degrees Celsius."""
_LOWEST_INDEX: Final = 0.08
_HIGHEST_INDEX: Final = 1.04
_SPREAD: Final = 1.15
_DAY_SHARE, _QUARTER_SHARE, _MINUTE_SHARE, _SITE_SHARE = 0.48, 0.30, 0.14, 0.08
_DAY_CORRELATION: Final = 0.68
_QUARTER_CORRELATION: Final = 0.92
_MINUTE_CORRELATION: Final = 0.75
_WARMEST_HOUR: Final = 14.5


class Day(NamedTuple):
    """One local day's weather, minute by minute.

    Attributes:
        number: local days since 1970-01-01.
        cloud: the part of the normal number behind the clear-sky index that all sites share.
        centre: where the logistic function has to be evaluated to meet the month's mean.
        air_celsius: air temperature.
    """

    number: int
    cloud: Floats
    centre: float
    air_celsius: Floats

    @property
    def date(self) -> date:
        """The local date."""
        return EPOCH + timedelta(days=self.number)


class Weather:
    """The weather of a place in the climate of Harare; the same seed gives the same weather."""

    def __init__(self, seed: int) -> None:
        self._days = Noise(seed, "clouds of the day")
        self._quarters = Noise(seed, "clouds of the quarter hour")
        self._minutes = Noise(seed, "clouds of the minute")
        self._sites = Noise(seed, "clouds of the site")
        self._warmth = Noise(seed, "warmth of the day")

    def day(self, number: int) -> Day:
        """Return the weather of a local day, counted from 1970-01-01."""
        day_part = _smoothed(self._days, _DAY_CORRELATION, number)
        cloud = (
            np.sqrt(_DAY_SHARE) * day_part
            + np.sqrt(_QUARTER_SHARE) * _quarter_hours(self._quarters, number)
            + np.sqrt(_MINUTE_SHARE)
            * _correlated(self._minutes.normals(MINUTES, number), _MINUTE_CORRELATION)
        )
        when = EPOCH + timedelta(days=number)
        clear = _seasonal(CLEAR_INDEX_MEANS, when)
        mean = _seasonal(TEMPERATURE_MEANS, when) + 1.6 * _smoothed(self._warmth, _DAY_CORRELATION, number)
        # a clear sky lets days grow hot and nights grow cold
        swing = 3.2 + 4.6 * _logistic(_centre(clear) + _SPREAD * day_part)
        hours = (np.arange(MINUTES) + 0.5) / 60
        air = mean + swing * np.cos(2 * np.pi * (hours - _WARMEST_HOUR) / 24)
        return Day(number, cloud, _centre(clear), air)

    def clear_index(self, day: Day, site: int) -> Floats:
        """Return the clear-sky index at a site, minute by minute; sites differ by a cloud here and there."""
        own = _quarter_hours(self._sites, day.number, site)
        level = day.centre + _SPREAD * (day.cloud + np.sqrt(_SITE_SHARE) * own)
        index = _LOWEST_INDEX + (_HIGHEST_INDEX - _LOWEST_INDEX) / (1 + np.exp(-level))
        return np.asarray(index, dtype=np.float64)


def _smoothed(noise: Noise, correlation: float, number: int) -> float:
    """Return a standard normal number that is correlated with those of the days before (a moving average)."""
    length = 24
    weights = correlation ** np.arange(length)
    values = [float(noise.normals(1, number - back)[0]) for back in range(length)]
    return float(np.dot(weights, values) / np.sqrt(np.dot(weights, weights)))


def _quarter_hours(noise: Noise, *address: int) -> Floats:
    """Return a slowly moving standard normal number for every minute of a day."""
    nodes = _correlated(noise.normals(MINUTES // 15 + 1, *address), _QUARTER_CORRELATION)
    return np.asarray(np.interp(np.arange(MINUTES), np.arange(0, MINUTES + 1, 15), nodes))


def _correlated(innovations: Floats, correlation: float) -> Floats:
    """Return a stationary first-order autoregressive series of unit variance."""
    from scipy.signal import lfilter

    scale = np.sqrt(1 - correlation**2)
    scaled = innovations * scale
    scaled[0] = innovations[0]
    return np.asarray(lfilter([1.0], [1.0, -correlation], scaled), dtype=np.float64)


def _seasonal(months: Sequence[float], when: date) -> float:
    """Return the value of a day between the middles of the months."""
    position = (when.month - 1) + (when.day - 15.5) / 30.4
    before = int(np.floor(position))
    share = position - before
    return float(months[before % 12] * (1 - share) + months[(before + 1) % 12] * share)


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))


@cache
def _centre(mean: float) -> float:
    """Return the centre at which the index, averaged over the normal number, has this mean (bisection)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(32)
    weights = weights / weights.sum()
    wanted = (mean - _LOWEST_INDEX) / (_HIGHEST_INDEX - _LOWEST_INDEX)
    low, high = -8.0, 8.0
    for _ in range(50):
        middle = (low + high) / 2
        if float(np.dot(weights, 1 / (1 + np.exp(-(middle + _SPREAD * nodes))))) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2
