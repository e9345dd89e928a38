"""The service `zuva broker`: one embedded MQTT broker, until it is told to stop."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from zuva.broker import aedes, mosquitto
from zuva.broker.program import running
from zuva.broker.settings import BrokerSettings
from zuva.errors import ConfigurationError, PortTaken, ServiceEnded
from zuva.processes import FileLock, check_port_free

log = structlog.get_logger()

_PORT_PATIENCE_SECONDS: Final = 3.0


async def serve(
    settings: BrokerSettings, *, ready: Callable[[], None], status: Callable[[str], None]
) -> None:
    """Run the embedded broker until cancelled.

    Raises:
        ConfigurationError: The port is taken, the program asked for is absent, or already running.
        ServiceEnded: When the program ends by itself.
    """
    data_dir = settings.data_dir.resolve()
    with FileLock(data_dir / "run" / "broker.lock", f"the broker of {data_dir}"):
        await _until_port_is_free(settings)
        name, command = _program(settings)
        async with running(name, command, settings) as process:
            log.info("broker_ready", url=f"mqtt://{settings.host}:{settings.port}", program=name)
            ready()
            status(name)
            code = await process.wait()
            raise ServiceEnded(f"broker: {name} ended with code {code}; the log of broker says why")


async def _until_port_is_free(settings: BrokerSettings) -> None:
    """Give the program of a killed broker, which dies with it, the moment that takes."""
    deadline = time.monotonic() + _PORT_PATIENCE_SECONDS
    while True:
        try:
            check_port_free(settings.host, settings.port, service="broker", setting="ZUVA_BROKER_PORT")
        except PortTaken:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)
        else:
            return


def _program(settings: BrokerSettings) -> tuple[str, list[str]]:
    found = mosquitto.find_mosquitto() if settings.kind != "aedes" else None
    if found is not None:
        return "mosquitto", mosquitto.command(found, settings)
    if settings.kind == "mosquitto":
        raise ConfigurationError(
            "broker: ZUVA_BROKER_KIND=mosquitto, but mosquitto is not on PATH; "
            "install it (Debian: apt-get install mosquitto) or unset ZUVA_BROKER_KIND"
        )
    return "aedes", aedes.command(settings)
