"""What a data directory's community runs on: its data, clock and embedded services.

`community.json` in the data directory keeps what must not change between two runs, as variables that every
`zuva` command reads as defaults.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from zuva import homes_source
from zuva.broker.settings import BrokerSettings
from zuva.chain.settings import ChainSettings
from zuva.community_settings import CommunitySettings
from zuva.configuration import origin_of, put_defaults
from zuva.database.placement import database_url, socket_directory
from zuva.errors import ConfigurationError
from zuva.homes_source import Choice
from zuva.processes import cannot_write, make_directory
from zuva.running import build_settings

FILE_NAME: Final = "community.json"
MOVED_PORTS: Final = Path("run") / "moved-ports.json"
DEFAULT_DATA_DIR: Final = Path(".zuva/homes")
_BEFORE_THE_DATA: Final = 86_400
"""The chain begins a day before the data, so that deployment and registrations have their own time."""
_ALWAYS: Final = frozenset({"ZUVA_CHAIN_GENESIS_TIMESTAMP", "ZUVA_COMMUNITY_INTERVAL_SECONDS"})
_FIXED: Final = (
    "ZUVA_COMMUNITY_SOURCE",
    "ZUVA_HOMES_START",
    "ZUVA_HOMES_HOMES",
    "ZUVA_HOMES_SEED",
    "ZUVA_HOMES_ZONE",
    "ZUVA_HOMES_GRACE_SECONDS",
    *sorted(_ALWAYS),
)
"""What would make another community if it changed."""
_REMEMBERED: Final = (
    "ZUVA_REPLAY_FILE",
    "ZUVA_REPLAY_ZONE",
    "ZUVA_API_ZONE",
    "ZUVA_API_COMMUNITY_NAME",
    "ZUVA_API_CURRENCY",
    "ZUVA_API_EXPORT_TARIFF_MICRO_PER_KWH",
    "ZUVA_API_IMPORT_TARIFF_MICRO_PER_KWH",
    "ZUVA_COMMUNITY_NODE_PORT",
)
"""What a community takes anew whenever it is given, and goes on with when it is not."""
_NO_CHOICE: Final = Choice()


@dataclass(frozen=True)
class Embedded:
    """Which services run embedded, because no URL of another was set."""

    db: bool
    chain: bool
    broker: bool


def replay_data_dir(file: Path, zone: str | None) -> Path:
    """Return the data directory of a replayed file: one per content and zone.

    Raises:
        ConfigurationError: When the file cannot be read.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"--replay {file} cannot be read ({error.strerror}); check the path"
        ) from error
    tag = hashlib.sha256(content + b"\0" + (zone or "").encode()).hexdigest()[:8]
    return Path(".zuva") / f"replay-{file.stem}-{tag}"


def intended(data_dir: Path, choice: Choice = _NO_CHOICE) -> dict[str, str]:
    """Return the variables of a data directory's community, and put them into the environment.

    Everything is checked, and nothing is written.

    Args:
        data_dir: the data directory.
        choice: what was asked for on the command line.

    Raises:
        ConfigurationError: The homes do not fit, or differ from those the community began with.
    """
    path = data_dir / FILE_NAME
    known = read(data_dir)
    put_defaults(known, str(path))
    homes_source.put(choice)
    _check_zones()
    source = homes_source.chosen()
    wanted = {
        "ZUVA_COMMUNITY_SOURCE": source.service,
        "ZUVA_CHAIN_CLOCK": "stepped",
        "ZUVA_CHAIN_GENESIS_TIMESTAMP": str(source.begins - _BEFORE_THE_DATA),
        "ZUVA_COMMUNITY_INTERVAL_SECONDS": str(source.interval_seconds),
        "ZUVA_ORACLE_CLOCK": "stepped",
        "ZUVA_ORACLE_GRACE_SECONDS": str(source.grace_seconds),
        **source.fixed,
    }
    settings = build_settings(CommunitySettings)
    # What the community runs with now is what other commands find, and what the next run begins with.
    wanted |= {"ZUVA_COMMUNITY_NODES": settings.nodes, "ZUVA_COMMUNITY_QUORUM": str(settings.quorum)}
    wanted |= {name: os.environ[name] for name in _REMEMBERED if name in os.environ}
    _check_same(path, known, wanted)
    put_defaults(wanted)
    return wanted


