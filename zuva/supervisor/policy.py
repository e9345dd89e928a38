"""When a service may start, whether it starts again after it ended, and when: pure decisions over values."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

EXIT_CONFIGURATION = 2


class State(Enum):
    """Where a service is in its life."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    BACKING_OFF = "backing off"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True)
class Spec:
    """One service.

    Attributes:
        name: of the command `zuva NAME` and of its log.
        after: services that must be ready, or done, before this one starts.
        after_if_well: services it also waits for, but not for one that crashed or was refused.
        one_shot: it ends by itself with exit code 0 when its work is done.
        command: arguments after the interpreter; the default runs `zuva NAME`.
        stop_seconds: how long it may take to stop before it is killed.
        environment: variables of this service alone; they stand over those that all services share.
    """

    name: str
    after: tuple[str, ...] = ()
    one_shot: bool = False
    command: tuple[str, ...] = ()
    stop_seconds: float = 15.0
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    after_if_well: tuple[str, ...] = ()


@dataclass(frozen=True)
class BackOff:
    """Exponential back-off between restarts, in seconds.

    A service that ran for `stable` seconds is taken as well again: the next restart waits `first` seconds.
    """

    first: float = 0.25
    factor: float = 2.0
    longest: float = 15.0
    stable: float = 30.0

    def delay(self, crashes_in_a_row: int) -> float:
        """Return the wait after so many crashes in a row (1 for the first)."""
        return float(min(self.longest, self.first * self.factor ** min(crashes_in_a_row - 1, 32)))


@dataclass(frozen=True)
class Again:
    """Start the service again after `delay` seconds."""

    delay: float


@dataclass(frozen=True)
class Finished:
    """The service's work is done."""


@dataclass(frozen=True)
class Refusal:
    """The service refuses its configuration; starting it again would change nothing."""


Decision = Again | Finished | Refusal


@dataclass
class Restarts:
    """Counts one service's crashes and decides what follows each end."""

    spec: Spec
    back_off: BackOff = field(default_factory=BackOff)
    in_a_row: int = 0
    total: int = 0

    def ended(self, code: int, ran_seconds: float) -> Decision:
        """Decide what follows an end with exit code `code` (negative: killed by that signal)."""
        if code == 0 and self.spec.one_shot:
            return Finished()
        if code == EXIT_CONFIGURATION:
            return Refusal()
        if ran_seconds >= self.back_off.stable:
            self.in_a_row = 0
        self.in_a_row += 1
        self.total += 1
        return Again(self.back_off.delay(self.in_a_row))


def may_start(spec: Spec, states: Mapping[str, State], once_ready: Collection[str]) -> bool:
    """Say whether everything `spec` comes after has been ready once, or is done.

    A dependency that crashed later is waited for by the service itself, so it holds up no start.
    """
    awaited = [name for name in spec.after if name in states]
    awaited += [
        name
        for name in spec.after_if_well
        if name in states and states[name] not in {State.BACKING_OFF, State.REFUSED}
    ]
    return all(states[name] is State.DONE or name in once_ready for name in awaited)


def stop_waves(specs: Sequence[Spec]) -> list[list[str]]:
    """Return the names in the order of stopping; those of one wave stop at the same time.

    A service stops only after all that come after it have stopped.
    """
    left = {spec.name: spec for spec in specs}
    waves = []
    while left:
        needed = {name for spec in left.values() for name in (*spec.after, *spec.after_if_well)}
        wave = [name for name in left if name not in needed]
        if not wave:
            raise ValueError(f"services wait for each other in a circle: {', '.join(left)}")
        waves.append(wave)
        for name in wave:
            del left[name]
    return waves


def words_of_exit(code: int) -> str:
    """Say in words how a process ended."""
    return f"killed by signal {-code}" if code < 0 else f"ended with code {code}"
