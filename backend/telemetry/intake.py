"""Which messages count, and what of them waits for the database. No input or output, clocks are handed in.

Telemetry is unsigned: anybody who may publish can pretend to be a meter. So nothing here grows with what is
sent, only with the number of registered meters and a fixed queue, and a message of a stranger costs one look
into a dictionary.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from backend.telemetry.settings import TelemetrySettings
from protocol.clock import SteppedClock, parse_clock
from protocol.errors import MalformedRecord
from protocol.telemetry import MeterState, parse_state
from protocol.topics import CLOCK_TOPIC, HOMES_STATUS_TOPIC, state_topic, status_topic

_STATUSES: Final = {b"online": True, b"offline": False}
_DAY: Final = 86_400
_CLOCK_AHEAD: Final = 366 * _DAY
"""A community clock further ahead of this machine's is a mistake, and would drop the whole history."""


class Drop(StrEnum):
    """Why a message does not count."""

    MALFORMED = "malformed"
    UNKNOWN_METER = "unknown meter"
    TOO_FAST = "too fast"
    FUTURE = "from the future"
    TOO_OLD = "too old"
    OUT_OF_ORDER = "out of order"
    REPEATED = "repeated"
    QUEUE_FULL = "queue full"
    DAY_FULL = "day full"


@dataclass(slots=True)
class Line:
    """One registered meter: its number in the store, its newest state's time, and what it may still send.

    Attributes:
        number: stands for the meter in the store.
        simulated: whether it is one of the simulated homes, which share one connection and its last will.
        time: community time of its newest state, -1 before the first.
        allowance: states it may send at once, refilled with real time.
        heard: monotonic seconds of the last refill.
        online: what it said itself; None before.
    """

    number: int
    simulated: bool
    time: int
    allowance: float
    heard: float = 0.0
    online: bool | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A registered meter as the store has it: its id, its number there, the time of its newest state."""

    meter_id: bytes
    number: int
    time: int | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """What is written at once: states for the history, newest states and statuses by meter number."""

    history: tuple[tuple[int, MeterState], ...]
    newest: dict[int, MeterState]
    statuses: dict[int, bool]

    def __bool__(self) -> bool:
        return bool(self.history or self.newest or self.statuses)


@dataclass(slots=True)
class Intake:
    """Judges messages and keeps what passed until it is written.

    Attributes:
        settings: the bounds.
        taken: states that passed.
        stored: states written to the history.
        dropped: messages that did not count, by reason.
    """

    settings: TelemetrySettings
    taken: int = 0
    stored: int = 0
    dropped: Counter[Drop] = field(default_factory=Counter)
    _lines: dict[str, Line] = field(default_factory=dict)
    _status_lines: dict[str, Line] = field(default_factory=dict)
    _homes_online: bool = True
    _clock: SteppedClock = field(default_factory=SteppedClock)
    _history: list[tuple[int, MeterState]] = field(default_factory=list)
    _newest: dict[int, MeterState] = field(default_factory=dict)
    _statuses: dict[int, bool] = field(default_factory=dict)
    _days: Counter[int] = field(default_factory=Counter)

    @property
    def meters(self) -> int:
        """How many meters are listened to."""
        return len(self._lines)

    @property
    def clock(self) -> int | None:
        """The community clock last heard, unix seconds; None if it was never heard."""
        return self._clock.now() or None

    def community_time(self, wall: int) -> int:
        """Return the community's time: the stepped clock where one is heard, else the wall clock."""
        return self._clock.now() or wall

    def restore(self, clock: int | None, days: dict[int, int]) -> None:
        """Take over the clock heard and the rows per UTC day as the store has them."""
        self._clock.step(clock or 0)
        self._days = Counter(days) + Counter(state.time // _DAY for _, state in self._history)

    def admit(self, meters: Iterable[Known]) -> None:
        """Listen to registered meters.

        States that wait and are stored already are forgotten: their write had succeeded unnoticed.
        """
        stored: dict[int, int] = {}
        for meter in meters:
            stored[meter.number] = -1 if meter.time is None else meter.time
            topic = state_topic(meter.meter_id)
            line = self._lines.get(topic)
            if line is None:
                line = Line(meter.number, meter.simulated, -1, 2 * self.settings.states_per_second)
                self._lines[topic] = self._status_lines[status_topic(meter.meter_id)] = line
            line.time = max(line.time, stored[meter.number])
        self._history = [(n, state) for n, state in self._history if state.time > stored.get(n, -1)]

    def hear(self, topic: str, payload: bytes, *, wall: int, monotonic: float) -> None:
        """Judge one message.

        Args:
            topic: its topic.
            payload: its bytes.
            wall: unix seconds of this machine.
            monotonic: seconds of a clock that only runs forward.
        """
        line = self._lines.get(topic)
        if line is not None:
            dropped = self._take_state(line, payload, wall, monotonic)
        elif (line := self._status_lines.get(topic)) is not None:
            dropped = self._take_status(line, payload)
        elif topic == HOMES_STATUS_TOPIC:
            dropped = self._take_homes_status(payload)
        elif topic == CLOCK_TOPIC:
            dropped = self._take_clock(payload, wall)
        else:
            dropped = Drop.UNKNOWN_METER
        if dropped is not None:
            self.dropped[dropped] += 1

    def batch(self) -> Batch:
        """Return what waits; it goes on waiting until `written`."""
        return Batch(tuple(self._history), dict(self._newest), dict(self._statuses))

    def written(self, batch: Batch) -> None:
        """Forget what was written; what came meanwhile stays."""
        self.stored += len(batch.history)
        del self._history[: len(batch.history)]
        for number, state in batch.newest.items():
            if self._newest.get(number) is state:
                del self._newest[number]
        for number, online in batch.statuses.items():
            if self._statuses.get(number) is online:
                del self._statuses[number]

    def forget_day(self, day: int) -> None:
        """Note that a UTC day was dropped from the history."""
        self._days.pop(day, None)
        self._history = [(n, state) for n, state in self._history if state.time // _DAY != day]

    def _take_state(self, line: Line, payload: bytes, wall: int, monotonic: float) -> Drop | None:
        rate = self.settings.states_per_second
        line.allowance = min(2 * rate, line.allowance + rate * (monotonic - line.heard))
        line.heard = monotonic
        if line.allowance < 1:
            return Drop.TOO_FAST
        line.allowance -= 1
        try:
            state = parse_state(payload)
        except MalformedRecord:
            return Drop.MALFORMED
        dropped = self._judge_time(line, state.time, wall)
        if dropped is not None:
            return dropped
        line.time = state.time
        self.taken += 1
        self._newest[line.number] = state
        return self._keep(line, state)

    def _judge_time(self, line: Line, time: int, wall: int) -> Drop | None:
        if time == line.time:
            return Drop.REPEATED
        if time < line.time:
            return Drop.OUT_OF_ORDER
        kept = self.settings.retention_days * _DAY
        now = self.community_time(wall)
        # a stepped clock stands still between steps and while nodes are away; homes near the present go on
        latest = max(now, wall) if now >= wall - kept else now
        if time > latest + self.settings.future_seconds:
            return Drop.FUTURE
        if time < now - kept:
            return Drop.TOO_OLD
        if line.time >= 0 and time < line.time + self.settings.min_period_seconds:
            return Drop.TOO_FAST
        return None

    def _keep(self, line: Line, state: MeterState) -> Drop | None:
        """Queue a state for the history; without room it is shown, but not kept."""
        if len(self._history) >= self.settings.pending_states:
            return Drop.QUEUE_FULL
        day = state.time // _DAY
        if self._days[day] >= self.settings.rows_per_day:
            return Drop.DAY_FULL
        self._days[day] += 1
        self._history.append((line.number, state))
        return None

    def _take_status(self, line: Line, payload: bytes) -> Drop | None:
        online = _STATUSES.get(payload)
        if online is None:
            return Drop.MALFORMED
        line.online = online
        self._statuses[line.number] = self._is_online(line)
        return None

    def _take_homes_status(self, payload: bytes) -> Drop | None:
        online = _STATUSES.get(payload)
        if online is None:
            return Drop.MALFORMED
        if online is not self._homes_online:
            self._homes_online = online
            self._statuses |= {
                line.number: self._is_online(line)
                for line in self._lines.values()
                if line.simulated and line.online is not None
            }
        return None

    def _is_online(self, line: Line) -> bool:
        return bool(line.online) and (self._homes_online or not line.simulated)

    def _take_clock(self, payload: bytes, wall: int) -> Drop | None:
        try:
            time = parse_clock(payload)
        except MalformedRecord:
            return Drop.MALFORMED
        if time > wall + _CLOCK_AHEAD:
            return Drop.FUTURE
        self._clock.step(time)
        return None
