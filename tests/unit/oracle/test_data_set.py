"""What a report is made of, and which leaves the keeper claims."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from oracle.claims import Claimed, Leaf, needed_claims, still_pending
from oracle.data_set import choose, first_due_interval, propose
from oracle.meters import Point
from protocol.intervals import DAY_SECONDS, day_of, interval_of
from protocol.leaf import consumption_leaf, interval_salt, production_leaf
from protocol.merkle import MerkleTree
from protocol.reading import Reading, SignedReading
from protocol.report import data_hash_of

HOUR = 3600
MIDNIGHT = 20_000 * DAY_SECONDS
A, B = b"\x0a" * 32, b"\x0b" * 32
OPENED_AT_MIDNIGHT = dict.fromkeys((A, B), Point(0, MIDNIGHT - DAY_SECONDS, 0, 0, 0))


def signed(
    meter_id: bytes, seq: int, timestamp: int, generated_wh: int = 0, import_wh: int = 0
) -> SignedReading:
    return SignedReading(Reading(meter_id, seq, timestamp, HOUR, import_wh, 0, generated_wh), bytes(65))


def test_the_highest_reading_not_after_the_end_is_chosen() -> None:
    waiting = {A: [signed(A, s, MIDNIGHT + s * 600) for s in range(1, 9)]}
    opened = {A: Point(0, MIDNIGHT, 0, 0, 0)}
    (chosen,) = choose(waiting, opened, MIDNIGHT // HOUR, HOUR)
    assert chosen.reading.timestamp == MIDNIGHT + HOUR


def test_a_silent_meter_is_unknown_and_not_reported_as_zero() -> None:
    waiting = {A: [signed(A, 1, MIDNIGHT + HOUR)], B: [signed(B, 1, MIDNIGHT + 2 * HOUR)]}
    chosen = choose(waiting, OPENED_AT_MIDNIGHT, MIDNIGHT // HOUR, HOUR)
    assert [s.reading.meter_id for s in chosen] == [A]


def test_the_last_reading_of_every_day_passed_is_reported_too() -> None:
    back_fill = [signed(A, s, MIDNIGHT - 3 * HOUR + s * HOUR) for s in range(1, 31)]
    chosen = choose({A: back_fill}, OPENED_AT_MIDNIGHT, interval_of(MIDNIGHT + 27 * HOUR, HOUR), HOUR)
    assert [s.reading.timestamp for s in chosen] == [
        MIDNIGHT,
        MIDNIGHT + DAY_SECONDS,
        MIDNIGHT + 27 * HOUR,
    ]


def test_late_readings_wait_for_the_next_interval() -> None:
    t = MIDNIGHT // HOUR
    late = {A: [signed(A, 1, MIDNIGHT + HOUR)]}
    assert first_due_interval(late, None, HOUR) == t
    assert first_due_interval(late, t, HOUR) == t + 1
    assert first_due_interval({}, t, HOUR) is None


def test_both_reports_bind_the_same_readings_and_state_their_growth() -> None:
    t = MIDNIGHT // HOUR
    readings = [signed(A, 7, MIDNIGHT + HOUR, 500, 90), signed(B, 3, MIDNIGHT + HOUR, 40, 1000)]
    before = {A: Point(6, MIDNIGHT, 80, 0, 450), B: Point(0, MIDNIGHT, 1000, 0, 0)}
    secrets = {A: b"a" * 32, B: b"b" * 32, b"\x0c" * 32: b"c" * 32}
    proposal = propose(t, readings, before, secrets)
    assert proposal.production.total_wh == 90
    assert proposal.consumption.total_wh == 10
    assert proposal.production.count == proposal.consumption.count == 2
    assert proposal.production.data_hash == proposal.consumption.data_hash
    assert proposal.production.data_hash == data_hash_of(s.record() for s in readings)
    assert proposal.production.root == MerkleTree(production_leaf(s.reading) for s in readings).root
    salted = [consumption_leaf(s.reading, interval_salt(secrets[s.reading.meter_id], t)) for s in readings]
    assert proposal.consumption.root == MerkleTree(salted).root


@given(
    st.lists(st.tuples(st.integers(60, 9000), st.integers(0, 500)), min_size=1, max_size=60),
    st.integers(1, 20),
)
def test_reports_over_any_stream_state_all_growth_once_and_close_every_day(steps, lag) -> None:
    readings, timestamp, wh = [], MIDNIGHT, 0
    for seq, (seconds, generated) in enumerate(steps, 1):
        timestamp += seconds
        wh += generated
        readings.append(signed(A, seq, timestamp, wh))
    reported = Point(0, MIDNIGHT, 0, 0, 0)
    last, leaves, total = None, [], 0
    waiting: list[SignedReading] = []
    for i, reading in enumerate(readings):
        waiting.append(reading)
        if i % lag and reading is not readings[-1]:
            continue
        due = interval_of(reading.reading.timestamp, HOUR)
        while (t := first_due_interval({A: waiting}, last, HOUR)) is not None and t <= due:
            chosen = choose({A: waiting}, {A: reported}, t, HOUR)
            proposal = propose(t, chosen, {A: reported}, {A: bytes(32)})
            total += proposal.production.total_wh
            newest = chosen[-1].reading
            reported = Point(newest.seq, newest.timestamp, 0, 0, newest.generated_wh)
            waiting = [w for w in waiting if w.reading.seq > newest.seq]
            leaves += [Leaf(t, s) for s in chosen]
            last = t
    assert total == reported.generated_wh
    for earlier, later in itertools.pairwise(readings):
        left_behind = later.reading.seq <= reported.seq
        if left_behind and day_of(earlier.reading.timestamp) != day_of(later.reading.timestamp):
            assert earlier in [leaf.signed for leaf in leaves]


def test_a_keeper_at_pace_claims_each_leaf_that_brings_energy() -> None:
    claimed = {A: Claimed(100, 5, MIDNIGHT + 10 * HOUR)}
    noon = Leaf(1, signed(A, 6, MIDNIGHT + 11 * HOUR, 150))
    assert needed_claims({A: [noon]}, claimed) == [(1, [noon.signed])]
    night = Leaf(2, signed(A, 6, MIDNIGHT + 20 * HOUR, 100))
    assert needed_claims({A: [night]}, claimed) == []


def test_a_keeper_that_lags_claims_the_day_ends_and_the_newest_leaf() -> None:
    claimed = {A: Claimed(0, 0, MIDNIGHT)}
    leaves = [Leaf(h, signed(A, h, MIDNIGHT + h * HOUR, 10 * h)) for h in range(1, 61)]
    assert [t for t, _ in needed_claims({A: leaves}, claimed)] == [24, 48, 60]
    assert [leaf.interval for leaf in still_pending(leaves, Claimed(240, 24, MIDNIGHT + 24 * HOUR))] == [
        *(25, 48),
        *(49, 60),
    ]


def test_the_day_before_is_closed_by_its_last_leaf_once_the_next_brings_energy() -> None:
    claimed = {A: Claimed(100, 1, MIDNIGHT + 18 * HOUR)}
    dusk = Leaf(1, signed(A, 2, MIDNIGHT + 19 * HOUR, 100))
    midnight = Leaf(2, signed(A, 3, MIDNIGHT + 24 * HOUR, 100))
    morning = Leaf(3, signed(A, 4, MIDNIGHT + 31 * HOUR, 130))
    assert needed_claims({A: [dusk, midnight]}, claimed) == []
    kept = still_pending([dusk, midnight], claimed[A])
    assert needed_claims({A: [*kept, morning]}, claimed) == [
        (2, [midnight.signed]),
        (3, [morning.signed]),
    ]


def test_a_meter_that_generates_nothing_is_never_claimed_and_never_piles_up() -> None:
    claimed = Claimed(0, 0, MIDNIGHT)
    kept: list[Leaf] = []
    for hour in range(1, 24 * 30):
        kept = still_pending([*kept, Leaf(hour, signed(A, hour, MIDNIGHT + hour * HOUR))], claimed)
    assert needed_claims({A: kept}, {A: claimed}) == []
    assert len(kept) <= 4
    sunrise = Leaf(999, signed(A, 999, MIDNIGHT + 30 * DAY_SECONDS + 7 * HOUR, 5))
    first = needed_claims({A: [*kept, sunrise]}, {A: claimed})
    assert [t for t, _ in first] == [24 * 30 - 1, 999]


def test_the_first_reading_after_a_day_that_ended_unseen_is_reported_next_to_the_last_before() -> None:
    evening = Point(10, MIDNIGHT - HOUR, 0, 0, 100)
    back_fill = [signed(A, seq, MIDNIGHT + (seq - 10) * HOUR, 100 + seq) for seq in range(11, 20)]
    chosen = choose({A: back_fill}, {A: evening}, interval_of(MIDNIGHT + 9 * HOUR, HOUR), HOUR)
    assert [s.reading.seq for s in chosen] == [11, 19]
    leaves = [Leaf(5, s) for s in chosen]
    claims = needed_claims({A: leaves}, {A: Claimed(100, 10, MIDNIGHT - HOUR)})
    assert claims == [(5, [chosen[0]]), (5, [chosen[1]])]


def test_leaves_of_one_meter_in_one_report_are_claimed_in_turn() -> None:
    ends = [Leaf(7, signed(A, d, MIDNIGHT + d * DAY_SECONDS, 10 * d)) for d in range(1, 4)]
    other = Leaf(7, signed(B, 1, MIDNIGHT + DAY_SECONDS, 5))
    nothing = Claimed(0, 0, MIDNIGHT)
    claims = needed_claims({A: ends, B: [other]}, {A: nothing, B: nothing})
    assert claims == [
        (7, [ends[0].signed, other.signed]),
        (7, [ends[1].signed]),
        (7, [ends[2].signed]),
    ]


def test_a_meter_opened_at_noon_reports_its_first_reading_of_the_next_day() -> None:
    noon = Point(0, MIDNIGHT - 12 * HOUR, 0, 0, 0)
    morning = [signed(A, seq, MIDNIGHT + seq * 300, 10 * seq) for seq in (1, 2, 3)]
    chosen = choose({A: morning}, {A: noon}, MIDNIGHT // HOUR, HOUR)
    assert [s.reading.seq for s in chosen] == [1, 3]
