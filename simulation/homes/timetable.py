"""The community's time: hastens until it has caught up with the wall clock, then goes with it."""

import time
from collections.abc import Callable
from typing import Final

_AT_ONCE: Final = 0.0


class CatchingUp:
    """When steps may be taken; see `simulation.publishing.feed.Timetable`.

    Args:
        now: the community's time at the start, unix seconds UTC.
        pace: community seconds per second while behind the wall clock; 0 for as fast as possible.
        wall: unix seconds UTC.
        steady: seconds of a clock that only goes forward.
    """

    def __init__(
        self,
        now: int,
        pace: float,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pace = pace
        self._wall = wall
        self._steady = steady
        self._anchor = (now, steady())

    def pause(self, end: int) -> float:
        """See `Timetable`: no step ends in the future, and none comes before the pace allows it."""
        return max(end - self._wall(), self._paced_pause(end))

    def _paced_pause(self, end: int) -> float:
        time_then, steady_then = self._anchor
        needed = 0.0 if self._pace == _AT_ONCE else (end - time_then) / self._pace
        return needed - (self._steady() - steady_then)

    def stepped(self, end: int) -> None:
        """See `Timetable`."""
        self._anchor = (end, self._steady())

    def present(self, clock: int, end: int) -> int:
        """See `Timetable`."""
        latest = min(end - 1, int(self._wall()))
        if self._pace != _AT_ONCE:
            time_then, steady_then = self._anchor
            latest = min(latest, int(time_then + (self._steady() - steady_then) * self._pace))
        return max(clock, latest)

    def live(self, clock: int, end: int) -> int:
        """See `Timetable`; a step that is overdue as the oracle does not answer holds no home back."""
        overdue = int(-self.pause(end))
        return max(self.present(clock, end), end - 1 + overdue if overdue > 0 else clock)
