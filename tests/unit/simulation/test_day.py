"""The built-in days: reproducible, and plausible for Harare in November."""

from datetime import datetime, timedelta, timezone

from simulation.day import DAY_FILE, built_in_day
from simulation.day.generator import FIRST_DAY, HOMES, SEED, clear_sky, generate


def test_the_generator_makes_the_shipped_file_byte_for_byte():
    assert generate().encode() == DAY_FILE.read_bytes()


def test_another_seed_makes_other_days():
    assert generate(SEED + 1) != generate()


def test_the_days_are_two_whole_local_days_of_every_home():
    day = built_in_day()
    midnight = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=timezone(timedelta(hours=2)))
    assert day.start == int(midnight.timestamp())
    assert day.end - day.start == 2 * 86_400
    assert day.slot_seconds == 3600
    assert {home.name for home in day.homes} == {home.name for home in HOMES}
    assert day.readings == len(HOMES) * 48


def test_nothing_is_generated_at_night_or_without_panels_and_never_above_the_rating():
    shapes = {home.name: home for home in HOMES}
    for home in built_in_day().homes:
        rated = shapes[home.name].panels_w
        assert any(slot.pv_wh for slot in home.slots) == (rated > 0)
        for index, slot in enumerate(home.slots):
            assert slot.load_wh > 0
            assert slot.pv_wh <= rated
            if index % 24 in {0, 1, 2, 3, 19, 20, 21, 22, 23}:
                assert slot.pv_wh == 0


def test_the_clear_sky_peaks_near_noon_and_reaches_the_tropics_strength():
    heights = [clear_sky(FIRST_DAY, minute / 60) for minute in range(0, 1440, 5)]
    noon = heights.index(max(heights)) * 5 / 60
    assert 11.4 < noon < 12.2
    assert 950 < max(heights) < 1100
