"""mosquitto with a generated configuration."""

import os
import shutil
from pathlib import Path

from zuva.broker.settings import BrokerSettings
from zuva.processes import make_directory


def find_mosquitto() -> str | None:
    """Return the path of mosquitto, also where Debian puts it outside an ordinary account's PATH."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def configuration(settings: BrokerSettings, store: Path) -> str:
    """Return mosquitto's configuration: one loopback listener, sessions kept on disk in order."""
    account = "user root\n" if os.geteuid() == 0 else ""
    return (
        f"{account}listener {settings.port} {settings.host}\n"
        "allow_anonymous true\n"
        "persistence true\n"
        f"persistence_location {store}/\n"
        "autosave_interval 10\n"
        "max_queued_messages 0\n"
        "max_inflight_messages 1000\n"
        f"max_packet_size {settings.max_packet_bytes}\n"
        "set_tcp_nodelay true\n"
        "log_dest stderr\n"
        "log_type error\n"
        "log_type warning\n"
    )


def command(program: str, settings: BrokerSettings) -> list[str]:
    """Write mosquitto's configuration and return its command line."""
    store = settings.data_dir.resolve() / "broker"
    make_directory(store)
    file = store / "mosquitto.conf"
    file.write_text(configuration(settings, store))
    return [program, "-c", str(file)]
