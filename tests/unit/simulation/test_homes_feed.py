"""The homes as a source of readings: begin, registration, steps, restart, and what is refused."""

from datetime import date
from pathlib import Path

import pytest

from protocol.eip712 import Domain
from protocol.errors import ConfigurationError
from protocol.keys import recover
from protocol.reading import parse_record
from simulation.errors import MeasurementError
from simulation.homes.calendar import default_start, first_midnight, local_offset
from simulation.homes.feed import HomesFeed
from simulation.homes.registrations import homes_registrations
from simulation.identities import derive_homes, load_or_create_seed
from simulation.model.households import draw_households
from simulation.publishing.outbox import Progress
from simulation.settings import HomesSettings

DOMAIN = Domain(31337, b"\x11" * 20)
BEGIN = 1_762_120_800


def settings(path: Path, **changes) -> HomesSettings:
    return HomesSettings(**{"data_dir": path, "start": date(2025, 11, 3), "homes": 4, "days": 1} | changes)


def feed(chosen: HomesSettings, progress: Progress | None = None, domain: Domain = DOMAIN) -> HomesFeed:
    households = draw_households(chosen.seed, chosen.homes)
    homes = derive_homes((one.name for one in households), load_or_create_seed(chosen.key_seed))
    return HomesFeed(chosen, households, homes, domain, progress or Progress())


def progress_after(one: HomesFeed, steps: int) -> Progress:
    step = [one.take() for _ in range(steps)][-1]
    return Progress(step.position, step.end, step.fingerprint, step.state)


def test_the_community_begins_at_local_midnight(tmp_path: Path):
    assert first_midnight(settings(tmp_path)) == BEGIN
    assert local_offset(settings(tmp_path)) == 7200
    kolkata = settings(tmp_path, zone="Asia/Kolkata")
    assert (first_midnight(kolkata) + local_offset(kolkata)) % 86_400 == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start": None}, "set ZUVA_HOMES_START"),
        ({"zone": "Africa/Nowhere"}, "no time zone"),
        ({"zone": "Asia/Kolkata", "interval_seconds": 3600}, "shorter interval"),
    ],
)
def test_a_begin_that_is_none_is_refused_with_the_mend(tmp_path: Path, changes: dict, words: str):
    with pytest.raises(MeasurementError, match=words):
        first_midnight(settings(tmp_path, **changes))


def test_a_new_community_begins_a_week_ago_or_as_many_days_as_it_shall_run():
    # 22:30 UTC on the 9th is the 10th in Harare
    now = BEGIN + 7 * 86_400 + 1800
    assert default_start("Africa/Harare", now) == "2025-11-03"
    assert default_start("Africa/Harare", now, days=2) == "2025-11-08"


def test_registrations_are_signed_by_the_devices_that_will_sign_readings(tmp_path: Path):
    chosen = settings(tmp_path)
    registered = homes_registrations(chosen, DOMAIN)
    assert [one.home.name for one in registered] == [one.name for one in draw_households(chosen.seed, 4)]
    step = feed(chosen).take()
    for one, outgoing in zip(registered, step.outgoing, strict=True):
        assert one.registration.timestamp == BEGIN
        assert recover(one.registration.digest(DOMAIN), one.device_signature) == one.home.key.address
        record = parse_record(outgoing.record)
        assert record.signer(DOMAIN) == one.home.key.address
        assert record.reading.meter_id == one.registration.meter_id


def test_a_day_has_every_interval_once_in_order(tmp_path: Path):
    one = feed(settings(tmp_path, interval_seconds=1800))
    ends = []
    while (end := one.next_end()) is not None:
        step = one.take()
        readings = [parse_record(outgoing.record).reading for outgoing in step.outgoing]
        assert {reading.timestamp for reading in readings} == {end} == {step.end}
        assert {(r.seq, r.period_seconds) for r in readings} == {(step.position, 1800)}
        ends.append(end)
    assert ends == list(range(BEGIN + 1800, BEGIN + 86_401, 1800))
    assert one.end == BEGIN + 86_400


def test_a_restarted_feed_goes_on_with_the_same_readings(tmp_path: Path):
    chosen = settings(tmp_path)
    straight = feed(chosen)
    kept = progress_after(straight, 40)
    resumed = feed(chosen, kept)
    assert resumed.issued == 160
    assert [resumed.take() for _ in range(56)] == [straight.take() for _ in range(56)]
    assert resumed.next_end() is None


@pytest.mark.parametrize(
    "changes", [{"seed": 5}, {"homes": 5}, {"start": date(2025, 11, 4)}, {"interval_seconds": 1800}]
)
def test_another_community_cannot_go_on_from_this_outbox(tmp_path: Path, changes: dict):
    kept = progress_after(feed(settings(tmp_path)), 3)
    with pytest.raises(ConfigurationError, match="filled by other homes"):
        feed(settings(tmp_path, **changes), kept)
    with pytest.raises(ConfigurationError, match="filled by other homes"):
        feed(settings(tmp_path), kept, Domain(31337, b"\x12" * 20))


def test_another_pace_or_more_days_may_go_on(tmp_path: Path):
    kept = progress_after(feed(settings(tmp_path)), 96)
    more = feed(settings(tmp_path, days=2, pace=0), kept)
    assert more.next_end() == BEGIN + 86_400 + 900


def test_a_state_that_is_not_of_the_position_is_refused(tmp_path: Path):
    kept = progress_after(feed(settings(tmp_path)), 3)
    with pytest.raises(ConfigurationError, match="restore it from a backup"):
        feed(settings(tmp_path), Progress(2, kept.clock, kept.fingerprint, kept.state))


@pytest.mark.parametrize("value", [0, 59, 61, 120 * 7, 7200])
def test_an_interval_is_whole_minutes_that_divide_an_hour(value: int):
    with pytest.raises(ValueError, match="interval"):
        HomesSettings(interval_seconds=value)
