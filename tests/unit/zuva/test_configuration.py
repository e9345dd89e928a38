"""zuva.toml, environment and community file become one environment; mistakes become one line."""

import json
import os
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from zuva import community, configuration
from zuva.chain.settings import ChainSettings
from zuva.errors import ConfigurationError
from zuva.homes_source import Choice
from zuva.logs import chosen_level
from zuva.running import build_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("ZUVA_") or name == "DATABASE_URL":
            monkeypatch.delenv(name)
    # what a test puts into the environment goes away with it
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.chdir(tmp_path)


def toml(text: str) -> Path:
    path = Path("zuva.toml")
    path.write_text(text)
    return path


def test_sections_become_the_variables_that_services_read() -> None:
    path = toml(
        'data_dir = "/data"\ndatabase_url = "postgresql:///x"\n'
        '[oracle]\ngrace_seconds = 5\nmint = false\n[replay]\nnodes = ["0xa", "0xb"]\n'
        '[chain]\nclock = "wall"\n'
    )
    assert configuration.read_toml(path) == {
        "ZUVA_DATA_DIR": "/data",
        "DATABASE_URL": "postgresql:///x",
        "ZUVA_ORACLE_GRACE_SECONDS": "5",
        "ZUVA_ORACLE_MINT": "false",
        "ZUVA_REPLAY_NODES": "0xa,0xb",
        "ZUVA_CHAIN_CLOCK": "wall",
    }


def test_a_section_of_one_node_becomes_that_nodes_variables() -> None:
    path = toml('[oracle-2]\nmint = false\n[oracle-3]\nurl = "https://node.example"\n')
    assert configuration.read_toml(path) == {
        "ZUVA_ORACLE_2_MINT": "false",
        "ZUVA_ORACLE_3_URL": "https://node.example",
    }
    with pytest.raises(ConfigurationError, match=r"\[oracle-2\] has no key 'port_'"):
        configuration.read_toml(toml("[oracle-2]\nport_ = 1\n"))


