"""Signatures are counted by the oracle set that was valid at each report."""

from backend.api.admin.signers import NodeRecord, OracleSet, SignedReport, count_signatures

A, B, C, D = (bytes([n]) * 20 for n in range(1, 5))


def test_each_node_is_measured_by_the_reports_it_could_sign() -> None:
    sets = [OracleSet((1, 0), (A, B), 1), OracleSet((10, 2), (B, C, D), 2)]
    reports = [
        SignedReport((5, 0), 7, 0b11),
        SignedReport((10, 1), 8, 0b01),
        SignedReport((10, 3), 9, 0b011),
        SignedReport((12, 0), 10, 0b001),
    ]
    assert count_signatures(sets, reports) == {
        B: NodeRecord(0, possible=4, signed=3, last_signed_interval=10),
        C: NodeRecord(1, possible=2, signed=1, last_signed_interval=9, missed_intervals=1),
        D: NodeRecord(2, possible=2, signed=0, missed_intervals=2),
        A: NodeRecord(None, possible=2, signed=2, last_signed_interval=8),
    }


def test_many_reports_at_once_without_a_node_do_not_make_it_silent() -> None:
    sets = [OracleSet((1, 0), (A, B, C), 2)]
    began = [SignedReport((5, 0), 7, 0b111, 1_000)]
    at_once = [SignedReport((6 + n, 0), 8 + n, 0b011, 1_003) for n in range(16)]
    over_hours = [SignedReport((6 + n, 0), 8 + n, 0b011, 1_000 + 900 * n) for n in range(16)]
    assert not count_signatures(sets, began + at_once)[C].is_silent(6, 120)
    assert count_signatures(sets, began + over_hours)[C].is_silent(6, 120)
    assert not count_signatures(sets, began + over_hours)[A].is_silent(6, 120)


def test_without_reports_or_sets_there_is_nothing_to_count() -> None:
    assert count_signatures([], [SignedReport((1, 1), 1, 1)]) == {}
    assert count_signatures([OracleSet((1, 0), (A,), 1)], []) == {A: NodeRecord(0)}
