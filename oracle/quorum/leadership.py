"""Whose turn it is to propose. Pure: the caller brings the time.

Of interval t, in round r, the leader is `sorted(oracle addresses)[(t + r) % n]`. Rounds count from the
moment this node saw that the interval was due and first in line, so a leader that does not deliver is
followed by the next. Nodes known to be away are passed over at once, and so is for a while one that let its
round pass although another could deliver. Two nodes that differ about the round do no harm: the chain takes
one report, the other side adopts it.
"""

from collections.abc import Collection, Hashable, Sequence
from typing import Final

LAPSE_SECONDS: Final = 60.0


class Leadership:
    """Turns of one node's view.

    Args:
        me: this node's address.
        round_seconds: how long a leader has before the next one's turn.
    """

    def __init__(self, me: bytes, round_seconds: float) -> None:
        self._me = me
        self._round_seconds = round_seconds
        self._front: Hashable = None
        self._since = 0.0
        self._nominated: set[bytes] = set()
        self._lapsed_until: dict[bytes, float] = {}

    def leader(
        self, front: tuple[int, ...], oracles: Sequence[bytes], alive: Collection[bytes], now: float
    ) -> bytes:
        """Return who proposes at the moment.

        Args:
            front: what waits first, the interval leading; a new front begins its first round.
            oracles: the oracles' addresses, ascending.
            alive: addresses of the peers that are known to be there.
            now: seconds of any steady clock.
        """
        if front != self._front:
            self._settle(now)
            self._front = front
            self._since = now
        order = [oracles[(front[0] + step) % len(oracles)] for step in range(len(oracles))]
        there = [each for each in order if each == self._me or each in alive]
        willing = [each for each in there if self._lapsed_until.get(each, now) <= now]
        candidates = willing or there
        turn = self.turn(now)
        self._nominated |= set(candidates[:turn])
        return candidates[turn % len(candidates)]

    def turn(self, now: float) -> int:
        """Return the number of the round, counted from 0."""
        return int((now - self._since) / self._round_seconds)

    def begin_round_anew(self, now: float) -> None:
        """Forget that time passed: nobody failed, the work just could not be done yet."""
        self._since = now
        self._nominated.clear()

    def _settle(self, now: float) -> None:
        """The front moved on: whoever let a round of the old one pass is passed over for a while."""
        for each in self._nominated - {self._me}:
            self._lapsed_until[each] = now + LAPSE_SECONDS
        self._nominated.clear()
