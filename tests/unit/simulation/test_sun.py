"""Sun and clouds against what is published of Harare: clear sky, monthly yield, day-to-day weather."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest

from simulation.physics import sun
from simulation.physics.weather import CLEAR_INDEX_MEANS, EPOCH, MINUTES, Weather

OFFSET = 7200
PANELS = sun.Array(1000, 1000, 18.0, 0.0)
STEP = 15


def day_number(when: date) -> int:
    return (when - EPOCH).days


@pytest.mark.parametrize(
    ("when", "kwh_per_m2"), [(date(2025, 9, 15), 7.03), (date(2025, 6, 15), 5.19), (date(2025, 12, 15), 8.37)]
)
def test_the_clear_sky_is_that_of_harare(when: date, kwh_per_m2: float):
    sky = sun.clear_sky(day_number(when) * 86_400 - OFFSET, MINUTES)
    assert sky.clear_w_per_m2.sum() / 60_000 == pytest.approx(kwh_per_m2, rel=0.02)
    brightest = int(sky.clear_w_per_m2.argmax()) / 60
    assert 11.4 < brightest < 12.5


def days(years: int) -> Iterator[tuple[date, float, np.ndarray]]:
    """Yield date, yield in kWh a rated kW, and the minutes' clear-sky index."""
    weather = Weather(20251103)
    first, count = day_number(date(2023, 1, 1)), 365 * years
    whole = sun.clear_sky(first * 86_400 - OFFSET, count * MINUTES // STEP, 60 * STEP)
    for number in range(count):
        day = weather.day(first + number)
        index = weather.clear_index(day, 0)
        part = slice(number * MINUTES // STEP, (number + 1) * MINUTES // STEP)
        sky = sun.Sky(*(values[part] for values in whole))
        coarse, air = (values.reshape(-1, STEP).mean(axis=1) for values in (index, day.air_celsius))
        yield day.date, sun.power(PANELS, sky, coarse, air).sum() * STEP / 60_000, index


def test_yield_and_clouds_are_those_of_a_year_in_harare():
    yields: dict[int, list[float]] = {month: [] for month in range(1, 13)}
    indices: dict[int, list[float]] = {month: [] for month in range(1, 13)}
    for when, energy, index in days(3):
        yields[when.month].append(energy)
        indices[when.month].append(float(index[6 * 60 : 18 * 60].mean()))
    monthly = [float(np.mean(values)) for values in yields.values()]
    # published: 4.0 in January and December to 5.35 in September, 1,660 a year
    assert all(3.75 < value < 5.6 for value in monthly)
    assert min(monthly) in (monthly[0], monthly[1], monthly[11])
    assert max(monthly) in (monthly[8], monthly[9])
    assert sum(monthly) / 12 * 365 == pytest.approx(1660, rel=0.03)
    for measured, published in zip(indices.values(), CLEAR_INDEX_MEANS, strict=True):
        assert float(np.mean(measured)) == pytest.approx(published, abs=0.08)
    daily = np.array([value for values in indices.values() for value in values])
    assert 0.13 < daily.std() < 0.20


def test_a_cloudy_day_is_likely_to_follow_a_cloudy_day():
    weather = Weather(3)
    first = day_number(date(2025, 1, 1))
    clouds = np.array([weather.day(number).cloud.mean() for number in range(first, first + 300)])
    assert 0.45 < np.corrcoef(clouds[:-1], clouds[1:])[0, 1] < 0.8


def test_sites_share_the_weather_and_differ_by_a_cloud():
    weather = Weather(3)
    day = weather.day(day_number(date(2025, 1, 15)))
    here, there = weather.clear_index(day, 1), weather.clear_index(day, 2)
    assert not np.array_equal(here, there)
    assert np.corrcoef(here, there)[0, 1] > 0.6


def test_the_air_is_coldest_before_sunrise_and_july_is_colder_than_november():
    weather = Weather(3)
    july, november = (weather.day(day_number(date(2025, month, 15))).air_celsius for month in (7, 11))
    assert july.mean() < november.mean()
    for air in (july, november):
        assert 0 < int(air.argmin()) / 60 < 6
        assert 12 < int(air.argmax()) / 60 < 17
        assert -3 < air.min() < air.max() < 38


def test_the_inverter_limits_and_the_night_is_dark():
    sky = sun.clear_sky(day_number(date(2025, 11, 3)) * 86_400 - OFFSET, MINUTES)
    clear, air = np.ones(MINUTES), np.full(MINUTES, 25.0)
    power = sun.power(sun.Array(2000, 1200, 18.0, 0.0), sky, clear, air)
    assert power.max() == 1200
    assert not power[: 5 * 60].any()
    assert not power[19 * 60 :].any()
    midnight = sun.clear_sky(day_number(date(2025, 11, 3)) * 86_400 + 20 * 3600, 60)
    assert not sun.power(PANELS, midnight, clear[:60], air[:60]).any()
