"""The service `zuva broker`: one embedded MQTT broker, until it is told to stop."""

import asyncio
from collections.abc import Callable

import structlog

from zuva.broker.embedded import embedded_broker
from zuva.broker.mosquitto import find_mosquitto, mosquitto_broker
from zuva.broker.settings import BrokerSettings
from zuva.errors import ConfigurationError, ServiceEnded
from zuva.processes import FileLock, check_port_free

log = structlog.get_logger()


async def serve(
    settings: BrokerSettings, *, ready: Callable[[], None], status: Callable[[str], None]
) -> None:
    """Run the embedded broker until cancelled.

    Raises:
        ConfigurationError: The port is taken, the program asked for is absent, or already running.
        ServiceEnded: When mosquitto ends by itself.
    """
    data_dir = settings.data_dir.resolve()
    with FileLock(data_dir / "run" / "broker.lock", f"the broker of {data_dir}"):
        check_port_free(settings.host, settings.port, service="broker", setting="ZUVA_BROKER_PORT")
        program = find_mosquitto() if settings.kind != "amqtt" else None
        if settings.kind == "mosquitto" and program is None:
            raise ConfigurationError(
                "broker: ZUVA_BROKER_KIND=mosquitto, but mosquitto is not on PATH; "
                "install it (Debian: apt-get install mosquitto) or unset ZUVA_BROKER_KIND"
            )
        if program is None:
            async with embedded_broker(settings) as name:
                _announce(settings, name, ready, status)
                await asyncio.Event().wait()
        else:
            async with mosquitto_broker(program, settings) as (name, process):
                _announce(settings, name, ready, status)
                code = await process.wait()
                raise ServiceEnded(f"broker: mosquitto ended with code {code}; the log of broker says why")


def _announce(
    settings: BrokerSettings, name: str, ready: Callable[[], None], status: Callable[[str], None]
) -> None:
    log.info("broker_ready", url=f"mqtt://{settings.host}:{settings.port}", program=name)
    ready()
    status(name)
