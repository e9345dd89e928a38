"""The local day of an interval, by the community's time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from backend.api.days import local_day


def second(zone: str, *when: int) -> int:
    return int(datetime(*when, tzinfo=ZoneInfo(zone)).timestamp())  # type: ignore[arg-type, misc]


@pytest.mark.parametrize("length", [900, 1800, 3600])
def test_a_day_in_harare_is_all_the_intervals_that_end_in_it(length: int) -> None:
    start = second("Africa/Harare", 2026, 3, 1)
    for end in (start + length, start + 43_200, start + 86_400):
        day = local_day(end // length - 1, length, "Africa/Harare")
        assert day.start == start
        assert (day.first_interval + 1) * length == start + length
        assert (day.last_interval + 1) * length == start + 86_400


def test_an_interval_ending_at_midnight_belongs_to_the_day_that_ends() -> None:
    midnight = second("Africa/Harare", 2026, 3, 2)
    assert local_day(midnight // 3600 - 1, 3600, "Africa/Harare").start == midnight - 86_400


@pytest.mark.parametrize(("when", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25)])
def test_days_on_which_the_clocks_change_have_their_true_length(when: tuple[int, ...], hours: int) -> None:
    start = second("Europe/Berlin", *when)
    day = local_day((start + 43_200) // 3600, 3600, "Europe/Berlin")
    assert day.start == start
    assert day.last_interval - day.first_interval + 1 == hours


def test_a_zone_off_the_hour_takes_intervals_by_their_end() -> None:
    start = second("Asia/Kathmandu", 2026, 3, 1)
    day = local_day((start + 43_200) // 3600, 3600, "Asia/Kathmandu")
    assert start < (day.first_interval + 1) * 3600 <= start + 3600
    assert start + 86_400 - 3600 < (day.last_interval + 1) * 3600 <= start + 86_400
