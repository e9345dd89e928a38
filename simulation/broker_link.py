"""One connection to the MQTT broker: publish, hear acknowledgements, notice the loss.

The reconnecting is left to the caller, who makes a new link: gmqtt's own reconnecting keeps packet ids and
unanswered packets of the lost session, and every unanswered reading is in the outbox anyway.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import unquote, urlsplit

from gmqtt import Client
from gmqtt.mqtt.constants import MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError
from gmqtt.storage import PersistentStorage

from protocol.clock import encode_clock
from protocol.errors import ConfigurationError
from protocol.topics import ACKS_FILTER, CLOCK_TOPIC, reading_topic
from simulation.outbox import Outgoing

CONNECT_SECONDS: Final = 10.0
_KEEPALIVE_SECONDS: Final = 30
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
# anything but -1 (for ever) and 0 (which gmqtt takes as one try) keeps gmqtt from reconnecting by itself
_NEVER_RECONNECT: Final = -2


class BrokerUnavailableError(Exception):
    """The broker cannot be reached, refuses, or went away; trying again may help."""


class BrokerLink:
    """An established connection; made by `connect`."""

    def __init__(self, client: Client, unanswered: PersistentStorage) -> None:
        self._client = client
        self._unanswered = unanswered
        self._lost = asyncio.Event()
        self._stirred = asyncio.Event()
        self._acks: list[tuple[str, bytes]] = []

    def lose(self) -> None:
        """Mark the connection as gone."""
        self._lost.set()
        self._stirred.set()

    def hear(self, topic: str, payload: bytes) -> None:
        """Keep an acknowledgement for `take_acks` and wake whoever waits in `wait`."""
        self._acks.append((topic, payload))
        self._stirred.set()

    def take_acks(self) -> list[tuple[str, bytes]]:
        """Return topics and payloads of the acknowledgements since the last call."""
        acks, self._acks = self._acks, []
        return acks

    def publish_clock(self, timestamp: int) -> None:
        """Publish the community's time, retained."""
        self._client.publish(CLOCK_TOPIC, encode_clock(timestamp), qos=1, retain=True)

    def publish(self, readings: Iterable[Outgoing]) -> None:
        """Publish readings in order."""
        publish = self._client.publish
        for outgoing in readings:
            publish(reading_topic(outgoing.meter_id), outgoing.record, qos=1)

    async def wait(self, seconds: float) -> None:
        """Wait for an acknowledgement, at most `seconds`.

        Raises:
            BrokerUnavailableError: the connection is lost.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._stirred.wait()
        except TimeoutError:
            pass
        self._stirred.clear()
        self.check()

    def check(self) -> None:
        """Raise `BrokerUnavailableError` if the connection is lost."""
        if self._lost.is_set() or not self._client.is_connected:
            raise BrokerUnavailableError("the broker closed the connection")

    async def flush(self) -> None:
        """Wait until the broker has taken everything that was published.

        Raises:
            BrokerUnavailableError: the connection is lost or the broker is silent.
        """
        waiters = [
            asyncio.ensure_future(self._unanswered.wait_empty()),
            asyncio.ensure_future(self._lost.wait()),
        ]
        try:
            await asyncio.wait(waiters, timeout=CONNECT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not waiters[0].done():
                raise BrokerUnavailableError("the broker does not confirm what was published")
        finally:
            for waiter in waiters:
                waiter.cancel()
        self.check()


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[BrokerLink]:
    """Connect to the broker, subscribed to all acknowledgements; disconnect at the end.

    Acknowledgements are subscribed at QoS 0: a lost one costs a resend of its reading, no more.

    Args:
        url: mqtt://[user[:password]@]host[:port], or mqtts:// for TLS.

    Raises:
        ConfigurationError: the URL is not one, or the broker refuses for good (credentials).
        BrokerUnavailableError: the broker cannot be reached.
    """
    host, port, tls, credentials = parse_broker_url(url)
    # gmqtt reports every lost connection with a traceback; here the caller words it
    logging.getLogger("gmqtt").setLevel(logging.CRITICAL)
    unanswered = PersistentStorage()
    client = Client(f"zuva-homes-{uuid.uuid4().hex[:12]}", clean_session=True, persistent_storage=unanswered)
    client.set_config({"reconnect_retries": _NEVER_RECONNECT})
    if credentials:
        client.set_auth_credentials(*credentials)
    link = BrokerLink(client, unanswered)
    subscribed = asyncio.Event()

    client.on_message = lambda _client, topic, payload, *_: link.hear(topic, payload)
    client.on_disconnect = lambda *_: link.lose()
    client.on_subscribe = lambda *_: subscribed.set()
    try:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await client.connect(host, port, ssl=tls, keepalive=_KEEPALIVE_SECONDS, version=MQTTv311)
                client.subscribe(ACKS_FILTER, qos=0)
                await subscribed.wait()
        except MQTTConnectError as error:
            raise ConfigurationError(f"the broker at {host}:{port} refuses us: {error}") from error
        except (OSError, TimeoutError) as error:
            raise BrokerUnavailableError(f"no broker at {host}:{port}") from error
        yield link
    finally:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_SECONDS):
                await client.disconnect()


def parse_broker_url(url: str) -> tuple[str, int, bool, tuple[str, str | None] | None]:
    """Return host, port, whether TLS is asked for, and the credentials of a broker URL.

    Raises:
        ConfigurationError: not an MQTT URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError) as error:
        raise ConfigurationError(f"{_without_password(url)!r} is no broker URL; {_URL_MEND}") from error
    if not parts.hostname:
        raise ConfigurationError(f"{_without_password(url)!r} names no host; {_URL_MEND}")
    credentials = None
    if parts.username:
        credentials = unquote(parts.username), unquote(parts.password) if parts.password else None
    return parts.hostname, port, parts.scheme == "mqtts", credentials


_URL_MEND: Final = "write mqtt://host:port, or mqtts://host:port for TLS"


def _without_password(url: str) -> str:
    scheme, separator, rest = url.rpartition("@")
    return f"...@{rest}" if separator else scheme + rest
