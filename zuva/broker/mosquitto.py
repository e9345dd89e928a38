"""mosquitto as a child process, with a generated configuration."""

import asyncio
import os
import shutil
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from zuva.broker.settings import BrokerSettings
from zuva.errors import ServiceEnded
from zuva.processes import dies_with_parent


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
        "max_packet_size 65536\n"
        "set_tcp_nodelay true\n"
        "log_dest stderr\n"
        "log_type error\n"
        "log_type warning\n"
    )


@asynccontextmanager
async def mosquitto_broker(program: str, settings: BrokerSettings) -> AsyncIterator[tuple[str, Process]]:
    """Run mosquitto; yields the broker's name in words and its process."""
    store = settings.data_dir.resolve() / "broker"
    store.mkdir(parents=True, exist_ok=True)
    file = store / "mosquitto.conf"
    file.write_text(configuration(settings, store))
    process = await asyncio.create_subprocess_exec(
        program, "-c", str(file), stdin=asyncio.subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr,
        start_new_session=True, preexec_fn=dies_with_parent(signal.SIGTERM),
    )  # fmt: skip
    try:
        await _wait_until_listening(process, settings)
        yield "mosquitto", process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _wait_until_listening(process: Process, settings: BrokerSettings) -> None:
    while process.returncode is None:
        try:
            _, writer = await asyncio.open_connection(settings.host, settings.port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise ServiceEnded(
        f"broker: mosquitto ended with code {process.returncode} while starting; see the log of broker"
    )
