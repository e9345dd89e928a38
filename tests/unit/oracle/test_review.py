"""What a node signs of what a leader proposes, and what it says instead."""

from collections.abc import Callable
from dataclasses import replace

from oracle.backlog import Backlog
from oracle.data_set import Proposal, propose
from oracle.meters import Meter, Point, point_of
from oracle.quorum.contradiction import Contradiction, contradiction_of, is_evidence
from oracle.quorum.messages import (
    ProposalMessage,
    ProposedInterval,
    key_of,
    pack_claims,
    pack_records,
)
from oracle.quorum.review import Objection, needed, review
from protocol.eip712 import Domain
from protocol.keys import SigningKey
from protocol.reading import Reading, SignedReading

HOUR = 3600
START = 20_000 * 86_400
T = START // HOUR
DOMAIN = Domain(31337, b"\x11" * 20)
KEYS = {bytes([n]) * 32: SigningKey(bytes([n]) * 32) for n in (1, 2)}
A, B = KEYS
METERS = {
    m: Meter(m, ((0, key.address),), 6_000, 6_000, False, Point(0, START, 0, 0, 0)) for m, key in KEYS.items()
}
SECRETS = dict.fromkeys(KEYS, b"s" * 32)


def reading(meter_id: bytes, seq: int, generated_wh: int, hours: int | None = None) -> SignedReading:
    timestamp = START + (seq if hours is None else hours) * HOUR
    return Reading(meter_id, seq, timestamp, HOUR, 0, 0, generated_wh).sign(KEYS[meter_id], DOMAIN)


A1, A2, B1 = reading(A, 1, 100), reading(A, 2, 200), reading(B, 1, 50)


def backlog(*held: SignedReading) -> Backlog:
    made = Backlog(METERS, METERS, HOUR)
    for signed in held:
        made.add(signed)
    return made


def item(interval: int, *readings: SignedReading) -> ProposedInterval:
    made = propose(interval, readings, {m: Point(0, START, 0, 0, 0) for m in METERS}, SECRETS)
    return ProposedInterval(
        interval=interval,
        data_hash=made.production.data_hash,
        production_root=made.production.root,
        consumption_root=made.consumption.root,
        leaves=pack_claims(readings),
    )


def reviewed(
    proposed: ProposedInterval,
    held: Backlog,
    arrived: int | None = None,
    against: Callable[[bytes, int], Contradiction | None] = lambda *_: None,
    secrets: dict[bytes, bytes] = SECRETS,
) -> Proposal | Objection:
    mark = held.mark() if arrived is None else arrived
    return review(proposed, held.outlook(), held, mark, against, secrets)


def test_the_same_readings_are_signed() -> None:
    result = reviewed(item(T, A1, B1), backlog(A1, B1))
    assert isinstance(result, Proposal)
    assert result.production.total_wh == 150


def test_a_leaf_that_is_not_held_is_asked_for_and_ones_own_is_offered_at_once() -> None:
    result = reviewed(item(T, A1), backlog(B1))
    assert isinstance(result, Objection)
    assert (result.problem, result.missing, result.offers) == ("missing", (key_of(A1),), (B1,))


def test_a_leaf_with_other_registers_is_asked_for() -> None:
    result = reviewed(item(T, reading(A, 1, 500), B1), backlog(A1, B1))
    assert isinstance(result, Objection)
    assert result.missing == (key_of(A1),)


def test_a_reading_left_out_is_offered() -> None:
    result = reviewed(item(T, A1), backlog(A1, B1))
    assert isinstance(result, Objection)
    assert (result.problem, result.offers) == ("offers", (B1,))


def test_what_arrived_after_the_first_contact_waits_for_the_next_report() -> None:
    held = backlog(A1)
    mark = held.mark()
    held.add(B1)
    assert isinstance(reviewed(item(T, A1), held, mark), Proposal)
    assert isinstance(reviewed(item(T, A1, B1), held, mark), Proposal)


def test_an_interval_that_is_passed_over_is_offered() -> None:
    result = reviewed(item(T + 1, A2), backlog(A1, A2))
    assert isinstance(result, Objection)
    assert result.offers == (A1,)


def test_leaves_that_the_rule_does_not_choose_are_refused() -> None:
    late = reviewed(item(T, A1, A2), backlog(A1, A2))
    assert isinstance(late, Objection)
    assert (late.problem, late.leaf) == ("refused", key_of(A2))
    disordered = reviewed(item(T, B1, A1), backlog(A1, B1))
    assert isinstance(disordered, Objection)
    assert disordered.problem == "refused"


