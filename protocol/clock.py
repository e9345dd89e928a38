"""The community's one clock: for acceptance, block timestamps and pages.

A live community runs on the wall clock. A replay runs on a stepped clock: whoever drives the replay publishes
`{"time": unix_seconds}` on the clock topic, on the same connection as the readings, so order is kept.
"""

import json
import time
from typing import Final

from protocol.errors import MalformedRecord, ProtocolError

CLOCK_AHEAD_SECONDS: Final = 120
"""How far a stepped clock may be ahead of this machine's, as two machines' clocks differ."""


class ClockAhead(ProtocolError):
    """A clock states a time that has not come yet: nothing can have been measured then."""


class WallClock:
    """The wall clock of this machine."""

    def now(self) -> int:
        """Return unix seconds UTC."""
        return int(time.time())


class SteppedClock:
    """A clock that stands still until it is stepped forward; it never goes back, nor ahead of the wall clock.

    Whoever may publish can step it, so it must not be led to where it never comes back from.
    """

    __slots__ = ("_now",)

    def __init__(self, start: int = 0) -> None:
        self._now = start

    def now(self) -> int:
        """Return the last step, unix seconds UTC."""
        return self._now

    def step(self, timestamp: int, wall: int) -> bool:
        """Move to `timestamp`; return False, changing nothing, if that is not later.

        Args:
            timestamp: unix seconds UTC.
            wall: what this machine's clock says, unix seconds UTC.

        Raises:
            ClockAhead: `timestamp` is more than `CLOCK_AHEAD_SECONDS` ahead of `wall`; nothing changed.
        """
        if timestamp > wall + CLOCK_AHEAD_SECONDS:
            raise ClockAhead(
                f"the community's clock is stated {timestamp - wall} s ahead of this machine's: "
                "see who publishes it, and that this machine's clock is right"
            )
        if timestamp <= self._now:
            return False
        self._now = timestamp
        return True


def encode_clock(timestamp: int) -> bytes:
    """Return the payload of the clock topic."""
    return json.dumps({"time": timestamp}).encode()


def parse_clock(payload: bytes) -> int:
    """Return the time of a clock message; raises `MalformedRecord`."""
    try:
        fields = json.loads(payload)
        timestamp = fields["time"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MalformedRecord('a clock message is {"time": <unix seconds>}') from error
    if type(timestamp) is not int or not 0 <= timestamp < 1 << 40:
        raise MalformedRecord("a clock message's time is an integer of unix seconds")
    return timestamp
