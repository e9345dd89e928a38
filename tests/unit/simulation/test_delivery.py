"""Delivery: oldest first, bounded, repeated until enough nodes answer; only known nodes count."""

import pytest

from protocol.ack import Status, encode_ack
from protocol.eip712 import Domain
from protocol.errors import BadSignature, ConfigurationError, MalformedRecord
from protocol.keccak import keccak256
from protocol.keys import SigningKey
from protocol.reading import Reading
from simulation.publishing.delivery import ATTEMPTS, FIRST_PATIENCE_SECONDS, LAST_PATIENCE_SECONDS, Delivery
from simulation.publishing.outbox import Outgoing, Queued, Refused

DOMAIN = Domain(31337, b"\x11" * 20)
DEVICE = SigningKey(b"\x05" * 32)
NODES = [SigningKey(bytes([i]) * 32) for i in (1, 2, 3)]
METER = b"\xaa" * 32


def reading(seq: int) -> Reading:
    return Reading(METER, seq, 1000 * seq, 1000, 0, 0, 10 * seq, 0)


def queue(count: int) -> list[Queued]:
    return [
        Queued(100 + seq, Outgoing(METER, seq, reading(seq).sign(DEVICE, DOMAIN).record()))
        for seq in range(1, count + 1)
    ]


def record_hash(one: Reading) -> bytes:
    return keccak256(one.sign(DEVICE, DOMAIN).record())


def answer(seq: int, node: SigningKey = NODES[0], status: Status = Status.ACCEPTED) -> bytes:
    return encode_ack(METER, seq, record_hash(reading(seq)), status, node, DOMAIN)


def delivery(count: int, *, nodes: int = 1, quorum: int = 1, max_in_flight: int = 100) -> Delivery:
    made = Delivery(DOMAIN, [node.address for node in NODES[:nodes]], quorum, max_in_flight)
    made.add(queue(count))
    return made


def sequence(outgoing: list[Outgoing]) -> list[int]:
    return [one.seq for one in outgoing]


def test_readings_go_out_oldest_first_and_bounded():
    d = delivery(5, max_in_flight=2)
    assert d.due(0.0) == (([one.outgoing for one in queue(2)]), False)
    assert sequence(d.due(0.1).readings) == []
    assert d.acknowledge(METER, answer(2))
    assert sequence(d.due(0.2).readings) == [3]
    assert (d.outstanding, d.oldest) == (4, 1000)


def test_an_accepted_reading_is_finished_once():
    d = delivery(2)
    d.due(0.0)
    assert d.acknowledge(METER, answer(1))
    assert not d.acknowledge(METER, answer(1))
    assert d.has_finished
    assert d.take_finished() == ([101], [])
    assert not d.has_finished
    assert d.take_finished() == ([], [])
    assert (d.outstanding, d.oldest) == (1, 2000)


def test_unanswered_readings_are_repeated_with_growing_patience():
    d = delivery(1)
    d.due(0.0)
    now, waits = 0.0, []
    for _ in range(4):
        sent = now
        while not d.due(now).again:
            now += 0.25
        waits.append(now - sent)
    assert waits == [FIRST_PATIENCE_SECONDS, 4.0, LAST_PATIENCE_SECONDS, LAST_PATIENCE_SECONDS]


def test_after_a_lost_connection_everything_unanswered_goes_out_again_at_once_in_order():
    d = delivery(3)
    d.due(0.0)
    d.acknowledge(METER, answer(2))
    d.connection_lost()
    batch = d.due(0.01)
    assert (sequence(batch.readings), batch.again) == ([1, 3], True)


def test_a_quorum_of_different_nodes_is_needed():
    d = delivery(1, nodes=3, quorum=2)
    d.due(0.0)
    d.acknowledge(METER, answer(1, NODES[0]))
    d.acknowledge(METER, answer(1, NODES[0]))
    assert d.outstanding == 1
    d.acknowledge(METER, answer(1, NODES[2]))
    assert d.take_finished() == ([101], [])


def test_a_reading_is_refused_when_the_quorum_is_out_of_reach():
    d = delivery(1, nodes=3, quorum=2)
    d.due(0.0)
    d.acknowledge(METER, answer(1, NODES[0], Status.REGISTER_FELL))
    assert d.outstanding == 1
    d.acknowledge(METER, answer(1, NODES[1], Status.REGISTER_FELL))
    refused = Refused(101, queue(1)[0].outgoing, "register fell")
    assert d.take_finished() == ([], [refused])
    assert d.outstanding == 0