def test_roots_that_do_not_follow_from_the_leaves_are_refused() -> None:
    wrong = item(T, A1, B1).model_copy(update={"production_root": b"\x07" * 32})
    result = reviewed(wrong, backlog(A1, B1))
    assert isinstance(result, Objection)
    assert (result.problem, result.theirs) == ("refused", b"\x07" * 32)
    other_secrets = reviewed(item(T, A1, B1), backlog(A1, B1), secrets=dict.fromkeys(KEYS, b"o" * 32))
    assert isinstance(other_secrets, Objection)
    assert "secrets" in other_secrets.words


def test_a_meter_that_contradicts_itself_is_not_signed_for() -> None:
    found = contradiction_of(A1, reading(A, 1, 500), METERS)
    assert found is not None
    result = reviewed(
        item(T, A1, B1), backlog(A1, B1), against=lambda meter_id, _: found if meter_id == A else None
    )
    assert isinstance(result, Objection)
    assert result.contradictions == (found,)


def test_what_is_reported_is_not_signed_again() -> None:
    held = backlog(A1, B1)
    held.settle(T, [A1, B1])
    assert isinstance(reviewed(item(T + 1, A1, B1), held), Objection)
    assert held.registers_before(A) == point_of(A1.reading)


def test_only_statements_that_exclude_each_other_contradict() -> None:
    assert contradiction_of(A1, A2, METERS) is None
    assert contradiction_of(A1, A1, METERS) is None
    assert contradiction_of(A1, B1, METERS) is None
    # too much growth and equal seconds are misfits, which prove no lie
    assert contradiction_of(A1, reading(A, 2, 90_000), METERS) is None
    assert contradiction_of(A1, reading(A, 2, 200, 1), METERS) is None
    for other in (reading(A, 1, 101), reading(A, 2, 99), reading(A, 2, 200, 0)):
        found = contradiction_of(other, A1, METERS)
        assert found is not None
        assert {found.first, found.second} == {A1, other}
        assert is_evidence(found, DOMAIN, METERS, HOUR)


def test_evidence_counts_only_if_the_meter_signed_both_even_when_it_is_suspended() -> None:
    forged = replace(reading(A, 1, 500), signature=reading(B, 1, 500).signature)
    assert not is_evidence(
        Contradiction(*sorted((A1, forged), key=SignedReading.record)), DOMAIN, METERS, HOUR
    )
    assert not is_evidence(Contradiction(A1, A2), DOMAIN, METERS, HOUR)
    found = contradiction_of(A1, reading(A, 1, 500), METERS)
    assert found is not None
    suspended = METERS | {A: replace(METERS[A], suspended=True)}
    assert is_evidence(found, DOMAIN, suspended, HOUR)


def test_a_leaf_of_a_meter_that_is_not_enrolled_here_is_named() -> None:
    result = reviewed(item(T, A1, B1), backlog(A1, B1), secrets={A: SECRETS[A]})
    assert isinstance(result, Objection)
    assert (result.problem, result.leaf) == ("refused", key_of(B1))


def test_what_cannot_follow_the_registers_reported_waits_until_it_can() -> None:
    # stands for what a node had accepted before the chain said otherwise
    burst = reading(A, 3, 9_000)
    held = backlog(A2, burst, B1)
    held.settle(T + 1, [A2])
    assert held.outlook().waiting() == {B: [B1]}
    assert isinstance(reviewed(item(T + 2, burst, B1), held), Objection)
    held.add(reading(A, 4, 9_001))
    assert [s.reading.seq for s in held.outlook().waiting()[A]] == [4]
    fallen = backlog(reading(A, 4, 150))
    fallen.settle(T + 1, [A2])
    assert fallen.outlook().waiting() == {}
    assert fallen.outlook().next_interval() is None
    assert fallen.intervals_due(T + 9) == []


def test_only_readings_that_the_proposal_needs_are_looked_at() -> None:
    held = backlog(B1)
    other = reading(A, 1, 500)
    message = ProposalMessage(
        previous=0, intervals=[item(T, A1, B1)], records=pack_records([A1, A2, other, B1])
    )
    assert needed(message, held) == [A1]
    held.settle(T, [A1])
    assert needed(message, held) == []
