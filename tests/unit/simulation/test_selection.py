"""Choosing a part of the data, and copies of homes."""

import pytest

from simulation.errors import MeasurementError
from simulation.replay.measurements import HomeSeries, Measurements, Slot
from simulation.replay.selection import select_time, tile

L = 3600
DAY = 86_400


def series(name: str, first: int, count: int) -> HomeSeries:
    return HomeSeries(name, tuple(Slot((first + i) * L, i, 2 * i) for i in range(count)))


DATA = Measurements(L, (series("a", 5, 72), series("b", 5, 72), series("late", 60, 10)))


def test_days_count_24_hours_from_the_first_slot():
    chosen = select_time(DATA, days=1)
    assert (chosen.start, chosen.end) == (5 * L, 5 * L + DAY)
    assert [(home.name, len(home.slots)) for home in chosen.homes] == [("a", 24), ("b", 24)]


def test_days_count_from_the_chosen_start():
    chosen = select_time(DATA, start_at=48 * L, days=1)
    assert (chosen.start, chosen.end) == (48 * L, 72 * L)
    assert [len(home.slots) for home in chosen.homes] == [24, 24, 10]


def test_everything_is_the_default():
    assert select_time(DATA) == DATA


def test_an_empty_choice_names_both_spans():
    with pytest.raises(MeasurementError, match="the data span 1970-01-01T05:00 UTC to 1970-01-04T05:00 UTC"):
        select_time(DATA, start_at=100 * DAY)
    with pytest.raises(MeasurementError, match="0 days"):
        select_time(DATA, days=0)


def test_tiling_copies_homes_in_rounds_under_new_names():
    tiled = tile(DATA, 8)
    assert [home.name for home in tiled.homes] == [
        "a", "b", "late", "a-t02", "b-t02", "late-t02", "a-t03", "b-t03",
    ]  # fmt: skip
    assert tiled.homes[3].slots == DATA.homes[0].slots


def test_tiling_to_fewer_homes_keeps_the_first():
    assert [home.name for home in tile(DATA, 1).homes] == ["a"]


def test_a_copy_never_takes_a_measured_home_s_name():
    data = Measurements(L, (series("a", 0, 2), series("a-t02", 0, 2)))
    with pytest.raises(MeasurementError, match="home a-t02 is measured"):
        tile(data, 3)
    with pytest.raises(MeasurementError, match="0 homes"):
        tile(data, 0)
