"""Telemetry: a meter's unsigned fast values; shown and analysed, never settled.

Published retained as JSON on the meter's `state` topic, one object of integers. A meter leaves out what it
has no sensor for; unknown fields are passed over, so that newer firmware can say more.
"""

import json
from dataclasses import asdict, dataclass
from typing import Final

from protocol.errors import MalformedRecord

STATE_MAX_BYTES: Final = 1024
_BOUNDS: Final = {
    "time": (0, (1 << 40) - 1),
    "power_w": (-100_000_000, 100_000_000),
    "generation_w": (0, 100_000_000),
    "voltage_decivolt": (0, 1_000_000),
    "frequency_millihertz": (0, 100_000),
    "power_factor_permille": (-1000, 1000),
    "temperature_decicelsius": (-1000, 2000),
}


@dataclass(frozen=True, slots=True)
class MeterState:
    """What a meter sees at one moment.

    Attributes:
        time: unix seconds UTC in community time.
        power_w: active power at the grid connection, W; positive is import, negative export.
        generation_w: power of the panels or other source, W.
        voltage_decivolt: 0.1 V.
        frequency_millihertz: 0.001 Hz.
        power_factor_permille: 0.001, signed as the active power.
        temperature_decicelsius: the meter's own, 0.1 degrees Celsius.
    """

    time: int
    power_w: int
    generation_w: int | None = None
    voltage_decivolt: int | None = None
    frequency_millihertz: int | None = None
    power_factor_permille: int | None = None
    temperature_decicelsius: int | None = None

    def encode(self) -> bytes:
        """Return the payload of the state topic."""
        fields = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(fields, separators=(",", ":")).encode()


def parse_state(payload: bytes) -> MeterState:
    """Parse the payload of a state topic.

    Raises:
        MalformedRecord: not a JSON object, `time` or `power_w` missing, or a value that is no integer in its
            bounds.
    """
    if len(payload) > STATE_MAX_BYTES:
        raise MalformedRecord(f"a state has at most {STATE_MAX_BYTES} bytes, this one has {len(payload)}")
    try:
        fields = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise MalformedRecord("a state is a JSON object") from error
    if not isinstance(fields, dict):
        raise MalformedRecord("a state is a JSON object")
    known = {name: fields[name] for name in _BOUNDS if fields.get(name) is not None}
    for name, value in known.items():
        low, high = _BOUNDS[name]
        if type(value) is not int or not low <= value <= high:
            raise MalformedRecord(f"{name} of a state is an integer from {low} to {high}")
    for name in ("time", "power_w"):
        if name not in known:
            raise MalformedRecord(f"a state has no {name}")
    return MeterState(**known)
