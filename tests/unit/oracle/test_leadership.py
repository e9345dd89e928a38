"""Whose turn it is to propose an interval."""

import pytest

from oracle.quorum.leadership import LAPSE_SECONDS, Leadership

A, B, C = b"a" * 20, b"b" * 20, b"c" * 20
ALL = (A, B, C)


def test_the_leader_rotates_with_the_interval_and_is_the_same_for_everybody() -> None:
    for interval, expected in ((30, A), (31, B), (32, C), (33, A)):
        for me in ALL:
            others = set(ALL) - {me}
            assert Leadership(me, 2.0).leader((interval,), ALL, others, 0.0) == expected


def test_a_leader_that_does_not_deliver_is_followed_by_the_next() -> None:
    leadership = Leadership(C, 2.0)
    turns = [leadership.leader((30,), ALL, {A, B}, now) for now in (0.0, 1.9, 2.0, 4.0, 6.0)]
    assert turns == [A, A, B, C, A]


def test_a_node_known_to_be_away_is_passed_over_at_once() -> None:
    leadership = Leadership(C, 2.0)
    assert leadership.leader((30,), ALL, {B}, 0.0) == B
    assert leadership.leader((31,), ALL, set(), 0.0) == C


def test_a_node_that_let_its_round_pass_is_passed_over_for_a_while() -> None:
    leadership = Leadership(C, 2.0)
    assert leadership.leader((30,), ALL, {A, B}, 0.0) == A
    assert leadership.leader((30,), ALL, {A, B}, 2.5) == B
    assert leadership.leader((33,), ALL, {A, B}, 3.0) == B
    assert leadership.leader((36,), ALL, {A, B}, 3.0 + LAPSE_SECONDS) == A


def test_nobody_is_blamed_for_time_in_which_the_work_could_not_be_done() -> None:
    leadership = Leadership(C, 2.0)
    leadership.leader((30,), ALL, {A, B}, 0.0)
    leadership.begin_round_anew(50.0)
    assert leadership.leader((30,), ALL, {A, B}, 50.0) == A
    assert leadership.leader((33,), ALL, {A, B}, 50.5) == A


def test_if_all_have_lapsed_all_are_asked_again() -> None:
    leadership = Leadership(C, 2.0)
    leadership.leader((30,), ALL, {A, B}, 0.0)
    leadership.leader((30,), ALL, {A, B}, 7.0)
    leadership.leader((33,), ALL, {A, B}, 8.0)
    assert leadership.leader((33,), (A, B), {A, B}, 8.0) == B


@pytest.mark.parametrize("me", ALL)
def test_a_node_alone_leads_every_interval(me: bytes) -> None:
    assert {Leadership(me, 2.0).leader((t,), ALL, set(), 0.0) for t in range(6)} == {me}
