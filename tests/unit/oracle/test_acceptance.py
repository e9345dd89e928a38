"""Which readings a node stores, and why it refuses the others."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.judge import Judge, Neighbours, Verdict
from oracle.meters import Meter, Point, apply_event, point_of
from protocol.ack import Status
from protocol.eip712 import Domain
from protocol.keys import SigningKey
from protocol.reading import Flag, Reading, SignedReading
from protocol.registration import meter_id_of
from protocol.topics import reading_topic

INTERVAL_SECONDS = 900
OPENED = 1_700_000_000 - 1_700_000_000 % INTERVAL_SECONDS
DOMAIN = Domain(31337, b"\x11" * 20)
KEY = SigningKey(b"\x01" * 32)
NEW_KEY = SigningKey(b"\x02" * 32)
METER_ID = meter_id_of(KEY.address, 0)
METER = Meter(
    METER_ID,
    ((0, KEY.address),),
    generation_capacity_w=5_000,
    connection_capacity_w=4_000,
    suspended=False,
    opening=Point(0, OPENED, 100, 200, 300),
)
FIRST = Reading(METER_ID, 1, OPENED + 900, 900, 150, 260, 400)


class Bench:
    """A judge over one meter, with the community clock in hand."""

    def __init__(self, meter: Meter = METER) -> None:
        self.meters = {METER_ID: meter}
        self.latest: dict[bytes, SignedReading] = {}
        self.now = OPENED + 10 * 900
        self.enrolled = {METER_ID}
        self.judge = Judge(
            DOMAIN, INTERVAL_SECONDS, self.meters, self.enrolled, self.latest, lambda: self.now
        )

    def take(self, reading: Reading, key: SigningKey = KEY) -> Verdict:
        signed = reading.sign(key, DOMAIN)
        return self.judge.judge(reading_topic(reading.meter_id), signed.record())


def after(reading: Reading, **changes: int) -> Reading:
    return replace(reading, seq=reading.seq + 1, timestamp=reading.timestamp + 900, **changes)


def test_a_plausible_reading_is_accepted_and_becomes_the_newest() -> None:
    bench = Bench()
    assert bench.take(FIRST).status is Status.ACCEPTED
    assert bench.latest[METER_ID].reading == FIRST
    assert bench.take(after(FIRST, generated_wh=500)).status is Status.ACCEPTED


def test_the_same_reading_again_is_accepted_but_not_stored_again() -> None:
    bench = Bench()
    bench.take(FIRST)
    again = bench.take(FIRST)
    assert (again.status, again.repeated) == (Status.ACCEPTED, True)


def test_another_statement_under_the_same_seq_contradicts() -> None:
    bench = Bench()
    bench.take(FIRST)
    assert bench.take(replace(FIRST, generated_wh=401)).status is Status.CONTRADICTS_STORED


@pytest.mark.parametrize("register", ["import_wh", "export_wh", "generated_wh"])
def test_a_falling_register_is_refused(register: str) -> None:
    bench = Bench()
    bench.take(FIRST)
    fallen = after(FIRST, **{register: getattr(FIRST, register) - 1})
    assert bench.take(fallen).status is Status.REGISTER_FELL
    assert bench.latest[METER_ID].reading == FIRST


@pytest.mark.parametrize("register", ["import_wh", "export_wh", "generated_wh"])
def test_a_register_below_the_opening_one_is_refused(register: str) -> None:
    assert Bench().take(replace(FIRST, **{register: 99})).status is Status.REGISTER_FELL


@pytest.mark.parametrize(
    ("register", "capacity_w"), [("import_wh", 4_000), ("export_wh", 4_000), ("generated_wh", 5_000)]
)
def test_growth_beyond_the_capacity_is_refused(register: str, capacity_w: int) -> None:
    most = capacity_w * 900 * 105 // 360_000 + 1
    opening = getattr(METER.opening, register)
    assert Bench().take(replace(FIRST, **{register: opening + most})).status is Status.ACCEPTED
    refused = Bench().take(replace(FIRST, **{register: opening + most + 1}))
    assert refused.status is Status.IMPLAUSIBLE_GROWTH


def test_time_must_follow_the_neighbour_and_not_pass_the_community_clock() -> None:
    bench = Bench()
    bench.take(FIRST)
    same_time = replace(FIRST, seq=2)
    assert bench.take(same_time).status is Status.TIME_OUT_OF_ORDER
    assert bench.take(replace(FIRST, seq=2, timestamp=bench.now + 1)).status is Status.BEYOND_CLOCK
    assert bench.take(replace(FIRST, seq=2, timestamp=bench.now)).status is Status.ACCEPTED
    assert Bench().take(replace(FIRST, timestamp=OPENED)).status is Status.BEFORE_REGISTRATION


def test_only_the_meters_own_key_of_that_interval_counts() -> None:
    assert Bench().take(FIRST, NEW_KEY).status is Status.BAD_SIGNATURE
    book = {METER_ID: METER}
    rotated_from = (OPENED + 1800) // INTERVAL_SECONDS
    apply_event(
        book,
        "KeyRotated",
        {"meterId": METER_ID, "key": NEW_KEY.address, "validFromInterval": rotated_from},
    )
    bench = Bench(book[METER_ID])
    assert bench.take(FIRST).status is Status.ACCEPTED
    second = replace(FIRST, seq=2, timestamp=OPENED + 1801)
    assert bench.take(second).status is Status.BAD_SIGNATURE
    assert bench.take(second, NEW_KEY).status is Status.ACCEPTED


def test_unknown_and_suspended_meters_unknown_flags_and_seq_zero_are_refused() -> None:
    bench = Bench()
    stranger = replace(FIRST, meter_id=b"\x09" * 32)
    assert bench.take(stranger).status is Status.UNKNOWN_METER
    bench.enrolled.clear()
    assert bench.take(FIRST).status is Status.UNKNOWN_METER
    bench.enrolled.add(METER_ID)
    assert bench.take(replace(FIRST, flags=1 << 11)).status is Status.UNKNOWN_FLAGS
    assert bench.take(replace(FIRST, seq=0)).status is Status.MALFORMED
    assert bench.take(replace(FIRST, flags=int(Flag.POWER_UP))).status is Status.ACCEPTED
    apply_event(bench.meters, "MeterSuspended", {"meterId": METER_ID})
    assert bench.take(after(FIRST)).status is Status.SUSPENDED_METER
    apply_event(bench.meters, "MeterReinstated", {"meterId": METER_ID})
    assert bench.take(after(FIRST)).status is Status.ACCEPTED


@pytest.mark.parametrize(
    "payload", [b"", b"\x01", b"x" * 145, b"x" * 147, b"x" * 100_000, b"{}", b"{" * 9000]
)
def test_malformed_truncated_and_oversized_payloads_are_refused(payload: bytes) -> None:
    verdict = Bench().judge.judge(reading_topic(METER_ID), payload)
    assert verdict.status is Status.MALFORMED
    assert verdict.refusal().reason


def test_a_reading_on_another_meters_topic_is_refused() -> None:
    record = FIRST.sign(KEY, DOMAIN).record()
    assert Bench().judge.judge(reading_topic(b"\x07" * 32), record).status is Status.WRONG_TOPIC
    assert Bench().judge.judge("zuva/1/0/nonsense/reading", record).status is Status.WRONG_TOPIC


def test_back_fill_must_fit_between_its_stored_neighbours() -> None:
    bench = Bench()
    bench.take(FIRST)
    third = replace(FIRST, seq=3, timestamp=FIRST.timestamp + 1800, generated_wh=900)
    bench.take(third)
    around = Neighbours(None, FIRST.sign(KEY, DOMAIN), third.sign(KEY, DOMAIN))

    def settle(reading: Reading) -> Status:
        verdict = bench.take(reading)
        assert verdict.older
        return bench.judge.settle(verdict, around).status

    assert settle(after(FIRST, generated_wh=600)) is Status.ACCEPTED
    assert settle(after(FIRST, generated_wh=901)) is Status.REGISTER_FELL
    assert settle(replace(third, seq=2)) is Status.TIME_OUT_OF_ORDER
    stored = after(FIRST, generated_wh=600).sign(KEY, DOMAIN)
    repeat = bench.judge.settle(bench.take(stored.reading), replace(around, same=stored))
    assert (repeat.status, repeat.repeated) == (Status.ACCEPTED, True)
    other = bench.judge.settle(bench.take(after(FIRST, generated_wh=601)), replace(around, same=stored))
    assert other.status is Status.CONTRADICTS_STORED


@given(
    st.lists(
        st.tuples(st.integers(0, 1200), st.integers(0, 1200), st.integers(0, 1500), st.integers(1, 4)),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_is_accepted_in_order_never_falls_and_never_outgrows_the_capacity(steps) -> None:
    bench = Bench()
    bench.now = 2**40
    accepted = [METER.opening]
    reading = replace(FIRST, seq=0, timestamp=OPENED, import_wh=100, export_wh=200, generated_wh=300)
    for imported, exported, generated, slots in steps:
        reading = replace(
            reading,
            seq=reading.seq + 1,
            timestamp=reading.timestamp + slots * 900,
            import_wh=reading.import_wh + imported,
            export_wh=reading.export_wh + exported,
            generated_wh=reading.generated_wh + generated,
        )
        if bench.take(reading).status is Status.ACCEPTED:
            accepted.append(
                Point(
                    reading.seq, reading.timestamp, reading.import_wh, reading.export_wh, reading.generated_wh
                )
            )
    for earlier, later in itertools.pairwise(accepted):
        seconds = later.timestamp - earlier.timestamp
        assert 0 <= later.generated_wh - earlier.generated_wh <= 5_000 * seconds * 1.05 / 3600 + 1
        assert 0 <= later.import_wh - earlier.import_wh <= 4_000 * seconds * 1.05 / 3600 + 1


def test_many_small_steps_gain_nothing_by_rounding() -> None:
    bench = Bench()
    taken = FIRST
    for _ in range(3_600):
        step = replace(
            taken, seq=taken.seq + 1, timestamp=taken.timestamp + 1, generated_wh=taken.generated_wh + 2
        )
        if bench.take(step).status is Status.ACCEPTED:
            taken = step
    seconds = taken.timestamp - OPENED
    assert taken.generated_wh - METER.opening.generated_wh <= 5_000 * 105 * seconds // 360_000 + 1


def test_a_peers_reading_is_not_refused_for_a_step_that_others_saw_smaller() -> None:
    bench = Bench()
    bench.take(FIRST)
    first = bench.latest[METER_ID]
    late = replace(FIRST, seq=3, timestamp=FIRST.timestamp + 1, generated_wh=FIRST.generated_wh + 40)
    around = Neighbours(None, first, None)
    assert bench.judge.adopt(late.sign(KEY, DOMAIN), around) is Status.ACCEPTED
    fallen = replace(late, seq=4, generated_wh=FIRST.generated_wh - 1)
    assert bench.judge.adopt(fallen.sign(KEY, DOMAIN), around) is Status.REGISTER_FELL
    impossible = replace(late, seq=4, generated_wh=90_000)
    assert bench.judge.adopt(impossible.sign(KEY, DOMAIN), around) is Status.IMPLAUSIBLE_GROWTH


def test_what_stands_on_the_chain_replaces_what_this_node_heard_up_to_it() -> None:
    reported: dict[bytes, Point] = {}
    bench = Bench()
    bench.judge = Judge(
        DOMAIN,
        INTERVAL_SECONDS,
        bench.meters,
        bench.enrolled,
        bench.latest,
        lambda: bench.now,
        reported.get,
    )
    otherwise = replace(FIRST, generated_wh=1_000)
    assert bench.take(otherwise).status is Status.ACCEPTED
    following = after(FIRST, generated_wh=500)
    assert bench.take(following).status is Status.REGISTER_FELL
    reported[METER_ID] = point_of(FIRST)
    around = Neighbours(None, otherwise.sign(KEY, DOMAIN), None)
    assert bench.judge.adopt(following.sign(KEY, DOMAIN), around) is Status.ACCEPTED
    assert bench.take(after(following, generated_wh=600)).status is Status.ACCEPTED
