"""The community's clock as an oracle node sees it."""

import time
from typing import Final

import structlog

from protocol.clock import ClockAhead, SteppedClock, WallClock, parse_clock
from protocol.errors import MalformedRecord

_WORDS_SECONDS: Final = 60.0
"""Refused messages are logged at most this often: anybody may send many."""
log = structlog.get_logger()


class CommunityClock:
    """Wall clock, or the stepped clock of a replay, taken in the order of the stream.

    On a stepped clock an interval may close only when all readings before the step are stored, so the time of
    closing follows the last stored batch.

    Attributes:
        refused: clock messages that were malformed, or ahead of this machine's clock.
    """

    def __init__(self, *, stepped: bool) -> None:
        self._stepped = SteppedClock() if stepped else None
        self._wall = WallClock()
        self._stored = 0
        self._said_at = float("-inf")
        self.refused = 0

    @property
    def is_stepped(self) -> bool:
        """Whether a replay drives the clock."""
        return self._stepped is not None

    def now(self) -> int:
        """Return the time for acceptance, unix seconds."""
        return self._stepped.now() if self._stepped else self._wall.now()

    def closing_time(self) -> int:
        """Return the time up to which everything received is stored, unix seconds."""
        return self._stored if self._stepped else self._wall.now()

    def block_time(self) -> int | None:
        """Return the time that the next block shall carry; None where the chain keeps its own."""
        return self._stored if self._stepped else None

    def take(self, payload: bytes) -> None:
        """Take a message of the clock topic; one that cannot be true is counted and passed over."""
        try:
            timestamp = parse_clock(payload)
            if self._stepped:
                self._stepped.step(timestamp, self._wall.now())
        except (MalformedRecord, ClockAhead) as error:
            self._refuse(str(error))

    def resume(self, timestamp: int) -> None:
        """Go on from the time that was stored with everything before it, unix seconds."""
        if self._stepped:
            try:
                self._stepped.step(timestamp, self._wall.now())
            except ClockAhead as error:
                self._refuse(str(error))
                return
            self._stored = max(self._stored, timestamp)

    def _refuse(self, reason: str) -> None:
        self.refused += 1
        now = time.monotonic()
        if now - self._said_at >= _WORDS_SECONDS:
            self._said_at = now
            log.warning("clock message refused", reason=reason, refused=self.refused)

    def unstored(self) -> int | None:
        """Return the time to be stored with what was received, if it moved since the last store."""
        return self._stepped.now() if self._stepped and self._stepped.now() > self._stored else None

    def note_stored(self) -> None:
        """Note that everything received so far is stored."""
        self._stored = self.now()
