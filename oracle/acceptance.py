"""Acceptance rules: may this reading be stored? Pure, on integers, between two stored neighbours.

The rules are those every node applies alike: known active meter, signature of its key in that interval,
known flags, time not before registration nor beyond the community clock, and time and registers that fit
between the neighbours by sequence number, growing no faster than the meter's capacities allow.

Growth is also judged from the opening registers, because many small steps could each gain by rounding; before
it is reported, from the registers last reported, which are the same at every node.
"""

from oracle.meters import Meter, Point, point_of
from protocol.ack import Status
from protocol.eip712 import Domain
from protocol.errors import BadSignature
from protocol.intervals import interval_of
from protocol.reading import FLAG_MASK, Reading, SignedReading

# Meters round to whole Wh and clocks drift: 5 % above the rated power, and 1 Wh, still count as possible.
CAPACITY_MARGIN_PERCENT = 105
ROUNDING_WH = 1


def judge_signature(
    signed: SignedReading, domain: Domain, meter: Meter | None, interval_seconds: int
) -> Status:
    """Judge who signed: the meter must be known and active, and its key of that interval must have signed."""
    if meter is None:
        return Status.UNKNOWN_METER
    if meter.suspended:
        return Status.SUSPENDED_METER
    try:
        signer = signed.signer(domain)
    except BadSignature:
        return Status.BAD_SIGNATURE
    if signer != meter.key_at(interval_of(signed.reading.timestamp, interval_seconds)):
        return Status.BAD_SIGNATURE
    return Status.ACCEPTED


def judge_time(reading: Reading, meter: Meter, latest: int) -> Status:
    """Judge flags and time against the registration and the `latest` second the community clock allows."""
    if reading.flags & ~FLAG_MASK:
        return Status.UNKNOWN_FLAGS
    if reading.timestamp > latest:
        return Status.BEYOND_CLOCK
    if reading.timestamp <= meter.opening.timestamp:
        return Status.BEFORE_REGISTRATION
    return Status.ACCEPTED


def judge_registers(reading: Reading, meter: Meter, before: Point, after: Point | None) -> Status:
    """Judge whether time and registers fit between the stored neighbours by sequence number.

    Args:
        reading: the new reading; its seq lies strictly between the neighbours'.
        meter: for its capacities.
        before: nearest stored reading with a lower seq, or the opening registers.
        after: nearest stored reading with a higher seq, if the new one is back-fill.
    """
    here = point_of(reading)
    status = judge_step(before, here, meter)
    if status is Status.ACCEPTED and after is not None:
        status = judge_step(here, after, meter)
    if status is Status.ACCEPTED:
        status = judge_step(meter.opening, here, meter)
    return status


def judge_step(earlier: Point, later: Point, meter: Meter) -> Status:
    """Judge one step between two points of a meter, `earlier` having the lower seq."""
    status = judge_order(earlier, later)
    if status is not Status.ACCEPTED:
        return status
    seconds = later.timestamp - earlier.timestamp
    if seconds == 0:
        return Status.TIME_OUT_OF_ORDER
    generated = later.generated_wh - earlier.generated_wh
    if generated > _growth_limit_wh(meter.generation_capacity_w, seconds):
        return Status.IMPLAUSIBLE_GROWTH
    exchanged = max(later.import_wh - earlier.import_wh, later.export_wh - earlier.export_wh)
    if exchanged > _growth_limit_wh(meter.connection_capacity_w, seconds):
        return Status.IMPLAUSIBLE_GROWTH
    return Status.ACCEPTED


def judge_order(earlier: Point, later: Point) -> Status:
    """Judge whether both points can be true, `earlier` having the lower seq, as disputes do."""
    if later.timestamp < earlier.timestamp:
        return Status.TIME_OUT_OF_ORDER
    if (
        later.import_wh < earlier.import_wh
        or later.export_wh < earlier.export_wh
        or later.generated_wh < earlier.generated_wh
    ):
        return Status.REGISTER_FELL
    return Status.ACCEPTED


def _growth_limit_wh(capacity_w: int, seconds: int) -> int:
    return capacity_w * seconds * CAPACITY_MARGIN_PERCENT // 360_000 + ROUNDING_WH
