"""From settings to data, registrations and the community they are for."""

from pathlib import Path

import pytest

from protocol.eip712 import Domain
from protocol.errors import ConfigurationError
from protocol.keys import SigningKey, address_text, recover
from protocol.ledger.address_book import AddressBook, DeployedContract
from protocol.mqtt import parse_broker_url
from protocol.secrets import Enrolment
from simulation.errors import MeasurementError
from simulation.identities import derive_homes
from simulation.publishing.community import NotYetError, check_interval, find_community
from simulation.replay.source import home_registrations, load_source
from simulation.settings import ReplaySettings

DOMAIN = Domain(31337, b"\x11" * 20)
NODES = [SigningKey(bytes([i]) * 32).address for i in (1, 2)]


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "homes.csv"
    rows = [
        f"{home},2016-08-{d:02d}T{h:02d}:00,500,{100 * h}" for home in "ab" for d in (1, 2) for h in range(24)
    ]
    path.write_text("\n".join(["home,slot_start,load_wh,pv_wh", *rows]))
    return path


def test_the_built_in_days_are_the_default_and_simulated(tmp_path: Path):
    source = load_source(ReplaySettings(data_dir=tmp_path, zone="Etc/GMT+8", start_at="2025-11-04T00:00"))
    assert source.simulated
    # the built-in days keep their own zone: the second day begins at 22:00 UTC of the first
    assert source.measurements.start == 1762207200
    assert source.measurements.readings == 12 * 24


def test_the_environment_chooses_a_part_of_a_file(csv: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in {
        "ZUVA_REPLAY_FILE": str(csv), "ZUVA_REPLAY_ZONE": "Etc/GMT+8", "ZUVA_REPLAY_HOMES": "3",
        "ZUVA_REPLAY_DAYS": "1", "ZUVA_REPLAY_START_AT": "2016-08-02", "ZUVA_DATA_DIR": str(csv.parent),
        "ZUVA_REPLAY_NODES": f"{address_text(NODES[0])}, {address_text(NODES[1])}",
        "ZUVA_REPLAY_OPENING_GENERATED_WH": "9",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    settings = ReplaySettings()
    source = load_source(settings)
    assert not source.simulated
    assert [home.name for home in source.measurements.homes] == ["a", "b", "a-t02"]
    assert source.measurements.start == 1470124800
    assert source.measurements.readings == 72
    assert source.whole.readings == 144
    assert source.opening.generated_wh == 9
    assert settings.nodes == (address_text(NODES[0]), address_text(NODES[1]))


def test_a_file_may_be_declared_simulated(csv: Path):
    assert load_source(ReplaySettings(file=csv, simulated=True)).simulated


def test_a_wrong_start_is_refused(csv: Path):
    with pytest.raises(MeasurementError, match="'soon' is not a time"):
        load_source(ReplaySettings(file=csv, start_at="soon"))


def test_registrations_keep_their_meters_over_restarts(csv: Path, tmp_path: Path):
    settings = ReplaySettings(file=csv, data_dir=tmp_path)
    source = load_source(settings)
    first, again = (home_registrations(settings, source, DOMAIN) for _ in range(2))
    assert [one.registration for one in first] == [one.registration for one in again]
    assert [one.home.name for one in first] == ["a", "b"]
    for one in first:
        assert recover(one.registration.digest(DOMAIN), one.device_signature) == one.home.key.address


def write_book(settings: ReplaySettings) -> None:
    registry = DeployedContract(address=DOMAIN.verifying_contract, code_hash=bytes(32))
    AddressBook(
        chain_id=DOMAIN.chain_id,
        genesis_hash=bytes(32),
        interval_seconds=3600,
        deployment_block=1,
        contracts={"Registry": registry},
    ).save(settings.address_book)


def test_the_community_is_found_once_everything_is_there(tmp_path: Path):
    settings = ReplaySettings(data_dir=tmp_path)
    homes = derive_homes(["a", "b"], b"\x07" * 32)
    with pytest.raises(NotYetError, match="address book"):
        find_community(settings, homes)
    write_book(settings)
    Enrolment(homes[0].meter_id, {NODES[0]: b"x"}).save(settings.enrolment)
    with pytest.raises(NotYetError, match="the enrolment of b"):
        find_community(settings, homes)
    Enrolment(homes[1].meter_id, {NODES[0]: b"x", NODES[1]: b"y"}).save(settings.enrolment)
    community = find_community(settings, homes)
    assert community.domain.separator == DOMAIN.separator
    assert community.nodes == frozenset(NODES)


def test_nodes_from_the_settings_need_no_enrolment(tmp_path: Path):
    settings = ReplaySettings(data_dir=tmp_path, nodes=(address_text(NODES[1]),))
    write_book(settings)
    assert find_community(settings, derive_homes(["a"], b"\x07" * 32)).nodes == frozenset(NODES[1:])


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"chainId": 1}'])
def test_a_damaged_address_book_is_refused(tmp_path: Path, text: str):
    settings = ReplaySettings(data_dir=tmp_path)
    settings.address_book.write_text(text)
    with pytest.raises(ConfigurationError, match=r"address-book\.json"):
        find_community(settings, [])


def test_data_of_another_interval_are_refused(tmp_path: Path):
    settings = ReplaySettings(data_dir=tmp_path, nodes=(address_text(NODES[0]),))
    write_book(settings)
    community = find_community(settings, [])
    check_interval(community, 3600)
    with pytest.raises(ConfigurationError, match="intervals of 3600 s, the data have slots of 900 s"):
        check_interval(community, 900)


def test_broker_urls():
    assert parse_broker_url("mqtt://127.0.0.1:18830") == ("127.0.0.1", 18830, False, None)
    assert parse_broker_url("mqtt://broker") == ("broker", 1883, False, None)
    assert parse_broker_url("mqtts://u:p%40ss@broker") == ("broker", 8883, True, ("u", "p@ss"))


@pytest.mark.parametrize("url", ["", "http://x", "mqtt://", "mqtt://x:99999", "mqtt://u:secret@x:nan"])
def test_what_is_no_broker_url_is_refused_without_showing_a_password(url: str):
    with pytest.raises(ConfigurationError, match="write mqtt://host:port") as caught:
        parse_broker_url(url)
    assert "secret" not in str(caught.value)
