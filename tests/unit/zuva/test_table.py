"""The table of services keeps its columns readable and its durations short."""

import io

import pytest
from rich.console import Console

from zuva.supervisor.record import Record, ServiceRecord
from zuva.supervisor.table import Display, duration, service_table

LONG = "576 readings accepted; reported to 2025-11-04 22:00 UTC; 365.0 kWh certified " * 3


def record(name: str, state: str, status: str = "") -> ServiceRecord:
    return ServiceRecord(name, state, 123456, 1, 100.0, 3, status)


def test_long_words_leave_the_other_columns_whole() -> None:
    out = io.StringIO()
    Console(file=out, width=100).print(service_table([record("provision", "backing off", LONG)], 7000.0))
    heading, row = out.getvalue().splitlines()
    assert heading.split() == ["service", "state", "pid", "for", "restarts"]
    assert row.startswith("provision  backing off   123456  1 h 55 min         3  576 readings")
    assert row.rstrip().endswith("…")


@pytest.mark.parametrize(
    ("seconds", "words"), [(-5, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (7260, "2 h 1 min")]
)
def test_durations_are_short(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_without_a_terminal_each_change_of_state_is_one_line_and_the_address_is_printed_once() -> None:
    out = io.StringIO()
    with Display(Console(file=out, width=200)) as display:
        display.show(Record(1, 1, None, (record("api", "waiting"),)))
        display.show(Record(1, 1, None, (record("api", "starting"),)))
        display.show(Record(1, 1, None, (record("api", "starting", "still [here]"),)))
        for _ in range(2):
            display.show(Record(1, 1, "http://x/", (record("api", "ready", "with [brackets]"),)))
    lines = [line.split(maxsplit=1)[1] for line in out.getvalue().splitlines()]
    assert [line.split() for line in lines] == [
        ["api", "starting"], ["api", "ready", "with", "[brackets]"], ["http://x/"],
    ]  # fmt: skip
