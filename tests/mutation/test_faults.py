"""A seeded fault is noticed by the contracts' tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutation.faults import TABLE, Copy, Fault, faults, table

FAULTS = faults()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    return Copy(tmp_path_factory.mktemp("mutation"))


def test_there_are_enough_faults_and_each_has_its_place() -> None:
    assert len(FAULTS) >= 12
    assert len({each.name for each in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        assert fault.mutated() != (Path(__file__).parents[2] / fault.file).read_text()


def test_the_table_in_the_documents_is_the_list() -> None:
    assert TABLE.read_text() == table(), "write it anew: python -m tests.mutation.faults"


@pytest.mark.deep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("tests", sorted({fault.tests for fault in FAULTS}))
def test_without_a_fault_the_tests_pass(copy: Copy, tests: str) -> None:
    assert not copy.run(tests).failed


@pytest.mark.deep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("fault", FAULTS, ids=[each.name.replace(" ", "-") for each in FAULTS])
def test_a_fault_is_noticed(copy: Copy, fault: Fault) -> None:
    assert copy.run_with(fault).failed, f"{fault.tests} pass though {fault.name} ({fault.file})"
