"""Measured data: what is read, and what every wrong line is told."""

from pathlib import Path

import pytest

from simulation.errors import MeasurementError
from simulation.replay.measurements import Measurements, Slot, parse_measurements, read_measurements

HEADER = "home,slot_start,load_wh,pv_wh"
GOOD = [
    "home-01,2016-07-31T23:00,500,0",
    "home-01,2016-08-01T00:00,400,100",
    "home-01,2016-08-01T01:00,300,700",
]


def parse(rows: list[str], header: str = HEADER, zone: str = "Africa/Harare", **options) -> Measurements:
    return parse_measurements([f"{line}\r\n" for line in [header, *rows]], "homes.csv", zone, **options)


def refusal(rows: list[str], header: str = HEADER, zone: str = "Africa/Harare", **options) -> str:
    with pytest.raises(MeasurementError) as caught:
        parse(rows, header, zone, **options)
    return str(caught.value)


def test_local_slots_become_utc_slots_and_the_slot_length_is_derived():
    measurements = parse(GOOD)
    assert measurements.slot_seconds == 3600
    (home,) = measurements.homes
    # 23:00 in Harare is 21:00 UTC
    assert home.slots[0] == Slot(1469998800, 500, 0)
    assert (measurements.start, measurements.end) == (1469998800, 1469998800 + 3 * 3600)
    assert measurements.readings == 3


def test_a_fixed_offset_zone_shifts_the_slots():
    assert parse(GOOD, zone="Etc/GMT+8").start - parse(GOOD).start == 10 * 3600


def test_a_time_with_its_own_offset_is_taken_as_it_is():
    rows = ["a,2016-11-06T01:00-07:00,1,0", "a,2016-11-06T01:00-08:00,2,0"]
    (home,) = parse(rows, zone="America/Los_Angeles").homes
    assert [slot.load_wh for slot in home.slots] == [1, 2]


def test_rows_may_come_in_any_order_and_homes_are_ordered_by_name():
    rows = ["b,2016-08-01T01:00,2,0", *reversed(GOOD), "b,2016-08-01T00:00,1,0"]
    measurements = parse(rows)
    assert [home.name for home in measurements.homes] == ["b", "home-01"]
    assert measurements.homes[1] == parse(GOOD).homes[0]


def test_further_columns_blank_lines_and_a_byte_order_mark_do_no_harm(tmp_path: Path):
    path = tmp_path / "homes.csv"
    path.write_text(
        "\ufeffpv_wh,home,note,load_wh,slot_start\n5,a,x,7,2016-08-01T00:00\n\n6,a,,8,2016-08-01T01:00\n"
    )
    (home,) = read_measurements(path, "Africa/Harare").homes
    assert [(slot.load_wh, slot.pv_wh) for slot in home.slots] == [(7, 5), (8, 6)]


def test_half_hour_slots_are_derived():
    rows = ["a,2016-08-01T00:00,1,0", "a,2016-08-01T00:30,1,0"]
    assert parse(rows).slot_seconds == 1800


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("home-01,2016-08-01T02:00,,3", "line 5: load_wh is empty"),
        ("home-01,2016-08-01T02:00,3,", "line 5: pv_wh is empty"),
        ("home-01,2016-08-01T02:00,many,3", "line 5: load_wh 'many' is not a number"),
        ("home-01,2016-08-01T02:00,1.5,3", "line 5: load_wh '1.5' is not a number of whole"),
        ("home-01,2016-08-01T02:00,nan,3", "line 5: load_wh 'nan' is not a number"),
        ("home-01,2016-08-01T02:00,1_000,3", "line 5: load_wh '1_000' is not a number"),
        ("home-01,2016-08-01T02:00,\u0663,3", "line 5: load_wh"),
        ("home-01,2016-08-01T02:00,3,-1", "line 5: pv_wh is negative"),
        ("home-01,2016-08-01T02:00,3,-0.5", "line 5: pv_wh is negative"),
        ("home-01,2016-08-01T02:00,3,9999999999999", "line 5: pv_wh 9999999999999 is not below"),
        ("home-01,2016-08-01T02:00,3,99999999999999999999", "check its unit"),
        ("home-01,yesterday,3,1", "line 5: slot_start 'yesterday' is not a time"),
        ("home-01,,3,1", "line 5: slot_start '' is not a time"),
        ("home-01,1969-08-01T02:00,3,1", "line 5: slot_start '1969-08-01T02:00' is outside"),
        ("home-01,1970-01-01T00:00,3,1", "line 5: slot_start '1970-01-01T00:00' is before 1970 in UTC"),
        ("home-01,2016-08-01T02:00:00.5,3,1", "line 5: slot_start '2016-08-01T02:00:00.5' is not a whole"),
        ("home-01,2016-08-01T01:30,3,1", "line 5: slot 2016-08-01T01:30 (Africa/Harare) does not begin"),
        ("home-01,2016-08-01T00:00,3,1", "line 5: home-01 already has slot 2016-08-01T00:00 in line 3"),
        ("home-01,2016-08-01T04:00,3,1", "jumps from 2016-08-01T01:00 to 2016-08-01T04:00, 2 slots"),
        (",2016-08-01T02:00,3,1", "line 5: home is empty"),
        ("bad\x07name,2016-08-01T02:00,3,1", "line 5: home 'bad\\x07name' is not a printable name"),
        (f"{'n' * 65},2016-08-01T02:00,3,1", "at most 64 bytes"),
        ("home-01,2016-08-01T02:00,3", "line 5: 3 fields where the header has 4"),
        ("home-01,2016-08-01T02:00,3,1,7", "line 5: 5 fields where the header has 4"),
        ('home-01,"2016-08-01T02:00,3,1', "line 5: not CSV"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_refused_with_its_line(row: str, says: str):
    message = refusal([*GOOD, row])
    assert message.startswith("homes.csv line 5: ")
    assert says in message


def test_the_line_number_counts_lines_not_rows():
    rows = ['"two\r\nlines",2016-08-01T00:00,1,0', "", "a,2016-08-01T00:00,x,0"]
    assert "home 'two" in refusal(rows[:1])
    assert "line 4: load_wh 'x'" in refusal(["", *rows[1:]])


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("home,slot_start,load_wh", "line 1: column pv_wh missing"),
        ("a,b", "line 1: column home, slot_start, load_wh, pv_wh missing"),
        ("home,home,slot_start,load_wh,pv_wh", "line 1: column home appears twice"),
    ],
)
def test_a_wrong_header_is_refused(header: str, says: str):
    assert says in refusal(GOOD, header=header)


