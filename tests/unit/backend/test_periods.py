"""Local hours and days as ranges of intervals, by the community's time zone."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from backend.api.periods import Period, Unit, latest, local_day, local_periods


def second(zone: str, *when: int) -> int:
    return int(datetime(*when, tzinfo=ZoneInfo(zone)).timestamp())  # type: ignore[arg-type, misc]


@pytest.mark.parametrize("length", [900, 1800, 3600])
def test_a_day_in_harare_is_all_the_intervals_that_end_in_it(length: int) -> None:
    start = second("Africa/Harare", 2026, 3, 1)
    for end in (start + length, start + 43_200, start + 86_400):
        day = local_day(end // length - 1, length, "Africa/Harare")
        assert day.start == start
        first, last = day.intervals(length)
        assert (first + 1) * length == start + length
        assert (last + 1) * length == start + 86_400


def test_an_interval_ending_at_midnight_belongs_to_the_day_that_ends() -> None:
    midnight = second("Africa/Harare", 2026, 3, 2)
    assert local_day(midnight // 3600 - 1, 3600, "Africa/Harare").start == midnight - 86_400


@pytest.mark.parametrize(("when", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25)])
def test_days_on_which_the_clocks_change_have_their_true_length(when: tuple[int, ...], hours: int) -> None:
    start = second("Europe/Berlin", *when)
    day = local_day((start + 43_200) // 3600, 3600, "Europe/Berlin")
    assert day.start == start
    assert day == Period(start, start + hours * 3600)


def test_a_zone_off_the_hour_takes_intervals_by_their_end() -> None:
    start = second("Asia/Kathmandu", 2026, 3, 1)
    day = local_day((start + 43_200) // 3600, 3600, "Asia/Kathmandu")
    first, last = day.intervals(3600)
    assert start < (first + 1) * 3600 <= start + 3600
    assert start + 86_400 - 3600 < (last + 1) * 3600 <= start + 86_400


@pytest.mark.parametrize("zone", ["Africa/Harare", "Europe/Berlin", "Asia/Kathmandu", "America/Sao_Paulo"])
@pytest.mark.parametrize("unit", ["hour", "day"])
def test_local_periods_cover_a_span_without_gap_or_overlap(zone: str, unit: Unit) -> None:
    """Over all clock changes of a year, and where the clocks change at midnight."""
    span = Period(second(zone, 2018, 1, 1) + 1234, second(zone, 2018, 12, 31) - 77)
    periods = list(local_periods(span, unit, zone))
    assert periods[0].start <= span.start < periods[0].end
    assert periods[-1].start < span.end <= periods[-1].end
    assert all(one.end == following.start for one, following in pairwise(periods))
    assert latest(span.end, unit, len(periods), zone) == Period(periods[0].start, periods[-1].end)
