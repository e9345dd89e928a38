"""Anybody on the broker may step the community's clock, but not into the future."""

import time

from oracle.community_clock import CommunityClock
from protocol.clock import encode_clock

YEAR = 365 * 86_400


def test_a_clock_ahead_of_the_wall_clock_is_refused_and_counted() -> None:
    clock = CommunityClock(stepped=True)
    wall = int(time.time())
    clock.take(encode_clock(wall + YEAR))
    clock.take(b"[]")
    assert (clock.now(), clock.refused) == (0, 2)
    clock.take(encode_clock(wall - YEAR))
    assert (clock.now(), clock.refused) == (wall - YEAR, 2)


def test_a_stored_clock_ahead_of_the_wall_clock_is_forgotten() -> None:
    clock = CommunityClock(stepped=True)
    clock.resume(int(time.time()) + YEAR)
    assert (clock.now(), clock.closing_time()) == (0, 0)