def keep(data_dir: Path, wanted: Mapping[str, str]) -> None:
    """Write what `intended` returned; a community that has begun takes what may change: nodes, zones, paths.

    Raises:
        ZuvaError: It began with other data meanwhile, or the file cannot be written.
    """
    path = data_dir / FILE_NAME
    known = read(data_dir)
    _check_same(path, known, wanted)
    content = known | dict(wanted)
    if content == known:
        return
    make_directory(data_dir)
    partial = path.with_suffix(".new")
    try:
        partial.write_text(json.dumps(content, indent=2) + "\n")
        partial.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error


def _check_zones() -> None:
    from simulation.errors import MeasurementError
    from simulation.replay.local_time import find_zone

    for name in ("ZUVA_HOMES_ZONE", "ZUVA_REPLAY_ZONE", "ZUVA_API_ZONE"):
        try:
            find_zone(os.environ.get(name, "UTC"))
        except MeasurementError as error:
            raise ConfigurationError(
                f"{error}; setting {name}: give --zone, or correct it in {origin_of(name)}"
            ) from None


def _check_same(path: Path, known: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    for name in _FIXED:
        if known.get(name, wanted.get(name)) != wanted.get(name) or (known and name in _ALWAYS - set(known)):
            raise ConfigurationError(
                f"{path} began with other homes "
                f"({name} is {known.get(name)}, this needs {wanted.get(name)}); "
                "choose another directory with --data, or what it began with"
            )


def read(data_dir: Path) -> dict[str, str]:
    """Return the variables that the community of a data directory began with; empty for a new one."""
    path = data_dir / FILE_NAME
    try:
        content = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror}); use the account that made it, or another --data"
        ) from error
    except ValueError as error:
        raise ConfigurationError(f"{path} is damaged ({error}); restore it or remove {data_dir}") from error
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise ConfigurationError(f"{path} is damaged; restore it or remove {data_dir}")
    if content:
        content.setdefault("ZUVA_COMMUNITY_SOURCE", "replay")  # there was nothing else once
    return content


def write_moved_ports(data_dir: Path, moved: Mapping[str, str]) -> None:
    """Note the ports that this run moved, so that other commands find its services; none forgets them."""
    path = data_dir / MOVED_PORTS
    try:
        if moved:
            path.write_text(json.dumps(dict(moved)) + "\n")
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def put_moved_ports(data_dir: Path) -> None:
    """Set the ports that a run of this data directory moved, unless the environment says otherwise."""
    path = data_dir / MOVED_PORTS
    if path.exists():
        put_defaults(json.loads(path.read_text()))


def put_service_urls(data_dir: Path) -> Embedded:
    """Set the URLs of the services in the environment; those already set replace the embedded ones."""
    embedded = Embedded(
        db="DATABASE_URL" not in os.environ,
        chain="ZUVA_CHAIN_URL" not in os.environ,
        broker="ZUVA_BROKER_URL" not in os.environ,
    )
    os.environ["ZUVA_DATA_DIR"] = str(data_dir)
    chain, broker = build_settings(ChainSettings), build_settings(BrokerSettings)
    put_defaults(
        {
            "DATABASE_URL": database_url(socket_directory(data_dir)),
            "ZUVA_CHAIN_URL": f"http://{chain.host}:{chain.port}",
            "ZUVA_BROKER_URL": f"mqtt://{broker.host}:{broker.port}",
        }
    )
    _check_urls(os.environ)
    return embedded


def _check_urls(environment: Mapping[str, str]) -> None:
    schemes = {
        "DATABASE_URL": ("postgresql", "postgres"),
        "ZUVA_CHAIN_URL": ("http", "https"),
        "ZUVA_BROKER_URL": ("mqtt", "mqtts"),
    }
    for name, allowed in schemes.items():
        if urlsplit(environment[name]).scheme not in allowed:
            expected = " or ".join(f"{scheme}://" for scheme in allowed)
            raise ConfigurationError(f"setting {name} must begin with {expected}; correct it or unset it")
