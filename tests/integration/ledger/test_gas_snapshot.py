"""What calls cost is what they cost at the last change that was meant; see `zuva bench gas --update`."""

import json
import subprocess
import sys

import pytest

from benchmarks.gas import SNAPSHOT, measures
from benchmarks.gas.measure import Measure

TOLERANCE = 0.01
"""Addresses and hashes have more or fewer zero bytes when a contract's code changes."""


@pytest.fixture(scope="module")
def measured() -> dict[str, Measure]:
    return {f"gas.{each.name}": each for each in measures()}


def test_no_figure_changed_by_accident(measured: dict[str, Measure]) -> None:
    kept = json.loads(SNAPSHOT.read_text())
    changed = {
        name: (kept.get(name), round(each.gas))
        for name, each in measured.items()
        if name not in kept or abs(each.gas - kept[name]) > TOLERANCE * kept[name]
    }
    assert not changed, f"(kept, measured); if this was meant: zuva bench gas --update: {changed}"
    assert set(kept) == set(measured)


def test_no_figure_is_below_what_is_possible(measured: dict[str, Measure]) -> None:
    impossible = {name: each for name, each in measured.items() if each.gas < each.floor}
    assert not impossible


def test_the_bench_prints_one_json_object_and_nothing_else() -> None:
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "zuva", "bench", "gas", "--json"],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    assert {figure["key"] for figure in json.loads(ran.stdout)["figures"]} == set(
        json.loads(SNAPSHOT.read_text())
    )