def test_a_node_that_accepts_later_takes_its_refusal_back():
    d = delivery(1, nodes=2, quorum=2)
    d.due(0.0)
    d.acknowledge(METER, answer(1, NODES[0]))
    d.acknowledge(METER, answer(1, NODES[0], Status.REGISTER_FELL))
    assert d.outstanding == 1
    d.acknowledge(METER, answer(1, NODES[1]))
    assert d.take_finished()[0] == [101]


@pytest.mark.parametrize("status", [s for s in Status if s.may_pass])
def test_a_passing_refusal_is_tried_again_some_times_and_then_believed(status: Status):
    d = delivery(1)
    now, published = 0.0, 0
    while d.outstanding:
        if d.due(now).readings:
            published += 1
            d.acknowledge(METER, answer(1, status=status))
        now += 0.25
    assert published == ATTEMPTS
    assert [refused.reason for refused in d.take_finished()[1]] == [status.words]


def test_many_nodes_that_hesitate_at_once_do_not_use_up_the_attempts():
    """Three nodes that missed the clock answer three times as often as one."""
    d = delivery(1, nodes=3, quorum=2)
    for attempt in range(ATTEMPTS - 1):
        d.due(attempt * LAST_PATIENCE_SECONDS)
        for node in NODES:
            d.acknowledge(METER, answer(1, node, Status.BEYOND_CLOCK))
    assert d.outstanding == 1
    for node in NODES[:2]:
        d.acknowledge(METER, answer(1, node))
    assert d.take_finished() == ([101], [])


@pytest.mark.parametrize("order", [NODES[:2], NODES[1::-1]])
def test_one_node_that_hesitates_is_named_whatever_the_others_say(order: list[SigningKey]):
    d = delivery(1, nodes=3, quorum=2)
    d.due(0.0)
    for node in order:
        d.acknowledge(METER, answer(1, node, Status.BEYOND_CLOCK if node is NODES[0] else Status.ACCEPTED))
    assert d.hesitation == Status.BEYOND_CLOCK.words
    d.acknowledge(METER, answer(1, NODES[0]))
    assert d.hesitation is None


def test_a_long_silence_does_not_make_a_passing_refusal_final():
    d = delivery(1)
    for turn in range(4 * ATTEMPTS):
        d.due(turn * LAST_PATIENCE_SECONDS)
    d.acknowledge(METER, answer(1, status=Status.BEYOND_CLOCK))
    assert d.outstanding == 1
    assert not d.has_finished


def test_a_passing_refusal_that_passes_is_forgotten():
    d = delivery(1)
    d.due(0.0)
    d.acknowledge(METER, answer(1, status=Status.BEYOND_CLOCK))
    assert sequence(d.due(FIRST_PATIENCE_SECONDS).readings) == [1]
    d.acknowledge(METER, answer(1))
    assert d.take_finished() == ([101], [])


def test_only_known_nodes_count():
    d = delivery(1)
    d.due(0.0)
    with pytest.raises(BadSignature, match="no known node"):
        d.acknowledge(METER, answer(1, NODES[1]))
    assert d.outstanding == 1


def test_an_answer_to_another_reading_of_the_same_number_does_not_count():
    d = delivery(1)
    d.due(0.0)
    other = Reading(METER, 1, 1000, 1000, 0, 0, 11, 0)
    forged = encode_ack(METER, 1, record_hash(other), Status.ACCEPTED, NODES[0], DOMAIN)
    with pytest.raises(BadSignature):
        d.acknowledge(METER, forged)


@pytest.mark.parametrize(
    "payload", [b"", b"\x00" * 75, b"\x01" * 74, answer(1)[:9] + b"\xff" + answer(1)[10:]]
)
def test_what_is_no_acknowledgement_is_refused(payload: bytes):
    d = delivery(1)
    d.due(0.0)
    with pytest.raises(MalformedRecord):
        d.acknowledge(METER, payload)


def test_answers_to_unknown_readings_are_not_even_verified():
    d = delivery(1)
    d.due(0.0)
    assert not d.acknowledge(METER, answer(9)[:10] + bytes(65))
    assert not d.acknowledge(b"\xbb" * 32, answer(1))


@pytest.mark.parametrize("quorum", [0, 2])
def test_a_quorum_that_the_nodes_cannot_reach_is_refused(quorum: int):
    with pytest.raises(ConfigurationError, match="from 1 to the number of nodes"):
        delivery(1, nodes=1, quorum=quorum)
