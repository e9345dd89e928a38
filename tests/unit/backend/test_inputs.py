"""Cursors come back as they were given, and nothing else passes for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.api.certificates.identity import identity_of
from backend.api.inputs import BIG_LIMIT, read_cursor, write_cursor
from backend.api.problems import Problem


@given(st.lists(st.integers(0, BIG_LIMIT - 1), min_size=1, max_size=3))
def test_a_cursor_reads_back(key: list[int]) -> None:
    assert read_cursor(write_cursor(*key), len(key)) == tuple(key)


@given(st.text(max_size=60))
def test_anything_else_is_a_problem_and_no_error(text: str) -> None:
    key, problem = None, None
    try:
        key = read_cursor(text, 1)
    except Problem as raised:
        problem = raised
    if problem is None:
        assert key is not None
        assert 0 <= key[0] < BIG_LIMIT
    else:
        assert (problem.status, problem.kind) == (422, "bad-cursor")


def test_the_beginning_is_no_cursor() -> None:
    assert read_cursor(None, 2) is None


@pytest.mark.parametrize(
    ("number", "source", "date", "simulated"),
    [
        ((1 << 40) | 20_000, "solar", "2024-10-04", True),
        ((3 << 32) | 0, "biomass", "1970-01-01", False),
        ((1 << 32) | 0xFFFFFFFF, "wind", "unknown day", False),
        (0xFFFFFFFE, "solar", "day 4294967294", False),
    ],
)
def test_a_certificates_id_says_what_it_stands_for(
    number: int, source: str, date: str, simulated: bool
) -> None:
    identity = identity_of(number)
    assert identity is not None
    assert (identity.source, identity.date, identity.simulated) == (source, date, simulated)


@pytest.mark.parametrize("number", [1 << 41, 1 << 255, (1 << 256) - 1])
def test_no_certificate_has_such_an_id(number: int) -> None:
    assert identity_of(number) is None
