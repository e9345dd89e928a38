"""Which messages count, and what of them waits for the database. No input or output, clocks are handed in.

Telemetry is unsigned: anybody who may publish can pretend to be a meter. So nothing here grows with what is
sent, only with the number of registered meters and a fixed queue, and a message of a stranger costs one look
into a dictionary.
"""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from backend.telemetry.settings import TelemetrySettings
from protocol.clock import ClockAhead, SteppedClock, parse_clock
from protocol.errors import MalformedRecord
from protocol.telemetry import STATE_MAX_BYTES, MeterState, parse_state
from protocol.topics import CLOCK_TOPIC, HOMES_STATUS_TOPIC, state_topic, status_topic

_STATUSES: Final = {b"online": True, b"offline": False}
_DAY: Final = 86_400


class Drop(StrEnum):
    """Why a message does not count."""

    MALFORMED = "malformed"
    UNKNOWN_METER = "unknown meter"
    TOO_FAST = "too fast"
    FUTURE = "from the future"
    CLOCK_AHEAD = "clock ahead"
    TOO_OLD = "too old"
    OUT_OF_ORDER = "out of order"
    REPEATED = "repeated"
    QUEUE_FULL = "queue full"
    DAY_FULL = "day full"


class Held(NamedTuple):
    """The newest message of a meter that has no allowance left: judged when it has some again."""

    payload: bytes
    retained: bool


