"""MQTT topics: `zuva/1/<s>/<meterId>/...`, where s is the meter id's first hex digit (16 shards)."""

from typing import Final

from protocol.errors import MalformedRecord

PREFIX: Final = "zuva/1"
READINGS_FILTER: Final = f"{PREFIX}/+/+/reading"
ACKS_FILTER: Final = f"{PREFIX}/+/+/ack/+"
CLOCK_TOPIC: Final = f"{PREFIX}/clock"


def reading_topic(meter_id: bytes) -> str:
    """Return the topic on which a meter publishes its readings."""
    return f"{_base(meter_id)}/reading"


def ack_topic(meter_id: bytes, node: str) -> str:
    """Return the topic on which the oracle node named `node` answers a meter."""
    return f"{_base(meter_id)}/ack/{node}"


def parse_reading_topic(topic: str) -> bytes:
    """Return the meter id of a reading's topic; raises `MalformedRecord`."""
    parts = topic.split("/")
    if len(parts) != 5 or parts[4] != "reading":
        raise MalformedRecord(f"{topic!r} is not a reading's topic")
    return _meter_id(topic, parts)


def parse_ack_topic(topic: str) -> tuple[bytes, str]:
    """Return the meter id and the node's name of an acknowledgement's topic; raises `MalformedRecord`."""
    parts = topic.split("/")
    if len(parts) != 6 or parts[4] != "ack" or not parts[5]:
        raise MalformedRecord(f"{topic!r} is not an acknowledgement's topic")
    return _meter_id(topic, parts), parts[5]


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
