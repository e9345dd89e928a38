"""zuva.toml and a community's own file, turned into the environment that every service reads.

Precedence: the environment, then zuva.toml, then what the data directory says of its community, then the
defaults.
"""

import importlib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic_settings import BaseSettings

from zuva.errors import ConfigurationError

FILE_NAME: Final = "zuva.toml"
SHARED: Final[Mapping[str, str]] = {
    "data_dir": "ZUVA_DATA_DIR",
    "database_url": "DATABASE_URL",
    "chain_url": "ZUVA_CHAIN_URL",
    "broker_url": "ZUVA_BROKER_URL",
    "log_level": "ZUVA_LOG_LEVEL",
}
"""Keys outside every section, and the variables they stand for."""

SETTINGS: Final[Mapping[str, str]] = {
    "api": "backend.api.settings:ApiSettings",
    "broker": "zuva.broker.settings:BrokerSettings",
    "chain": "zuva.chain.settings:ChainSettings",
    "community": "zuva.community_settings:CommunitySettings",
    "db": "zuva.database.settings:DatabaseSettings",
    "homes": "simulation.settings:HomesSettings",
    "indexer": "backend.indexer.settings:IndexerSettings",
    "oracle": "oracle.settings:OracleSettings",
    "replay": "simulation.settings:ReplaySettings",
    "supervisor": "zuva.supervisor.settings:SupervisorSettings",
    "telemetry": "backend.telemetry.settings:TelemetrySettings",
}
"""Sections of zuva.toml and the settings class of each; variables are ZUVA_<SECTION>_<KEY>."""
_NODE: Final = "oracle-"
"""What the sections of single nodes begin with: [oracle-2] has the keys of [oracle], and url."""


def settings_class(section: str) -> type[BaseSettings]:
    """Return the settings class of a section, importing its room only now."""
    module, _, name = SETTINGS[section].partition(":")
    found = getattr(importlib.import_module(module), name)
    if not (isinstance(found, type) and issubclass(found, BaseSettings)):
        raise TypeError(f"{SETTINGS[section]} is not a settings class")
    return found


def read_toml(path: Path) -> dict[str, str]:
    """Return the variables a zuva.toml stands for.

    Raises:
        ConfigurationError: Not TOML, or a section or key that nobody reads, with the file and the mend.
    """
    try:
        content = tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror}); check its path and access"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not TOML: {error}; correct that line") from error
    variables: dict[str, str] = {}
    for key, value in content.items():
        if isinstance(value, dict):
            variables |= _section(path, key, value)
        elif key in SHARED:
            variables[SHARED[key]] = _text(path, key, value)
        else:
            raise ConfigurationError(
                f"{path}: nothing reads the key {key!r}; known outside sections: {', '.join(SHARED)}"
            )
    return variables


def _section(path: Path, section: str, content: dict[str, object]) -> dict[str, str]:
    of_one_node = section.startswith(_NODE)
    if section not in SETTINGS and not of_one_node:
        raise ConfigurationError(
            f"{path}: nothing reads the section [{section}]; known: {', '.join(SETTINGS)}, {_NODE}1 and so on"
        )
    fields = settings_class("oracle" if of_one_node else section).model_fields
    known = {"url"} if of_one_node else set()
    known |= {name for name, field in fields.items() if field.validation_alias is None or name == "bindir"}
    variables = {}
    for key, value in content.items():
        if key not in known:
            raise ConfigurationError(
                f"{path}: [{section}] has no key {key!r}; known: {', '.join(sorted(known))}"
                + (f" (set {SHARED[key]} outside every section)" if key in SHARED else "")
            )
        variables[f"ZUVA_{section}_{key}".upper().replace("-", "_")] = _text(path, f"{section}.{key}", value)
    return variables


def _text(path: Path, key: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | str):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, int | str) for item in value):
        return ",".join(map(str, value))
    raise ConfigurationError(f"{path}: {key} must be text, a number, true, false or a list of texts")


def load_environment(config: Path | None) -> None:
    """Put what zuva.toml says into this process's environment; variables already set stay.

    Args:
        config: The file; without it ZUVA_CONFIG, else zuva.toml in the working directory when there is one.
    """
    named = config or (Path(os.environ["ZUVA_CONFIG"]) if os.environ.get("ZUVA_CONFIG") else None)
    path = named or Path(FILE_NAME)
    if named is None and not path.is_file():
        return
    put_defaults(read_toml(path), str(path))


_origins: dict[str, str] = {}


def put_defaults(variables: Mapping[str, str], origin: str | None = None) -> None:
    """Set variables of this process that are not set yet.

    Args:
        variables: Names and values.
        origin: The file they come from, for messages about a bad value.
    """
    for name, value in variables.items():
        if name not in os.environ and origin is not None:
            _origins[name] = origin
        os.environ.setdefault(name, value)


def origin_of(variable: str) -> str:
    """Return where a variable's value is to be corrected."""
    return _origins.get(variable, "the environment or zuva.toml")
