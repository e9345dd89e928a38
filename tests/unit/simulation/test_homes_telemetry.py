"""Telemetry of the homes: who is told what, how often; Home Assistant finds every meter."""

import json
import re

from protocol.mqtt import Will
from protocol.telemetry import MeterState, parse_state
from protocol.topics import HOMES_STATUS_TOPIC, parse_state_topic, state_topic, status_topic
from simulation.homes.discovery import discovery_payload, discovery_topic
from simulation.homes.telemetry import Telemetry
from simulation.identities import derive_homes

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


def telemetry(record: Record, *, state_seconds: float = 5) -> Telemetry:
    def observe(now: int) -> list[MeterState]:
        return [MeterState(time=now, power_w=100 * number) for number, _ in enumerate(HOMES)]

    return Telemetry(HOMES, observe, 900, state_seconds, lambda: record.seconds)


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


def test_in_real_time_states_go_out_every_few_seconds():
    record = Record()
    company = telemetry(record)
    told = []
    for second in range(20):
        record.seconds = second
        company.accompany(record, NOW + second)
        told.append(len(record.take("/state")))
    assert [second for second, count in enumerate(told) if count] == [0, 5, 10, 15]
    assert set(told) == {0, 2}


def test_while_catching_up_states_go_out_with_every_step_at_a_bounded_rate():
    record = Record()
    company = telemetry(record)
    steps = 0
    for step in range(2000):
        record.seconds = step * 0.001
        company.accompany(record, NOW + 900 * step)
        steps += bool(record.take("/state"))
    # 400 states a second for two seconds, two homes at a time
    assert 300 <= steps <= 401


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