def test_the_environment_stands_over_the_file() -> None:
    toml("[chain]\nport = 1111\nchain_id = 5\n")
    os.environ["ZUVA_CHAIN_PORT"] = "2222"
    configuration.load_environment(None)
    settings = build_settings(ChainSettings)
    assert (settings.port, settings.chain_id) == (2222, 5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[chain\n", "zuva.toml is not TOML"),
        ("[chian]\nport = 1\n", r"nothing reads the section \[chian\]; known: api, broker, chain"),
        ("[chain]\nprot = 1\n", r"\[chain\] has no key 'prot'; known: .*port"),
        ("port = 1\n", "nothing reads the key 'port'"),
        ("[chain]\nport = 1979-05-27\n", "chain.port must be text"),
        ('[oracle]\nchain_url = "x"\n', "set ZUVA_CHAIN_URL outside every section"),
    ],
)
def test_a_mistake_in_the_file_is_one_line_that_names_it(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as error:
        configuration.read_toml(toml(text))
    assert "\n" not in str(error.value)


def test_a_named_file_that_is_absent_is_said() -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml cannot be read"):
        configuration.load_environment(Path("none.toml"))


def test_a_bad_value_names_its_variable_and_what_it_was() -> None:
    os.environ["ZUVA_CHAIN_PORT"] = "high"
    with pytest.raises(ConfigurationError, match=r"setting ZUVA_CHAIN_PORT: .*'high'"):
        build_settings(ChainSettings)


def test_a_set_url_replaces_the_embedded_service(tmp_path: Path) -> None:
    os.environ["DATABASE_URL"] = "postgresql://me@host/zuva"
    embedded = community.put_service_urls(tmp_path)
    assert embedded == community.Embedded(db=False, chain=True, broker=True)
    assert os.environ["DATABASE_URL"] == "postgresql://me@host/zuva"
    assert os.environ["ZUVA_CHAIN_URL"] == "http://127.0.0.1:18545"


def test_a_url_of_another_kind_is_refused(tmp_path: Path) -> None:
    os.environ["DATABASE_URL"] = "sqlite:///x"
    with pytest.raises(ConfigurationError, match="DATABASE_URL must begin with postgresql://"):
        community.put_service_urls(tmp_path)


def establish(data_dir: Path) -> None:
    """What `up` does with a community's file."""
    community.keep(data_dir, community.intended(data_dir))


def test_a_replay_keeps_what_it_began_with(tmp_path: Path) -> None:
    os.environ["ZUVA_COMMUNITY_SOURCE"] = "replay"
    establish(tmp_path)
    began = community.read(tmp_path)
    assert began["ZUVA_CHAIN_CLOCK"] == "stepped"
    assert int(began["ZUVA_ORACLE_GRACE_SECONDS"]) == 2 * int(began["ZUVA_COMMUNITY_INTERVAL_SECONDS"])
    establish(tmp_path)
    assert community.read(tmp_path) == began
    other = tmp_path / "other.csv"
    other.write_text(
        "home,slot_start,load_wh,pv_wh\n"
        + "".join(f"a,2024-01-01T{hour:02d}:00,5,{hour}\n" for hour in range(24))
    )
    os.environ["ZUVA_REPLAY_FILE"] = str(other)
    with pytest.raises(ConfigurationError, match="began with other homes"):
        establish(tmp_path)


def test_a_zone_that_does_not_exist_leaves_nothing_behind(tmp_path: Path) -> None:
    os.environ["ZUVA_API_ZONE"] = "Nowhere"
    with pytest.raises(ConfigurationError, match=r"no time zone 'Nowhere'.*ZUVA_API_ZONE"):
        establish(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_bad_zone_in_the_file_is_named_and_a_right_one_takes_its_place(tmp_path: Path) -> None:
    establish(tmp_path)
    path = tmp_path / "community.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"ZUVA_API_ZONE": "Nowhere"}))
    del os.environ["ZUVA_API_ZONE"]
    with pytest.raises(ConfigurationError, match=rf"ZUVA_API_ZONE: give --zone, or correct it in {path}"):
        establish(tmp_path)
    os.environ["ZUVA_API_ZONE"] = "Africa/Lusaka"
    establish(tmp_path)
    assert community.read(tmp_path)["ZUVA_API_ZONE"] == "Africa/Lusaka"


def test_a_bad_value_names_the_file_it_is_in() -> None:
    configuration.load_environment(toml('[chain]\nport = 99\nclock = "sundial"\n'))
    with pytest.raises(ConfigurationError, match=r"ZUVA_CHAIN_CLOCK: .*'sundial'.* correct it in zuva\.toml"):
        build_settings(ChainSettings)


def test_a_log_level_that_nobody_knows_is_refused() -> None:
    os.environ["ZUVA_LOG_LEVEL"] = "Debug"
    assert chosen_level() == "debug"
    os.environ["ZUVA_LOG_LEVEL"] = "loud"
    with pytest.raises(ConfigurationError, match="ZUVA_LOG_LEVEL is 'loud'; set it to one of debug, info"):
        chosen_level()


def test_a_replayed_file_has_a_directory_of_its_content_and_zone(tmp_path: Path) -> None:
    file = tmp_path / "homes.csv"
    file.write_text("a")
    first = community.replay_data_dir(file, "UTC")
    assert first == community.replay_data_dir(file, "UTC")
    assert first != community.replay_data_dir(file, "Africa/Harare")
    file.write_text("b")
    assert first != community.replay_data_dir(file, "UTC")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        community.replay_data_dir(tmp_path / "absent.csv", None)


def test_simulated_homes_keep_what_makes_them_and_take_a_new_pace(tmp_path: Path) -> None:
    begin = Choice(homes=3, start="2025-11-03", zone="Africa/Lusaka")
    community.keep(tmp_path, community.intended(tmp_path, begin))
    began = community.read(tmp_path)
    assert began["ZUVA_COMMUNITY_SOURCE"] == "homes"
    assert began["ZUVA_HOMES_START"] == "2025-11-03"
    assert began["ZUVA_HOMES_ZONE"] == began["ZUVA_API_ZONE"] == "Africa/Lusaka"
    midnight = 1762120800
    assert int(began["ZUVA_CHAIN_GENESIS_TIMESTAMP"]) == midnight - 86_400
    assert began == community.intended(tmp_path, Choice(pace=1, days=2))
    assert (os.environ["ZUVA_HOMES_PACE"], os.environ["ZUVA_HOMES_DAYS"]) == ("1", "2")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (Choice(homes=4), "ZUVA_HOMES_HOMES is 3, this needs 4"),
        (Choice(start="2025-11-04"), "ZUVA_HOMES_START is 2025-11-03, this needs 2025-11-04"),
    ],
)
def test_other_homes_need_another_directory(tmp_path: Path, other: Choice, words: str) -> None:
    community.keep(tmp_path, community.intended(tmp_path, Choice(homes=3, start="2025-11-03")))
    with pytest.raises(ConfigurationError, match=rf"began with other homes \({words}\).*--data"):
        community.intended(tmp_path, other)


def test_homes_do_not_become_a_replay(tmp_path: Path) -> None:
    community.keep(tmp_path, community.intended(tmp_path, Choice(homes=3)))
    os.environ["ZUVA_COMMUNITY_SOURCE"] = "replay"
    with pytest.raises(ConfigurationError, match="ZUVA_COMMUNITY_SOURCE is homes, this needs replay"):
        community.intended(tmp_path)


def test_a_new_community_begins_a_week_ago_for_good(tmp_path: Path) -> None:
    start = community.intended(tmp_path)["ZUVA_HOMES_START"]
    days = datetime.now(ZoneInfo("Africa/Harare")).date() - date.fromisoformat(start)
    assert timedelta(days=6) <= days <= timedelta(days=8)


def test_the_pace_of_a_replay_is_counted_from_slot_to_slot(tmp_path: Path) -> None:
    os.environ["ZUVA_COMMUNITY_SOURCE"] = "replay"
    community.intended(tmp_path, Choice(pace=7200, days=1))
    assert os.environ["ZUVA_REPLAY_PACE_SECONDS"] == "0.5"
    assert os.environ["ZUVA_REPLAY_DAYS"] == "1"


def test_a_community_from_before_the_simulated_homes_goes_on_as_a_replay(tmp_path: Path) -> None:
    os.environ["ZUVA_COMMUNITY_SOURCE"] = "replay"
    wanted = community.intended(tmp_path)
    del wanted["ZUVA_COMMUNITY_SOURCE"], os.environ["ZUVA_COMMUNITY_SOURCE"]
    (tmp_path / "community.json").write_text(json.dumps(wanted))
    assert community.intended(tmp_path)["ZUVA_COMMUNITY_SOURCE"] == "replay"
