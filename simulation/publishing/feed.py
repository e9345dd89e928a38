"""What a publisher needs of those whose readings it publishes: the steps, their pace, and company."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from protocol.mqtt import BrokerLink, Will
from simulation.publishing.outbox import Outgoing


class SignedStep(NamedTuple):
    """All homes' readings of one time, signed.

    Attributes:
        end: unix seconds UTC of the readings.
        outgoing: the records.
        position: number of steps up to and with this one.
        fingerprint: what the source says of itself, compared at a restart.
        state: what the source needs to go on after this step; empty if it needs nothing.
    """

    end: int
    outgoing: list[Outgoing]
    position: int
    fingerprint: bytes
    state: bytes = b""


class Feed(Protocol):
    """Where the readings come from, step by step through time."""

    @property
    def name(self) -> str:
        """What runs, in a word: `replay` or `homes`."""

    @property
    def issued(self) -> int:
        """The number of readings in the steps up to where the outbox stood at the start."""

    @property
    def end(self) -> int:
        """Unix seconds UTC at which the last step is over; asked only when there is no further step."""

    def next_end(self) -> int | None:
        """Return the unix seconds UTC of the next step's readings, None after the last step."""

    def take(self) -> SignedStep:
        """Return the next step, signed, and move on."""

    def progress_words(self, clock: int, done: int, rate: float) -> str:
        """Say how far it is: the community's time, readings acknowledged, and how many a second."""

    def total_words(self) -> str:
        """Say what was published when all of it is, such as `576 readings of 12 homes`."""


class Timetable(Protocol):
    """When a step may be taken, and which time it is between two steps."""

    def pause(self, end: int) -> float:
        """Return the seconds until the step that ends at `end` may be taken; 0 or less if it may."""

    def stepped(self, end: int) -> None:
        """Take note that the step that ends at `end` is taken."""

    def present(self, clock: int, end: int) -> int:
        """Return the community's time now: from `clock` on, before the next step's `end`."""

    def live(self, clock: int, end: int) -> int:
        """Return the second that live values are of: the present, going on where that step must wait."""


class Company(Protocol):
    """What else goes over the connection, such as telemetry."""

    @property
    def will(self) -> Will | None:
        """The message that the broker publishes when the connection breaks."""

    def arrive(self, link: BrokerLink) -> None:
        """A connection is made."""

    def accompany(self, link: BrokerLink, now: int) -> None:
        """Called several times a second, with the second that live values are of, unix seconds UTC."""

    def leave(self, link: BrokerLink) -> None:
        """The connection will be closed in order."""


class EvenPace:
    """At least so many seconds of this machine between two steps; time stands still between them."""

    def __init__(self, seconds: float, steady: Callable[[], float]) -> None:
        self._seconds = seconds
        self._steady = steady
        self._last = float("-inf")

    def pause(self, end: int) -> float:  # noqa: ARG002 - a replay does not look at the wall clock
        """See `Timetable`."""
        return self._last + self._seconds - self._steady()

    def stepped(self, end: int) -> None:  # noqa: ARG002
        """See `Timetable`."""
        self._last = self._steady()

    def present(self, clock: int, end: int) -> int:  # noqa: ARG002
        """See `Timetable`."""
        return clock

    def live(self, clock: int, end: int) -> int:
        """See `Timetable`."""
        return self.present(clock, end)


class NoCompany:
    """Readings only."""

    will: Will | None = None

    def arrive(self, link: BrokerLink) -> None:
        """See `Company`."""

    def accompany(self, link: BrokerLink, now: int) -> None:
        """See `Company`."""

    def leave(self, link: BrokerLink) -> None:
        """See `Company`."""
