"""Home Assistant finds the meters by itself: one retained message a meter says what its state holds.

Device discovery of Home Assistant 2024.11 and later, on `homeassistant/device/<id>/config`. State is what
the telemetry of `protocol` says; the templates turn its integers into the units that people read.
"""

import json
from typing import Final, NamedTuple

from protocol.topics import HOMES_STATUS_TOPIC, state_topic, status_topic

DISCOVERY_PREFIX: Final = "homeassistant"
_ID_DIGITS: Final = 16


class _Sensor(NamedTuple):
    field: str
    name: str
    device_class: str
    unit: str
    template: str
    digits: int


_SENSORS: Final = (
    _Sensor("power_w", "Power", "power", "W", "{{ value_json.power_w }}", 0),
    _Sensor("generation_w", "Generation", "power", "W", "{{ value_json.generation_w }}", 0),
    _Sensor("voltage_decivolt", "Voltage", "voltage", "V", "{{ value_json.voltage_decivolt / 10 }}", 1),
    _Sensor(
        "frequency_millihertz", "Frequency", "frequency", "Hz",
        "{{ value_json.frequency_millihertz / 1000 }}", 3,
    ),
    _Sensor(
        "power_factor_permille", "Power factor", "power_factor", "%",
        "{{ value_json.power_factor_permille / 10 }}", 1,
    ),
    _Sensor(
        "temperature_decicelsius", "Temperature", "temperature", "°C",
        "{{ value_json.temperature_decicelsius / 10 }}", 1,
    ),
)  # fmt: skip


def discovery_topic(meter_id: bytes) -> str:
    """Return the topic of a meter's discovery message."""
    return f"{DISCOVERY_PREFIX}/device/{_device_id(meter_id)}/config"


def discovery_payload(meter_id: bytes, name: str) -> bytes:
    """Return a meter's discovery message.

    It is available while its own status says `online` and so does that of the group whose connection it
    shares, whose last will says `offline`.
    """
    device = _device_id(meter_id)
    components = {
        sensor.field: {
            "p": "sensor",
            "uniq_id": f"{device}_{sensor.field}",
            "name": sensor.name,
            "dev_cla": sensor.device_class,
            "stat_cla": "measurement",
            "unit_of_meas": sensor.unit,
            "val_tpl": sensor.template,
            "sug_dsp_prc": sensor.digits,
        }
        for sensor in _SENSORS
    }
    message = {
        "dev": {"ids": device, "name": name, "mf": "Zuva", "mdl": "Simulated meter", "sn": meter_id.hex()},
        "o": {"name": "zuva"},
        "cmps": components,
        "stat_t": state_topic(meter_id),
        "avty": [{"t": status_topic(meter_id)}, {"t": HOMES_STATUS_TOPIC}],
        "avty_mode": "all",
        "qos": 1,
    }
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()


def _device_id(meter_id: bytes) -> str:
    return f"zuva_{meter_id.hex()[:_ID_DIGITS]}"
