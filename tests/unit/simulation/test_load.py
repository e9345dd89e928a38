"""Loads and what the wires make of them: plausible energies, power factors, voltages, frequencies."""

from datetime import date

import numpy as np
import pytest

from simulation.model.households import draw_households
from simulation.physics.load import HomeLoads
from simulation.physics.network import frequency, power_factor, voltages
from simulation.physics.noise import Noise
from simulation.physics.weather import EPOCH, Weather

TUESDAY = (date(2025, 11, 4) - EPOCH).days
HOMES = draw_households(20251103, 40)


def loads(number: int = TUESDAY) -> list:
    day = Weather(1).day(number)
    source = HomeLoads(1)
    return [source.day(home.number, home.habits, day) for home in HOMES]


def test_a_home_uses_some_kilowatt_hours_a_day_and_always_something():
    for home, load in zip(HOMES, loads(), strict=True):
        energy = load.active_w.sum() / 60_000
        assert (10 < energy < 45) if home.habits.shop_w else (2 < energy < 25)
        assert load.active_w.min() > 0
        assert (load.reactive_var >= 0).all()
        # on a whole day, what homes draw has a power factor as homes have it
        assert 0.8 < power_factor(load.active_w.sum(), load.reactive_var.sum()) < 1


def test_the_evening_is_the_peak_and_the_small_hours_are_quiet():
    together = sum(load.active_w for home, load in zip(HOMES, loads(), strict=True) if not home.habits.shop_w)
    hours = together.reshape(24, 60).mean(axis=1)
    assert hours.argmax() in (17, 18, 19)
    assert hours[1:4].max() < 0.5 * hours.max()


def test_days_and_homes_differ_and_repeat_exactly():
    assert np.array_equal(loads()[3].active_w, loads()[3].active_w)
    assert not np.array_equal(loads()[3].active_w, loads(TUESDAY + 1)[3].active_w)
    assert not np.array_equal(loads()[3].active_w, loads()[4].active_w)


def test_shops_are_open_when_dwellings_are_out():
    shop = next(index for index, home in enumerate(HOMES) if home.habits.shop_w)
    hours = loads()[shop].active_w.reshape(24, 60).mean(axis=1)
    assert hours[9:17].min() > hours[:6].max() + 0.5 * HOMES[shop].habits.shop_w


def test_voltage_falls_along_the_line_under_load_and_rises_with_sun():
    idle = voltages(np.zeros(20), np.zeros(20))
    loaded = voltages(np.full(20, 2000.0), np.full(20, 500.0))
    sunny = voltages(np.full(20, -3000.0), np.zeros(20))
    assert np.ptp(idle) == 0
    assert (loaded < idle).all()
    assert (sunny > idle).all()
    # home 0, 3, 6 ... stand on one line, the last of them farthest out
    assert (np.diff(loaded[::3]) < 0).all()
    assert (np.diff(sunny[::3]) > 0).all()
    assert 207 < loaded.min() < sunny.max() < 253


def test_feeders_do_not_disturb_each_other():
    power = np.zeros(50)
    power[25] = 9000.0
    changed = np.flatnonzero(voltages(power, np.zeros(50)) != voltages(np.zeros(50), np.zeros(50)))
    assert changed.tolist() == [*range(22, 40, 3)]


def test_frequency_falls_with_the_draw_and_stays_in_its_band():
    noise = Noise(1, "frequency")
    evening = [frequency(noise, second, np.full(5, 2500.0)) for second in range(0, 2000, 7)]
    noon = [frequency(noise, second, np.full(5, -2500.0)) for second in range(0, 2000, 7)]
    assert all(low < high for low, high in zip(evening, noon, strict=True))
    assert 49.75 < min(evening) < max(noon) < 50.25


@pytest.mark.parametrize(
    ("active", "reactive", "factor"),
    [(0, 0, 1), (100, 0, 1), (-100, 0, -1), (300, 400, 0.6), (-300, 400, -0.6)],
)
def test_the_power_factor_is_signed_as_the_active_power(active: float, reactive: float, factor: float):
    assert power_factor(active, reactive) == pytest.approx(factor)
