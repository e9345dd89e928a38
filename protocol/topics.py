"""MQTT topics: `zuva/1/<s>/<meterId>/...`, where s is the meter id's first hex digit (16 shards)."""

from typing import Final

from protocol.errors import MalformedRecord

PREFIX: Final = "zuva/1"
READINGS_FILTER: Final = f"{PREFIX}/+/+/reading"
ACKS_FILTER: Final = f"{PREFIX}/+/+/ack/+"
STATES_FILTER: Final = f"{PREFIX}/+/+/state"
STATUSES_FILTER: Final = f"{PREFIX}/+/+/status"
CLOCK_TOPIC: Final = f"{PREFIX}/clock"
# many homes may share one connection, which has one last will
HOMES_STATUS_TOPIC: Final = f"{PREFIX}/homes/status"


def reading_topic(meter_id: bytes) -> str:
    """Return the topic on which a meter publishes its readings."""
    return f"{_base(meter_id)}/reading"


def ack_topic(meter_id: bytes, node: str) -> str:
    """Return the topic on which the oracle node named `node` answers a meter."""
    return f"{_base(meter_id)}/ack/{node}"


def state_topic(meter_id: bytes) -> str:
    """Return the topic on which a meter publishes its telemetry, retained."""
    return f"{_base(meter_id)}/state"


def status_topic(meter_id: bytes) -> str:
    """Return the topic that says `online` or, by the meter's last will, `offline`, retained."""
    return f"{_base(meter_id)}/status"


def parse_reading_topic(topic: str) -> bytes:
    """Return the meter id of a reading's topic; raises `MalformedRecord`."""
    return _parse(topic, "reading")


def parse_state_topic(topic: str) -> bytes:
    """Return the meter id of a state's topic; raises `MalformedRecord`."""
    return _parse(topic, "state")


def parse_status_topic(topic: str) -> bytes:
    """Return the meter id of a status topic; raises `MalformedRecord`."""
    return _parse(topic, "status")


def parse_ack_topic(topic: str) -> tuple[bytes, str]:
    """Return the meter id and the node's name of an acknowledgement's topic; raises `MalformedRecord`."""
    parts = topic.split("/")
    if len(parts) != 6 or parts[4] != "ack" or not parts[5]:
        raise MalformedRecord(f"{topic!r} is not an acknowledgement's topic")
    return _meter_id(topic, parts), parts[5]


def _parse(topic: str, subject: str) -> bytes:
    parts = topic.split("/")
    if len(parts) != 5 or parts[4] != subject:
        raise MalformedRecord(f"{topic!r} is not the topic of a {subject}")
    return _meter_id(topic, parts)


def _base(meter_id: bytes) -> str:
    digits = meter_id.hex()
    return f"{PREFIX}/{digits[0]}/{digits}"


def _meter_id(topic: str, parts: list[str]) -> bytes:
    digits = parts[3]
    try:
        meter_id = bytes.fromhex(digits)
    except ValueError:
        meter_id = b""
    if len(meter_id) != 32 or meter_id.hex() != digits or parts[2] != digits[0] or parts[:2] != ["zuva", "1"]:
        raise MalformedRecord(
            f"{topic!r} does not name a meter id of 64 lower-case hex digits in its own shard"
        )
    return meter_id
