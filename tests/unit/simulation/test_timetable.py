"""The community's time: hastens to the present, then goes with it, and never runs ahead of the wall clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.homes.timetable import CatchingUp
from simulation.publishing.feed import EvenPace

BEGIN = 1_762_120_800


class Machine:
    """A wall clock and a steady one that go on together when told."""

    def __init__(self, wall: float) -> None:
        self.began = self.now = wall

    def wall(self) -> float:
        return self.now

    def steady(self) -> float:
        return self.now - self.began

    def timetable(self, now: int, pace: float) -> CatchingUp:
        return CatchingUp(now, pace, self.wall, self.steady)


def test_behind_the_wall_clock_a_step_comes_as_often_as_the_pace_says():
    machine = Machine(BEGIN + 10 * 86_400)
    timetable = machine.timetable(BEGIN, 3600)
    assert timetable.pause(BEGIN + 900) == pytest.approx(0.25)
    machine.now += 0.25
    assert timetable.pause(BEGIN + 900) <= 0
    timetable.stepped(BEGIN + 900)
    assert timetable.pause(BEGIN + 1800) == pytest.approx(0.25)


def test_a_late_step_is_not_made_up_for_in_a_rush():
    machine = Machine(BEGIN + 10 * 86_400)
    timetable = machine.timetable(BEGIN, 3600)
    machine.now += 60
    timetable.stepped(BEGIN + 900)
    assert timetable.pause(BEGIN + 1800) == pytest.approx(0.25)


@pytest.mark.parametrize("pace", [0, 1, 3600])
def test_in_the_present_a_step_comes_when_its_interval_is_over(pace: float):
    machine = Machine(BEGIN + 600)
    timetable = machine.timetable(BEGIN + 600, pace)
    assert timetable.pause(BEGIN + 900) == pytest.approx(300)
    machine.now += 300
    assert timetable.pause(BEGIN + 900) <= 0


def test_real_time_from_the_start_stays_as_far_behind_as_it_began():
    machine = Machine(BEGIN + 86_400)
    timetable = machine.timetable(BEGIN, 1)
    assert timetable.pause(BEGIN + 900) == pytest.approx(900)
    machine.now += 450
    assert timetable.present(BEGIN, BEGIN + 900) == BEGIN + 450


def test_without_a_pace_only_the_wall_clock_counts():
    machine = Machine(BEGIN + 86_400)
    timetable = machine.timetable(BEGIN, 0)
    assert timetable.pause(BEGIN + 86_400) <= 0
    assert timetable.pause(BEGIN + 86_401) == pytest.approx(1)


@given(
    st.integers(-1000, 100_000),
    st.sampled_from([0.0, 1.0, 60.0, 3600.0]),
    st.floats(0, 5000),
    st.integers(0, 900),
)
def test_the_present_is_before_the_next_step_not_in_the_future_and_never_goes_back(
    behind: int, pace: float, passed: float, clock_ahead: int
):
    machine = Machine(BEGIN + behind)
    timetable = machine.timetable(BEGIN, pace)
    clock = BEGIN + clock_ahead
    seen = []
    for _ in range(3):
        seen.append(timetable.present(clock, BEGIN + 900))
        machine.now += passed
    assert seen == sorted(seen)
    assert all(clock <= now <= max(clock, BEGIN + 899) for now in seen)
    assert all(now <= max(clock, machine.now) for now in seen)


@pytest.mark.parametrize("pace", [0.0, 3600.0])
def test_live_values_go_on_while_a_step_waits_for_the_oracle(pace: float):
    """A day of the oracle's absence, and its return."""
    machine = Machine(BEGIN + 600)
    timetable = machine.timetable(BEGIN, pace)
    for _ in range(25):
        machine.now += 3600
        # the step at BEGIN + 900 may not be taken, so the clock stays
        assert timetable.present(BEGIN, BEGIN + 900) == BEGIN + 899
        assert machine.now - 2 <= timetable.live(BEGIN, BEGIN + 900) <= machine.now
    for end in range(BEGIN + 900, BEGIN + 9000, 900):
        timetable.stepped(end)
        machine.now += 0.5
        assert timetable.live(end, end + 900) <= machine.now


def test_live_values_are_the_presents_while_no_step_waits():
    machine = Machine(BEGIN + 86_400)
    timetable = machine.timetable(BEGIN, 3600)
    for _ in range(6):
        assert timetable.live(BEGIN, BEGIN + 900) == timetable.present(BEGIN, BEGIN + 900) < BEGIN + 900
        machine.now += 0.05
    # catching up, too, they go on, no faster than time does
    machine.now += 60
    assert BEGIN + 955 < timetable.live(BEGIN, BEGIN + 900) < BEGIN + 965


def test_a_replay_steps_at_once_and_then_evenly_and_its_time_stands_between():
    machine = Machine(0)
    pace = EvenPace(2.0, machine.steady)
    assert pace.pause(3600) <= 0
    pace.stepped(3600)
    assert pace.pause(7200) == pytest.approx(2.0)
    assert pace.present(3600, 7200) == pace.live(3600, 7200) == 3600
