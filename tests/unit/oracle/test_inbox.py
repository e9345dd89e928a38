"""What a node holds of what the broker throws at it."""

import asyncio

from oracle.community_clock import CommunityClock
from oracle.intake import INBOX, MESSAGE_BYTES, Intake
from oracle.judge import Judge
from protocol.clock import encode_clock
from protocol.eip712 import Domain
from protocol.keys import SigningKey
from protocol.topics import CLOCK_TOPIC, reading_topic

DOMAIN = Domain(31337, b"\x11" * 20)
TOPIC = reading_topic(b"\x22" * 32)


def intake() -> Intake:
    judge = Judge(DOMAIN, 900, {}, set(), {}, lambda: 0)
    return Intake(
        "oracle-1",
        SigningKey(b"\x01" * 32),
        DOMAIN,
        judge,
        None,
        asyncio.sleep,
        CommunityClock(stepped=True),
        lambda _: None,
        asyncio.Lock(),
    )


def test_a_flood_is_dropped_and_the_clock_is_not() -> None:
    taken = intake()
    for _ in range(INBOX + 10):
        taken.hear(TOPIC, b"x")
    assert taken.dropped == 10
    taken.hear(CLOCK_TOPIC, encode_clock(900))
    assert (taken.dropped, len(taken._inbox), taken._inbox[-1][0]) == (11, INBOX, CLOCK_TOPIC)


def test_what_is_too_long_for_a_reading_is_dropped() -> None:
    taken = intake()
    taken.hear(TOPIC, bytes(MESSAGE_BYTES))
    taken.hear(TOPIC + "/" * MESSAGE_BYTES, b"")
    assert (taken.dropped, len(taken._inbox)) == (2, 0)
