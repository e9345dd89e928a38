"""A data set is taken only if it recomputes to what the report states."""

import pytest

from backend.indexer.data_sets import CheckedDataSet, Expected, Refused, check_data_set
from protocol.leaf import production_leaf
from protocol.merkle import MerkleTree
from protocol.reading import Reading, SignedReading
from protocol.report import data_hash_of

READINGS = [
    SignedReading(Reading(bytes(31) + bytes([n]), 1, 3600, 3600, n, 2 * n, 3 * n), bytes(65))
    for n in range(1, 6)
]
RECORDS = [signed.record() for signed in READINGS]
EXPECTED = Expected(
    7,
    data_hash_of(RECORDS),
    MerkleTree([production_leaf(signed.reading) for signed in READINGS]).root,
    len(RECORDS),
)


def test_a_data_set_that_fits_is_taken_with_all_its_readings() -> None:
    checked = check_data_set(EXPECTED, RECORDS)
    assert isinstance(checked, CheckedDataSet)
    assert [(row[0], row[1], row[6]) for row in checked.rows] == [
        (signed.reading.meter_id, signed.reading.seq, signed.reading.generated_wh) for signed in READINGS
    ]


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (RECORDS[:-1], "the records hash to"),
        (RECORDS[::-1], "the records hash to"),
        ([], "the records hash to"),
        ([*RECORDS[:-1], RECORDS[-1][:80]], "the records hash to"),
        ([*RECORDS[:-1], RECORDS[-1][:-1]], "a record is not valid"),
    ],
)
def test_other_records_are_refused(records: list[bytes], words: str) -> None:
    refused = check_data_set(EXPECTED, records)
    assert isinstance(refused, Refused)
    assert refused.problem.startswith(words)


def test_records_that_hash_right_but_are_none_are_refused() -> None:
    junk = [b"\x09" + RECORDS[0][1:]]
    expected = Expected(7, data_hash_of(junk), EXPECTED.root, 1)
    refused = check_data_set(expected, junk)
    assert isinstance(refused, Refused)
    assert "a record is not valid" in refused.problem


def test_a_root_over_other_leaves_is_refused() -> None:
    expected = Expected(7, EXPECTED.data_hash, bytes(32), EXPECTED.count)
    refused = check_data_set(expected, RECORDS)
    assert isinstance(refused, Refused)
    assert "root" in refused.problem


def test_a_reading_twice_is_refused() -> None:
    twice = [RECORDS[0], RECORDS[0]]
    expected = Expected(7, data_hash_of(twice), EXPECTED.root, 2)
    assert isinstance(check_data_set(expected, twice), Refused)
