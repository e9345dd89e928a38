"""The window of blocks is steered by the logs of an answer."""

from hypothesis import given
from hypothesis import strategies as st

from backend.indexer.pace import Pace


def test_quiet_blocks_widen_the_window_up_to_its_limit() -> None:
    pace = Pace(target_logs=2000, limit=1000, blocks=10)
    for _ in range(5):
        pace.answered(0, pace.blocks)
    assert pace.blocks == 1000


def test_a_dense_chain_narrows_it_to_the_target() -> None:
    pace = Pace(target_logs=2000, limit=10_000, blocks=100)
    pace.answered(20_000, 100)
    assert pace.blocks == 10


def test_an_answer_cut_short_by_the_head_says_nothing() -> None:
    pace = Pace(target_logs=2000, limit=10_000, blocks=100)
    pace.answered(3, 1)
    assert pace.blocks == 100


def test_a_refusal_halves_it_until_a_single_block() -> None:
    pace = Pace(target_logs=2000, limit=10_000, blocks=5)
    assert (pace.refused(), pace.blocks) == (True, 2)
    assert (pace.refused(), pace.blocks) == (True, 1)
    assert (pace.refused(), pace.blocks) == (False, 1)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 10**4))))
def test_it_never_leaves_its_bounds(answers: list[tuple[int, int]]) -> None:
    pace = Pace(target_logs=2000, limit=500)
    for logs, blocks in answers:
        pace.answered(logs, blocks)
        assert 1 <= pace.blocks <= 500