@dataclass(slots=True)
class Line:
    """One registered meter: its number in the store, its newest state's time, and what it may still send.

    Attributes:
        number: stands for the meter in the store.
        simulated: whether it is one of the simulated homes, which share one connection and its last will.
        time: community time that its next state must be after, -1 before the first.
        kept: community time of its newest state in the history, -1 before the first.
        allowance: states it may send at once, refilled with real time.
        heard: monotonic seconds of the last refill.
        online: what it said itself; None before, and when it did not say so again on a new connection.
        held: what waits for allowance.
    """

    number: int
    simulated: bool
    time: int
    kept: int
    allowance: float
    heard: float = 0.0
    online: bool | None = None
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A registered meter as the store has it.

    Attributes:
        meter_id: its id.
        number: its number there.
        time: of its newest state that is shown, None before the first.
        kept: time of its newest state in the history, None before the first.
        simulated: whether it is one of the simulated homes.
    """

    meter_id: bytes
    number: int
    time: int | None
    kept: int | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """What is written at once.

    Attributes:
        history: meter numbers with states for the history.
        newest: newest states by meter number.
        arrived: meters of `newest` that sent it now; the broker had kept the others', from whenever it was.
        statuses: by meter number; None where it became unknown.
    """

    history: tuple[tuple[int, MeterState], ...]
    newest: dict[int, MeterState]
    arrived: frozenset[int]
    statuses: dict[int, bool | None]

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
    _arrived: set[int] = field(default_factory=set)
    _statuses: dict[int, bool | None] = field(default_factory=dict)
    _holding: set[str] = field(default_factory=set)
    _silent_from: float | None = None
    _clock_moved: bool = False
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

    @property
    def clock_moved(self) -> bool:
        """Whether the community clock moved since the last batch was written."""
        return self._clock_moved

    def restore(self, clock: int | None, days: dict[int, int], wall: int) -> None:
        """Take over the clock heard and the rows per UTC day as the store has them."""
        with suppress(ClockAhead):
            self._clock.step(clock or 0, wall)
        self._days = Counter(days) + Counter(state.time // _DAY for _, state in self._history)

    def admit(self, meters: Iterable[Known]) -> None:
        """Listen to registered meters.

        States that wait and are stored already are forgotten: their write had succeeded unnoticed.
        """
        stored: dict[int, int] = {}
        for meter in meters:
            stored[meter.number] = -1 if meter.kept is None else meter.kept
            topic = state_topic(meter.meter_id)
            line = self._lines.get(topic)
            if line is None:
                line = Line(meter.number, meter.simulated, -1, -1, 2 * self.settings.states_per_second)
                self._lines[topic] = self._status_lines[status_topic(meter.meter_id)] = line
            line.time = max(line.time, -1 if meter.time is None else meter.time)
            line.kept = max(line.kept, stored[meter.number])
        self._history = [(n, state) for n, state in self._history if state.time > stored.get(n, -1)]

    def begin_session(self) -> None:
        """Note that a connection to the broker begins: statuses must be heard again to go on being known."""
        self._homes_online = True
        for line in self._lines.values():
            line.online = None

    def begin_silence(self, monotonic: float) -> None:
        """Note that the broker answers: a status that does not come soon from now on is unknown."""
        self._silent_from = monotonic + self.settings.status_seconds

    def pass_time(self, wall: int, monotonic: float) -> None:
        """Do what waits for time to pass.

        Meters that exceeded their allowance are judged by their newest message once they have some again,
        and statuses that were not heard again after a new connection become unknown.
        """
        for topic in list(self._holding):
            self._release(topic, self._lines[topic], wall, monotonic)
        if self._silent_from is not None and monotonic >= self._silent_from:
            self._silent_from = None
            self._statuses |= {line.number: None for line in self._lines.values() if line.online is None}

    def hear(
        self, topic: str, payload: bytes, *, wall: int, monotonic: float, retained: bool = False
    ) -> None:
        """Judge one message.

        Args:
            topic: its topic.
            payload: its bytes.
            wall: unix seconds of this machine.
            monotonic: seconds of a clock that only runs forward.
            retained: the broker had kept it, from whenever it was.
        """
        line = self._lines.get(topic)
        if line is not None:
            self._release(topic, line, wall, monotonic)
            dropped = self._take_or_hold(topic, line, Held(payload, retained), wall)
        elif (line := self._status_lines.get(topic)) is not None:
            dropped = self._take_status(line, payload)
        elif topic == HOMES_STATUS_TOPIC:
            dropped = self._take_homes_status(payload)
        elif topic == CLOCK_TOPIC:
            dropped = self._take_clock(payload, wall)
        else:
            dropped = Drop.UNKNOWN_METER
        self._count(dropped)

    def batch(self) -> Batch:
        """Return what waits; it goes on waiting until `written`."""
        return Batch(tuple(self._history), dict(self._newest), frozenset(self._arrived), dict(self._statuses))

    def written(self, batch: Batch) -> None:
        """Forget what was written; what came meanwhile stays."""
        self.stored += len(batch.history)
        self._clock_moved = False
        del self._history[: len(batch.history)]
        for number, state in batch.newest.items():
            if self._newest.get(number) is state:
                del self._newest[number]
                self._arrived.discard(number)
        for number, online in batch.statuses.items():
            if number in self._statuses and self._statuses[number] is online:
                del self._statuses[number]

    def forget_day(self, day: int) -> None:
        """Note that a UTC day was dropped from the history."""
        self._days.pop(day, None)
        self._history = [(n, state) for n, state in self._history if state.time // _DAY != day]

    def _count(self, dropped: Drop | None) -> None:
        if dropped is not None:
            self.dropped[dropped] += 1

    def _release(self, topic: str, line: Line, wall: int, monotonic: float) -> None:
        """Refill a meter's allowance, and judge what waited for it."""
        rate = self.settings.states_per_second
        line.allowance = min(2 * rate, line.allowance + rate * max(0.0, monotonic - line.heard))
        line.heard = monotonic
        if line.held is not None and line.allowance >= 1:
            held, line.held = line.held, None
            self._holding.discard(topic)
            self._count(self._take_or_hold(topic, line, held, wall))

    def _take_or_hold(self, topic: str, line: Line, message: Held, wall: int) -> Drop | None:
        if len(message.payload) > STATE_MAX_BYTES:
            return Drop.MALFORMED
        if line.allowance < 1:
            # the one that waited gives way to a newer one: what a meter sees now is never lost
            superseded, line.held = line.held, message
            self._holding.add(topic)
            return Drop.TOO_FAST if superseded else None
        line.allowance -= 1
        try:
            state = parse_state(message.payload)
        except MalformedRecord:
            return Drop.MALFORMED
        latest = self._latest(wall)
        dropped = self._judge_time(line, state.time, latest, wall)
        if dropped is not None:
            return dropped
        # a state of the near future is shown, but those that are sent until then count too
        line.time = min(state.time, latest)
        self.taken += 1
        self._newest[line.number] = state
        if message.retained:
            self._arrived.discard(line.number)
        else:
            self._arrived.add(line.number)
        return self._keep(line, state)

    def _latest(self, wall: int) -> int:
        """Return the newest time that a state can have been measured at, unix seconds.

        A stepped clock stands still between steps and while nodes are away; homes near the present go on.
        """
        now = self.community_time(wall)
        return max(now, wall) if self._is_near(now, wall) else now

    def _is_near(self, now: int, wall: int) -> bool:
        return now >= wall - self.settings.retention_days * _DAY

    def _judge_time(self, line: Line, time: int, latest: int, wall: int) -> Drop | None:
        # what was shown before may have been of the future
        line.time = min(line.time, latest)
        if time == line.time:
            return Drop.REPEATED
        if time < line.time:
            return Drop.OUT_OF_ORDER
        now = self.community_time(wall)
        settings = self.settings
        ahead = settings.future_seconds if self._is_near(now, wall) else settings.catching_up_seconds
        if time > latest + ahead:
            return Drop.FUTURE
        if time < now - settings.retention_days * _DAY:
            return Drop.TOO_OLD
        if line.time >= 0 and time < line.time + settings.min_period_seconds:
            return Drop.TOO_FAST
        return None

    def _keep(self, line: Line, state: MeterState) -> Drop | None:
        """Queue a state for the history; without room it is shown, but not kept."""
        if state.time <= line.kept:
            return Drop.REPEATED
        if len(self._history) >= self.settings.pending_states:
            return Drop.QUEUE_FULL
        day = state.time // _DAY
        if self._days[day] >= self.settings.rows_per_day:
            return Drop.DAY_FULL
        self._days[day] += 1
        line.kept = state.time
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
        try:
            self._clock_moved |= self._clock.step(time, wall)
        except ClockAhead:
            return Drop.CLOCK_AHEAD
        return None
