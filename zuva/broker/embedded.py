"""amqtt in this process: a broker with nothing to install."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from amqtt.broker import Broker

from zuva.broker.settings import BrokerSettings
from zuva.errors import ServiceEnded


@asynccontextmanager
async def embedded_broker(settings: BrokerSettings) -> AsyncIterator[str]:
    """Serve MQTT from this process; yields the broker's name in words."""
    for noisy in ("amqtt", "transitions"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{settings.host}:{settings.port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    try:
        await broker.start()
    except Exception as error:
        raise ServiceEnded(
            f"broker: amqtt could not listen on {settings.host}:{settings.port} ({error}); "
            "set ZUVA_BROKER_PORT to a free port"
        ) from error
    try:
        yield "amqtt (in process)"
    finally:
        # Clients that do not say goodbye must not hold up the stop.
        try:
            await asyncio.wait_for(broker.shutdown(), 5)
        except TimeoutError:
            logging.getLogger(__name__).warning("the broker did not close every session in time")
