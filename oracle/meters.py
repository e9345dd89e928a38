"""What the Registry says of meters, as values the acceptance rules read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from protocol.reading import Reading


@dataclass(frozen=True, slots=True)
class Point:
    """A meter's registers at one sequence number: the neighbour that a new reading must fit to."""

    seq: int
    timestamp: int
    import_wh: int
    export_wh: int
    generated_wh: int


def point_of(reading: Reading) -> Point:
    """Return the reading's registers as a neighbour for others."""
    return Point(reading.seq, reading.timestamp, reading.import_wh, reading.export_wh, reading.generated_wh)


@dataclass(frozen=True, slots=True)
class Meter:
    """A registered meter.

    Attributes:
        meter_id: 32 bytes.
        keys: (first interval in which the key counts, 20-byte address), ascending.
        generation_capacity_w: greatest generation power, W.
        connection_capacity_w: greatest import or export power, W.
        suspended: no reading counts while a contradiction stands.
        opening: registers at registration, as if read with seq 0; a meter's first reading has seq 1.
    """

    meter_id: bytes
    keys: tuple[tuple[int, bytes], ...]
    generation_capacity_w: int
    connection_capacity_w: int
    suspended: bool
    opening: Point

    def key_at(self, interval: int) -> bytes:
        """Return the address whose signature counts in `interval`."""
        valid = self.keys[0][1]
        for from_interval, address in self.keys:
            if from_interval <= interval:
                valid = address
        return valid


MeterBook = dict[bytes, Meter]


def apply_event(book: MeterBook, name: str, arguments: Mapping[str, Any]) -> None:
    """Fold one Registry event into the book; events that say nothing of a meter are passed over."""
    if name == "MeterRegistered":
        book[arguments["meterId"]] = _registered(arguments)
    elif name == "KeyRotated":
        meter = book[arguments["meterId"]]
        kept = tuple(key for key in meter.keys if key[0] < arguments["validFromInterval"])
        rotated = (arguments["validFromInterval"], arguments["key"])
        book[meter.meter_id] = replace(meter, keys=(*kept, rotated))
    elif name in ("MeterSuspended", "MeterReinstated"):
        meter = book[arguments["meterId"]]
        book[meter.meter_id] = replace(meter, suspended=name == "MeterSuspended")


def _registered(arguments: Mapping[str, Any]) -> Meter:
    attributes = arguments["attributes"]
    return Meter(
        meter_id=arguments["meterId"],
        keys=((0, arguments["key"]),),
        generation_capacity_w=attributes["generationCapacityW"],
        connection_capacity_w=attributes["connectionCapacityW"],
        suspended=False,
        opening=Point(
            0,
            arguments["timestamp"],
            arguments["importWh"],
            arguments["exportWh"],
            arguments["generatedWh"],
        ),
    )
