"""What the supervisor decides, apart from processes."""

import pytest

from zuva.supervisor.listening import Notice, parse_notice
from zuva.supervisor.policy import (
    Again,
    BackOff,
    Finished,
    Refusal,
    Restarts,
    Spec,
    State,
    may_start,
    stop_waves,
)

BACK_OFF = BackOff(first=1, factor=2, longest=10, stable=30)


def test_crashes_in_a_row_wait_longer_and_longer_up_to_the_longest() -> None:
    restarts = Restarts(Spec("oracle"), BACK_OFF)
    assert [restarts.ended(1, 0.1) for _ in range(6)] == [Again(d) for d in (1, 2, 4, 8, 10, 10)]
    assert restarts.total == 6


def test_a_stable_run_begins_the_back_off_anew() -> None:
    restarts = Restarts(Spec("oracle"), BACK_OFF)
    for _ in range(4):
        restarts.ended(-9, 1)
    assert restarts.ended(1, 30) == Again(1)
    assert restarts.ended(1, 29.9) == Again(2)


def test_a_thousand_crashes_do_not_overflow() -> None:
    restarts = Restarts(Spec("oracle"), BACK_OFF)
    for _ in range(1000):
        decision = restarts.ended(1, 0)
    assert decision == Again(10)


def test_a_wrong_configuration_is_not_started_again() -> None:
    assert Restarts(Spec("oracle"), BACK_OFF).ended(2, 100) == Refusal()


def test_only_a_one_shot_is_done_when_it_ends_well() -> None:
    assert Restarts(Spec("replay", one_shot=True), BACK_OFF).ended(0, 1) == Finished()
    assert Restarts(Spec("replay", one_shot=True), BACK_OFF).ended(1, 1) == Again(1)
    assert Restarts(Spec("oracle"), BACK_OFF).ended(0, 1) == Again(1)


def test_a_service_waits_for_all_it_comes_after() -> None:
    oracle = Spec("oracle", after=("db", "provision", "elsewhere"))
    states = {"db": State.STARTING, "provision": State.DONE, "oracle": State.WAITING}
    assert not may_start(oracle, states, set())
    assert may_start(oracle, states, {"db"})
    assert may_start(oracle, states | {"db": State.BACKING_OFF}, {"db"})


def test_a_service_does_not_wait_for_a_crashed_one_of_several() -> None:
    homes = Spec("homes", after=("broker",), after_if_well=("oracle-1", "oracle-2"))
    states = {"broker": State.READY, "oracle-1": State.READY, "oracle-2": State.STARTING}
    assert not may_start(homes, states, {"broker", "oracle-1"})
    assert may_start(homes, states | {"oracle-2": State.BACKING_OFF}, {"broker", "oracle-1"})
    assert not may_start(homes, states | {"broker": State.BACKING_OFF}, {"oracle-1", "oracle-2"})
    assert stop_waves([Spec("broker"), Spec("oracle-1"), homes]) == [["homes"], ["broker", "oracle-1"]]


def test_services_stop_in_reverse_order() -> None:
    specs = [
        Spec("db"),
        Spec("chain"),
        Spec("oracle", after=("db", "chain")),
        Spec("replay", after=("oracle",)),
    ]
    assert stop_waves(specs) == [["replay"], ["oracle"], ["db", "chain"]]


def test_a_circle_of_services_is_refused() -> None:
    with pytest.raises(ValueError, match="circle"):
        stop_waves([Spec("a", after=("b",)), Spec("b", after=("a",))])


@pytest.mark.parametrize(
    ("datagram", "notice"),
    [
        (b"READY=1", Notice(True, None)),
        (b"STATUS=waiting for database", Notice(False, "waiting for database")),
        (b"READY=1\nSTATUS=a=b\nMAINPID=1", Notice(True, "a=b")),
        (b"READY=0\nnonsense\n=\n", Notice(False, None)),
        (b"STATUS=\xff", Notice(False, "\ufffd")),
        (b"STATUS=" + b"x" * 9000, Notice(False, "x" * 500)),
    ],
)
def test_notices_are_read_as_sd_notify_says(datagram: bytes, notice: Notice) -> None:
    assert parse_notice(datagram) == notice
