"""Telemetry of the homes: who is told what, how often; Home Assistant finds every meter."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from protocol.mqtt import Will
from protocol.telemetry import MeterState, parse_state
from protocol.topics import HOMES_STATUS_TOPIC, parse_state_topic, state_topic, status_topic
from simulation.homes.discovery import discovery_payload, discovery_topic
from simulation.homes.telemetry import Telemetry
from simulation.identities import Home, derive_homes

HOMES = derive_homes(["Avondale", "Msasa shop"], b"\x05" * 32)
NOW = 1_762_120_800


class Record:
    """A connection that only remembers what was published, and a clock."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.seconds = 0.0

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        assert retain
        self.messages.append((topic, payload))

    def take(self, subject: str) -> list[tuple[str, bytes]]:
        found = [message for message in self.messages if message[0].endswith(subject)]
        self.messages.clear()
        return found


def telemetry(record: Record, *, homes: Sequence[Home] = HOMES, state_seconds: float = 5) -> Telemetry:
    def observe(now: int, asked: Sequence[int]) -> list[MeterState]:
        return [MeterState(time=now, power_w=100 * number) for number in asked]

    return Telemetry(homes, observe, state_seconds, lambda: record.seconds)


def told_times(record: Record, company: Telemetry, ticks: int, tick: float, pace: float):
    """Return when each home's states went out, seconds of this machine."""
    lives: dict[str, list[float]] = {}
    for number in range(ticks):
        record.seconds = number * tick
        company.accompany(record, NOW + int(number * tick * pace))
        for topic, _ in record.take("/state"):
            lives.setdefault(topic, []).append(record.seconds)
    return lives


def test_on_arrival_every_home_is_introduced_and_online():
    record = Record()
    company = telemetry(record)
    company.arrive(record)
    told = dict(record.messages)
    for home in HOMES:
        assert told[status_topic(home.meter_id)] == b"online"
        assert discovery_topic(home.meter_id) in told
    assert told[HOMES_STATUS_TOPIC] == b"online"
    assert company.will == Will(HOMES_STATUS_TOPIC, b"offline")


def test_in_real_time_states_go_out_every_few_seconds_in_turns():
    record = Record()
    told = told_times(record, telemetry(record), 100, 0.25, 1)
    first, second = (told[state_topic(home.meter_id)] for home in HOMES)
    assert [round(at) for at in first] == [0, 5, 10, 15, 20]
    # all at once at first, then not at the same time
    assert second[0] == 0
    assert not set(first[1:]) & set(second[1:])
    assert {round(later - earlier) for earlier, later in pairwise(second[1:])} == {5}


@pytest.mark.parametrize(("count", "seconds"), [(2, 1), (20, 1), (1000, 2.5)])
@pytest.mark.parametrize("tick", [0.001, 0.25])
def test_while_catching_up_a_home_sends_no_more_than_the_api_takes_and_evenly(
    count: int, seconds: float, tick: float
):
    record = Record()
    homes = [replace(HOMES[0], meter_id=number.to_bytes(32)) for number in range(count)]
    company = telemetry(record, homes=homes)
    told = told_times(record, company, int(10 / tick), tick, 3600)
    assert len(told) == count
    for times in told.values():
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert len(gaps) >= 2
        assert min(gaps) > seconds - 0.5
        assert max(gaps[1:]) < seconds + 0.5


def test_what_homes_show_never_goes_back_in_time():
    record = Record()
    company = telemetry(record)
    times = []
    for seconds, now in ((0, 600), (6, 1200), (12, 900), (18, 1000), (24, 1300)):
        record.seconds = seconds
        company.accompany(record, NOW + now)
        times += [parse_state(payload).time - NOW for _, payload in record.take("/state")]
    assert times == sorted(times)
    assert times[-1] == 1300


def test_after_a_new_connection_states_go_out_at_once():
    record = Record()
    company = telemetry(record)
    company.accompany(record, NOW)
    company.arrive(record)
    record.messages.clear()
    company.accompany(record, NOW)
    states = record.take("/state")
    assert [parse_state(payload).power_w for _, payload in states] == [0, 100]
    assert [parse_state_topic(topic) for topic, _ in states] == [home.meter_id for home in HOMES]


def test_an_orderly_end_leaves_everybody_offline():
    record = Record()
    telemetry(record).leave(record)
    expected = {HOMES_STATUS_TOPIC, *(status_topic(home.meter_id) for home in HOMES)}
    assert {topic for topic, payload in record.messages if payload == b"offline"} == expected


def test_home_assistant_is_told_where_the_values_are_and_in_which_unit():
    home = HOMES[1]
    message = json.loads(discovery_payload(home.meter_id, home.name))
    assert re.fullmatch(r"homeassistant/device/[a-zA-Z0-9_-]+/config", discovery_topic(home.meter_id))
    assert message["dev"]["name"] == "Msasa shop"
    assert message["stat_t"] == state_topic(home.meter_id)
    assert [one["t"] for one in message["avty"]] == [status_topic(home.meter_id), HOMES_STATUS_TOPIC]
    assert message["avty_mode"] == "all"
    units = {field: one["unit_of_meas"] for field, one in message["cmps"].items()}
    assert units == {
        "power_w": "W",
        "generation_w": "W",
        "voltage_decivolt": "V",
        "frequency_millihertz": "Hz",
        "power_factor_permille": "%",
        "temperature_decicelsius": "°C",
    }
    assert len({one["uniq_id"] for one in message["cmps"].values()}) == 6
    for field, one in message["cmps"].items():
        assert f"value_json.{field}" in one["val_tpl"]


def test_the_templates_turn_integers_into_what_people_read():
    """A template here is a field and a divisor; Home Assistant's own engine is not needed to check them."""
    message = json.loads(discovery_payload(HOMES[0].meter_id, "x"))
    shown = {}
    state = MeterState(NOW, -1200, 1500, 2314, 49_987, -981, 265)
    for field, one in message["cmps"].items():
        match = re.fullmatch(r"\{\{ value_json\.(\w+)(?: / (\d+))? \}\}", one["val_tpl"])
        assert match
        shown[field] = getattr(state, match[1]) / int(match[2] or 1)
    assert list(shown.values()) == [-1200, 1500, 231.4, 49.987, -98.1, 26.5]
