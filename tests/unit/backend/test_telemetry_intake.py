"""Telemetry is unsigned: what does not count is dropped and counted, and nothing grows with what is sent."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.telemetry.intake import Drop, Intake, Known
from backend.telemetry.settings import TelemetrySettings
from protocol.clock import CLOCK_AHEAD_SECONDS, encode_clock
from protocol.telemetry import MeterState
from protocol.topics import CLOCK_TOPIC, HOMES_STATUS_TOPIC, state_topic, status_topic

METER, OTHER, STRANGER = (bytes([n]) * 32 for n in (1, 2, 3))
NOW = 1_800_000_000
DAY = 86_400


class Ear:
    """An intake that hears of two meters, and its clocks."""

    def __init__(self, **settings: float) -> None:
        self.intake = Intake(TelemetrySettings(**settings))
        self.intake.admit(
            [Known(METER, 1, None, None, simulated=True), Known(OTHER, 2, None, None, simulated=False)]
        )
        self.wall = NOW
        self.monotonic = 1000.0

    def hear(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        self.intake.hear(topic, payload, wall=self.wall, monotonic=self.monotonic, retained=retained)

    def state(self, time: int, *, meter: bytes = METER, power_w: int = 100, retained: bool = False) -> None:
        self.hear(state_topic(meter), MeterState(time, power_w).encode(), retained=retained)

    def wait(self, seconds: int) -> None:
        self.wall += seconds
        self.monotonic += seconds
        self.intake.pass_time(self.wall, self.monotonic)

    @property
    def kept(self) -> list[tuple[int, int]]:
        return [(number, state.time) for number, state in self.intake.batch().history]


def test_states_of_registered_meters_are_taken_and_the_newest_is_known() -> None:
    ear = Ear()
    for time in (NOW - 1, NOW):
        ear.state(time)
        ear.state(time, meter=OTHER, power_w=time - NOW)
    ear.hear(status_topic(METER), b"online")
    batch = ear.intake.batch()
    assert len(batch.history) == 4
    assert {n: (s.time, s.power_w) for n, s in batch.newest.items()} == {1: (NOW, 100), 2: (NOW, 0)}
    assert batch.statuses == {1: True}
    assert not ear.intake.dropped


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (state_topic(STRANGER), MeterState(NOW, 1).encode(), Drop.UNKNOWN_METER),
        (status_topic(STRANGER), b"online", Drop.UNKNOWN_METER),
        ("zuva/1/0/none/state", b"", Drop.UNKNOWN_METER),
        (state_topic(METER), b"\xff", Drop.MALFORMED),
        (state_topic(METER), b"[" * 900, Drop.MALFORMED),
        (state_topic(METER), json.dumps({"time": NOW}).encode(), Drop.MALFORMED),
        (state_topic(METER), b"x" * 5000, Drop.MALFORMED),
        (status_topic(METER), b"ONLINE", Drop.MALFORMED),
        (CLOCK_TOPIC, b"{}", Drop.MALFORMED),
        (HOMES_STATUS_TOPIC, b"", Drop.MALFORMED),
        (CLOCK_TOPIC, encode_clock(NOW + CLOCK_AHEAD_SECONDS + 1), Drop.CLOCK_AHEAD),
        (state_topic(METER), MeterState(NOW + 61, 1).encode(), Drop.FUTURE),
        (state_topic(METER), MeterState(NOW - 8 * DAY, 1).encode(), Drop.TOO_OLD),
    ],
)
def test_what_does_not_count_is_dropped_with_its_reason(topic: str, payload: bytes, reason: Drop) -> None:
    ear = Ear()
    ear.hear(topic, payload)
    assert ear.intake.dropped == {reason: 1}
    assert not ear.intake.batch()


def test_time_of_a_meter_only_goes_forward() -> None:
    ear = Ear(min_period_seconds=5)
    for time in (NOW - 5, NOW - 5, NOW - 6, NOW - 1, NOW):
        ear.state(time)
    assert ear.kept == [(1, NOW - 5), (1, NOW)]
    assert ear.intake.dropped == {Drop.REPEATED: 1, Drop.OUT_OF_ORDER: 1, Drop.TOO_FAST: 1}


def test_a_flood_costs_the_flooded_meter_only() -> None:
    ear = Ear(states_per_second=10)
    for n in range(1000):
        ear.state(NOW - 1000 + n)
    ear.state(NOW, meter=OTHER)
    assert ear.intake.dropped == {Drop.TOO_FAST: 979}
    assert (2, NOW) in ear.kept
    ear.wait(1)
    assert ear.kept[-1] == (1, NOW - 1)
    ear.state(NOW)
    assert ear.kept[-1] == (1, NOW)


def test_the_last_word_of_a_burst_is_not_lost() -> None:
    ear = Ear(states_per_second=1)
    for n in range(5):
        ear.state(NOW - 4 + n, power_w=n)
    ear.wait(1)
    assert ear.intake.batch().newest[1] == MeterState(NOW, 4)
    assert ear.intake.dropped == {Drop.TOO_FAST: 2}


def test_a_state_of_the_near_future_is_shown_but_silences_nobody() -> None:
    ear = Ear()
    ear.state(NOW + 60, power_w=1)
    assert ear.intake.batch().newest[1].time == NOW + 60
    ear.wait(1)
    ear.state(NOW + 1, power_w=2)
    assert ear.intake.batch().newest[1] == MeterState(NOW + 1, 2)


def test_a_stored_state_of_the_future_silences_nobody() -> None:
    ear = Ear()
    ear.intake.admit([Known(METER, 1, NOW + 365 * DAY, None, simulated=True)])
    ear.state(NOW - 1)
    ear.wait(1)
    ear.state(NOW + 1)
    assert (1, NOW + 1) in ear.kept


def test_a_forged_clock_does_not_shift_what_counts() -> None:
    ear = Ear()
    ear.intake.restore(NOW + 365 * DAY, {}, NOW)
    ear.hear(CLOCK_TOPIC, encode_clock(NOW + 365 * DAY))
    assert ear.intake.clock is None
    ear.state(NOW)
    assert ear.kept == [(1, NOW)]


def test_a_retained_state_sets_values_but_is_not_fresh() -> None:
    ear = Ear()
    ear.state(NOW - 1, retained=True)
    ear.state(NOW - 1, meter=OTHER)
    batch = ear.intake.batch()
    assert (set(batch.newest), batch.arrived) == ({1, 2}, {2})
    ear.state(NOW)
    assert ear.intake.batch().arrived == {1, 2}


def test_a_status_that_is_not_said_again_on_a_new_connection_is_unknown() -> None:
    ear = Ear(status_seconds=10)
    for meter in (METER, OTHER):
        ear.hear(status_topic(meter), b"online")
    ear.intake.written(ear.intake.batch())
    ear.intake.begin_session()
    ear.intake.begin_silence(ear.monotonic)
    ear.hear(status_topic(OTHER), b"online", retained=True)
    ear.wait(9)
    assert ear.intake.batch().statuses == {2: True}
    ear.wait(1)
    assert ear.intake.batch().statuses == {1: None, 2: True}
    ear.intake.written(ear.intake.batch())
    ear.wait(10)
    assert ear.intake.batch().statuses == {}


def test_while_the_database_is_away_the_queue_is_bounded_and_the_newest_state_is_still_known() -> None:
    ear = Ear(pending_states=3)
    for n in range(5):
        ear.state(NOW - 4 + n)
    assert ear.kept == [(1, NOW - 4), (1, NOW - 3), (1, NOW - 2)]
    assert ear.intake.batch().newest[1].time == NOW
    assert ear.intake.dropped == {Drop.QUEUE_FULL: 2}


def test_a_day_has_only_so_many_rows() -> None:
    ear = Ear(rows_per_day=2)
    ear.intake.restore(None, {NOW // DAY: 1}, NOW)
    ear.state(NOW - 1)
    ear.state(NOW)
    assert ear.kept == [(1, NOW - 1)]
    assert ear.intake.dropped == {Drop.DAY_FULL: 1}


def test_a_stepped_clock_long_before_the_wall_clock_decides() -> None:
    ear = Ear()
    start = NOW - 100 * DAY
    ear.hear(CLOCK_TOPIC, encode_clock(start))
    ear.state(start + 60)
    ear.state(NOW)
    assert ear.kept == [(1, start + 60)]
    assert ear.intake.dropped == {Drop.FUTURE: 1}
    assert ear.intake.clock == start


def test_a_clock_that_stands_still_near_the_present_does_not_stop_the_view() -> None:
    """Steps wait for oracle nodes; the homes go on by the wall clock."""
    ear = Ear()
    ear.hear(CLOCK_TOPIC, encode_clock(NOW - 5 * 3600))
    ear.state(NOW)
    assert ear.kept == [(1, NOW)]


def test_simulated_homes_are_offline_with_their_common_connection() -> None:
    ear = Ear()
    for meter in (METER, OTHER):
        ear.hear(status_topic(meter), b"online")
    ear.hear(HOMES_STATUS_TOPIC, b"offline")
    assert ear.intake.batch().statuses == {1: False, 2: True}
    # what the home says itself counts again once the connection is back
    ear.hear(status_topic(METER), b"online")
    assert ear.intake.batch().statuses == {1: False, 2: True}
    ear.hear(HOMES_STATUS_TOPIC, b"online")
    assert ear.intake.batch().statuses == {1: True, 2: True}
    ear.hear(status_topic(METER), b"offline")
    assert ear.intake.batch().statuses == {1: False, 2: True}


def test_what_came_while_a_batch_was_written_waits_for_the_next() -> None:
    ear = Ear()
    ear.state(NOW - 1)
    ear.hear(status_topic(METER), b"online")
    batch = ear.intake.batch()
    ear.state(NOW)
    ear.hear(status_topic(METER), b"offline")
    ear.intake.written(batch)
    rest = ear.intake.batch()
    assert [state.time for _, state in rest.history] == [NOW]
    assert rest.newest[1].time == NOW
    assert rest.statuses == {1: False}
    assert ear.intake.stored == 1


def test_a_batch_whose_success_went_unnoticed_is_not_written_twice() -> None:
    ear = Ear()
    ear.state(NOW - 1)
    ear.state(NOW)
    ear.state(NOW - 1, meter=OTHER)
    stored = NOW - 1
    ear.intake.admit(
        [Known(METER, 1, stored, stored, simulated=True), Known(OTHER, 2, stored, stored, simulated=False)]
    )
    assert ear.kept == [(1, NOW)]


@given(
    st.lists(st.tuples(st.sampled_from([state_topic(METER), status_topic(METER), CLOCK_TOPIC]), st.binary()))
)
def test_no_payload_raises(messages: list[tuple[str, bytes]]) -> None:
    ear = Ear()
    for topic, payload in messages:
        ear.hear(topic, payload)
    assert sum(ear.intake.dropped.values()) + ear.intake.taken + len(ear.intake.batch().statuses) <= len(
        messages
    )
