"""Turns a stream of payloads into verdicts, remembering every meter's newest accepted reading.

No input or output: the service feeds it, stores what it accepts and sends the acknowledgements.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from typing import Final

from oracle.acceptance import judge_order, judge_registers, judge_signature, judge_step, judge_time
from oracle.meters import Meter, MeterBook, Point, point_of
from protocol.ack import Status
from protocol.eip712 import Domain
from protocol.errors import MalformedRecord
from protocol.keccak import keccak256
from protocol.reading import Reading, SignedReading, parse_payload
from protocol.topics import parse_reading_topic

TEXT_KEPT_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Refusal:
    """A payload that was not stored as a reading, and why; at most 256 bytes of it are kept."""

    topic: str
    payload: bytes
    status: Status
    reason: str
    meter_id: bytes | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What is stored around a sequence number: the same one, the nearest below and above."""

    same: SignedReading | None
    before: SignedReading | None
    after: SignedReading | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one payload.

    Attributes:
        topic: MQTT topic it came on.
        payload: as received.
        signed: the parsed reading, None if malformed.
        record_hash: hash of the record, which the acknowledgement answers.
        status: accepted, or the reason of the refusal.
        repeated: accepted before; acknowledged again, not stored again.
        older: its seq lies below a stored one, so the stored neighbours must decide (`settle`).
        detail: more about the refusal, for people.
    """

    topic: str
    payload: bytes
    signed: SignedReading | None
    record_hash: bytes
    status: Status
    repeated: bool = False
    older: bool = False
    detail: str = ""

    @property
    def is_new(self) -> bool:
        """Whether it is a reading to be stored."""
        return self.status is Status.ACCEPTED and not self.repeated and not self.older

    def refusal(self) -> Refusal:
        """Return what is stored of a refused payload."""
        reading = self.signed.reading if self.signed else None
        return Refusal(
            _storable(self.topic),
            self.payload,
            self.status,
            _storable(self.detail or self.status.words),
            reading.meter_id if reading else None,
            reading.seq if reading else None,
        )


class Judge:
    """Applies the acceptance rules in the order in which payloads arrive.

    Args:
        domain: EIP-712 domain of the Registry.
        interval_seconds: length of an interval, seconds.
        meters: what the Registry says; the owner keeps it up to date.
        enrolled: ids of the meters whose secret this node holds; without it no leaf can be salted.
        latest: every meter's newest accepted reading; kept up to date here.
        latest_time: gives the latest second that a reading may state.
        reported: gives a meter's registers as last reported on the chain. They replace what is stored up to
            them, so that a node that heard something else then can go on with the others.
    """

    def __init__(
        self,
        domain: Domain,
        interval_seconds: int,
        meters: MeterBook,
        enrolled: Container[bytes],
        latest: dict[bytes, SignedReading],
        latest_time: Callable[[], int],
        reported: Callable[[bytes], Point | None] = lambda _: None,
    ) -> None:
        self._domain = domain
        self._interval_seconds = interval_seconds
        self._meters = meters
        self._enrolled = enrolled
        self._latest = latest
        self._latest_time = latest_time
        self._reported = reported

    def newest(self, meter_id: bytes) -> SignedReading | None:
        """Return a meter's newest accepted reading."""
        return self._latest.get(meter_id)

    def remember_newest(self, meter_id: bytes, newest: SignedReading | None) -> None:
        """Go on from another reading of a meter, because newer ones are void."""
        if newest is None:
            self._latest.pop(meter_id, None)
        else:
            self._latest[meter_id] = newest

    def judge(self, topic: str, payload: bytes) -> Verdict:
        """Judge one payload; an accepted reading becomes its meter's newest."""
        try:
            signed = parse_payload(payload)
        except MalformedRecord as error:
            return Verdict(topic, payload, None, b"", Status.MALFORMED, detail=str(error))
        reading = signed.reading
        verdict = Verdict(topic, payload, signed, keccak256(signed.record()), Status.ACCEPTED)
        try:
            if parse_reading_topic(topic) != reading.meter_id:
                return replace(verdict, status=Status.WRONG_TOPIC)
        except MalformedRecord as error:
            return replace(verdict, status=Status.WRONG_TOPIC, detail=str(error))
        if reading.seq == 0:
            return replace(
                verdict, status=Status.MALFORMED, detail="a meter's first reading has seq 1, not 0"
            )
        newest = self._latest.get(reading.meter_id)
        if newest == signed:
            # its signature was verified when it was new
            return replace(verdict, repeated=True)
        meter = self._meters.get(reading.meter_id)
        if meter is not None and reading.meter_id not in self._enrolled:
            return replace(verdict, status=Status.UNKNOWN_METER, detail="not enrolled with this node")
        status = judge_signature(signed, self._domain, meter, self._interval_seconds)
        if status is not Status.ACCEPTED or meter is None:
            return replace(verdict, status=status)
        return self._judge_signed(verdict, signed, meter)

    def _judge_signed(self, verdict: Verdict, signed: SignedReading, meter: Meter) -> Verdict:
        reading = signed.reading
        newest = self._latest.get(reading.meter_id)
        if newest is not None and reading.seq <= newest.reading.seq:
            if reading.seq < newest.reading.seq:
                return replace(verdict, older=True)
            return _judge_repeat(verdict, signed, newest)
        status = judge_time(reading, meter, self._latest_time())
        if status is Status.ACCEPTED:
            status = judge_registers(reading, meter, self._before(reading, meter, newest), None)
        if status is Status.ACCEPTED:
            self._latest[reading.meter_id] = signed
            return verdict
        return replace(verdict, status=status)

    def settle(self, verdict: Verdict, neighbours: Neighbours) -> Verdict:
        """Decide a verdict marked `older` by what is stored around it: a repeat, back-fill, or refused."""
        signed = verdict.signed
        if signed is None:
            return verdict
        reading = signed.reading
        verdict = replace(verdict, older=False)
        if neighbours.same is not None:
            return _judge_repeat(verdict, signed, neighbours.same)
        meter = self._meters.get(reading.meter_id)
        if meter is None:
            return replace(verdict, status=Status.UNKNOWN_METER)
        status = judge_time(reading, meter, self._latest_time())
        if status is Status.ACCEPTED:
            status = judge_registers(
                reading,
                meter,
                self._before(reading, meter, neighbours.before),
                point_of(neighbours.after.reading) if neighbours.after else None,
            )
        return replace(verdict, status=status)

    def _before(self, reading: Reading, meter: Meter, stored: SignedReading | None) -> Point:
        """Return the point that a reading must fit to: the stored one before it, unless reported since."""
        reported = self._reported(meter.meter_id)
        if reported is not None and (stored is None or stored.reading.seq <= reported.seq < reading.seq):
            return reported
        return point_of(stored.reading) if stored else meter.opening

    def adopt(self, signed: SignedReading, neighbours: Neighbours) -> Status:
        """Judge a reading that a peer holds, by what is stored around it.

        A suspension since its acceptance there does not undo it. Beside what is stored only its order counts:
        whoever holds what lies between two readings sees smaller steps, and must not be contradicted for it.
        An accepted one may become its meter's newest.
        """
        reading = signed.reading
        meter = self._meters.get(reading.meter_id)
        if reading.seq == 0:
            return Status.MALFORMED
        if meter is None or reading.meter_id not in self._enrolled:
            return Status.UNKNOWN_METER
        status = judge_signature(
            signed, self._domain, replace(meter, suspended=False), self._interval_seconds
        )
        if status is Status.ACCEPTED and neighbours.same is not None:
            same = neighbours.same.reading == reading
            return Status.ACCEPTED if same else Status.CONTRADICTS_STORED
        if status is Status.ACCEPTED:
            status = judge_time(reading, meter, self._latest_time())
        if status is Status.ACCEPTED:
            here = point_of(reading)
            status = judge_order(self._before(reading, meter, neighbours.before), here)
            if status is Status.ACCEPTED and neighbours.after is not None:
                status = judge_order(here, point_of(neighbours.after.reading))
            if status is Status.ACCEPTED:
                status = judge_step(meter.opening, here, meter)
        newest = self._latest.get(reading.meter_id)
        if status is Status.ACCEPTED and (newest is None or newest.reading.seq < reading.seq):
            self._latest[reading.meter_id] = signed
        return status


def _judge_repeat(verdict: Verdict, signed: SignedReading, stored: SignedReading) -> Verdict:
    if signed.reading == stored.reading:
        return replace(verdict, repeated=True)
    return replace(verdict, status=Status.CONTRADICTS_STORED)


def _storable(text: str) -> str:
    """Return text that a stranger chose as PostgreSQL and a log can take it: short and without NUL."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:TEXT_KEPT_CHARACTERS]