def test_an_empty_file_and_a_file_with_only_a_header_are_refused():
    with pytest.raises(MeasurementError, match=r"homes\.csv is empty"):
        parse_measurements([], "homes.csv", "Africa/Harare")
    assert "no measurements after its header" in refusal([])


def test_gaps_are_an_outage_when_allowed():
    (home,) = parse([*GOOD, "home-01,2016-08-01T04:00,3,1"], allow_gaps=True).homes
    assert [b.start - a.start for a, b in zip(home.slots, home.slots[1:], strict=False)] == [
        3600,
        3600,
        3 * 3600,
    ]


def test_homes_may_begin_later_and_end_earlier_than_others():
    rows = [*GOOD, "late,2016-08-01T00:00,3,1"]
    assert [len(home.slots) for home in parse(rows).homes] == [3, 1]


def test_one_slot_a_home_needs_the_slot_length():
    assert "give the slot length" in refusal(GOOD[:1])
    assert parse(GOOD[:1], slot_seconds=3600).slot_seconds == 3600


@pytest.mark.parametrize("seconds", [7000, 100_000, -1])
def test_slots_that_do_not_divide_a_day_are_refused(seconds: int):
    assert "do not divide a day" in refusal(GOOD, slot_seconds=seconds)


def test_a_given_slot_length_that_does_not_fit_is_refused_with_the_line():
    assert "line 2: slot 2016-07-31T23:00" in refusal(GOOD, slot_seconds=7200)
    assert "line 3: home-01 jumps from" in refusal(GOOD, slot_seconds=1800)


def test_a_zone_off_the_slot_grid_is_named():
    assert "line 2: slot 2016-07-31T23:00 (Asia/Kolkata)" in refusal(GOOD, zone="Asia/Kolkata")


@pytest.mark.parametrize("zone", ["Zimbabwe/Nowhere", "/etc/passwd", "../x", "Africa", ""])
def test_an_unknown_zone_is_refused(zone: str):
    assert "there is no time zone" in refusal(GOOD, zone=zone)


def test_a_time_that_exists_twice_names_its_line_and_the_fixed_zone():
    rows = ["a,2016-11-06T00:00,1,0", "a,2016-11-06T01:00,1,0"]
    message = refusal(rows, zone="America/Los_Angeles")
    assert "line 3: slot_start '2016-11-06T01:00' exists twice in America/Los_Angeles" in message
    assert "Etc/GMT+8" in message
    assert parse(rows, zone="Etc/GMT+8").readings == 2


def test_a_time_that_does_not_exist_names_its_line_and_the_fixed_zone():
    message = refusal(["a,2016-03-27T01:00,1,0", "a,2016-03-27T02:30,1,0"], zone="Europe/Berlin")
    assert "line 3: slot_start '2016-03-27T02:30' does not exist in Europe/Berlin" in message
    assert "Etc/GMT-1" in message


def test_a_clock_change_off_the_hour_suggests_the_offset():
    message = refusal(["a,2016-04-03T01:45,1,0"], zone="Australia/Lord_Howe")
    assert "exists twice" in message
    assert "Etc/" not in message
    assert "2016-04-03T01:45+10:30" in message


def test_files_that_cannot_be_read_are_refused(tmp_path: Path):
    with pytest.raises(MeasurementError, match="No such file"):
        read_measurements(tmp_path / "none.csv", "Africa/Harare")
    with pytest.raises(MeasurementError, match="Is a directory"):
        read_measurements(tmp_path, "Africa/Harare")
    (tmp_path / "bin.csv").write_bytes(b"home,slot_start\xff\xfe\n")
    with pytest.raises(MeasurementError, match="not UTF-8"):
        read_measurements(tmp_path / "bin.csv", "Africa/Harare")
