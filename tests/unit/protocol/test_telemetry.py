"""Telemetry is read as it was written, and nothing else passes for it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import MalformedRecord
from protocol.telemetry import MeterState, parse_state
from protocol.topics import parse_state_topic, parse_status_topic, state_topic, status_topic

STATES = st.builds(
    MeterState,
    time=st.integers(0, (1 << 40) - 1),
    power_w=st.integers(-100_000_000, 100_000_000),
    generation_w=st.none() | st.integers(0, 100_000_000),
    voltage_decivolt=st.none() | st.integers(0, 1_000_000),
    frequency_millihertz=st.none() | st.integers(0, 100_000),
    power_factor_permille=st.none() | st.integers(-1000, 1000),
    temperature_decicelsius=st.none() | st.integers(-1000, 2000),
)


@given(STATES)
def test_a_state_is_read_as_it_was_written(state: MeterState) -> None:
    assert parse_state(state.encode()) == state


def test_fields_of_newer_firmware_are_passed_over() -> None:
    assert parse_state(b'{"time": 5, "power_w": -3, "current_ma": 9}') == MeterState(5, -3)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "JSON object"),
        (b"[1]", "JSON object"),
        (b"\xff", "JSON object"),
        (b"[" * 900, "JSON object"),
        (b'{"power_w": 1}', "no time"),
        (b'{"time": 1}', "no power_w"),
        (b'{"time": 1, "power_w": 1.5}', "power_w"),
        (b'{"time": 1, "power_w": true}', "power_w"),
        (b'{"time": 1, "power_w": NaN}', "power_w"),
        (b'{"time": 1, "power_w": 1, "frequency_millihertz": 100001}', "frequency_millihertz"),
        (json.dumps({"time": 1, "power_w": 1, "more": "x" * 1024}).encode(), "1024 bytes"),
    ],
)
def test_what_is_no_state_is_refused_with_the_reason(payload: bytes, words: str) -> None:
    with pytest.raises(MalformedRecord, match=words):
        parse_state(payload)


def test_state_and_status_topics_name_their_meter() -> None:
    meter_id = bytes(range(32))
    assert parse_state_topic(state_topic(meter_id)) == meter_id
    assert parse_status_topic(status_topic(meter_id)) == meter_id
    with pytest.raises(MalformedRecord, match="state"):
        parse_state_topic(status_topic(meter_id))
