"""When a meter that nodes cannot agree about is left out, and why a liar gains nothing by it."""

from oracle.quorum.disputes import NAMED_OFTEN, Disputes

M, OTHER = b"\x0a" * 32, b"\x0b" * 32


def failing(head: dict[str, int] | None = None) -> Disputes:
    """Return a node's view after it has proposed in vain, with one meter in dispute."""
    seen = head or {"head": 7}
    made = Disputes(10, lambda: seen["head"])
    made.fail(100)
    for _ in range(NAMED_OFTEN):
        made.name([M])
    return made


def test_a_meter_in_dispute_is_left_out_once_patience_is_over() -> None:
    node = failing()
    assert node.left_out(109) == frozenset()
    assert not node.allow([M], 109)
    assert node.left_out(110) == {M}
    assert node.allow([M], 110)


def test_only_what_is_in_dispute_may_be_left_out() -> None:
    node = failing()
    node.name([OTHER])
    assert not node.allow([M, OTHER], 200)
    assert not node.allow([OTHER], 200)


def test_a_liar_that_objects_for_ever_censors_nobody_while_honest_nodes_agree() -> None:
    node = failing()
    for now in range(105, 500, 5):
        node.name([M, OTHER])
        # the other honest node signs
        node.agree()
        assert not node.allow([M], now)
        node.name([M])
    # nor does a node that never proposed in vain itself believe that anything is stuck
    follower = Disputes(10, lambda: 7)
    for _ in range(100):
        follower.name([M])
    assert not follower.allow([M], 10_000)


def test_with_every_report_patience_begins_anew() -> None:
    head = {"head": 7}
    node = failing(head)
    head["head"] = 8
    assert not node.is_failing
    assert node.left_out(1_000) == frozenset()
