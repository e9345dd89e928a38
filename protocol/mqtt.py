"""One connection to the MQTT broker over which parties meet: publish in order, hear, notice the loss.

Reconnecting is the caller's: it makes a new link and starts from its own store, because gmqtt's own
reconnecting keeps the packet ids and unanswered packets of the lost session.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from gmqtt import Client, Message
from gmqtt.mqtt.constants import MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError
from gmqtt.mqtt.package import PublishPacket
from gmqtt.storage import PersistentStorage

from protocol.errors import ConfigurationError, ProtocolError

CONNECT_SECONDS: Final = 10.0
_KEEPALIVE_SECONDS: Final = 30
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
# anything but -1 (for ever) and 0 (which gmqtt takes as one try) keeps gmqtt from reconnecting by itself
_NEVER_RECONNECT: Final = -2
_URL_MEND: Final = "write mqtt://host:port, or mqtts://host:port for TLS"

MessageHandler = Callable[[str, bytes], None]


class Will(NamedTuple):
    """A retained message that the broker publishes at QoS 1 when the connection breaks without farewell."""

    topic: str
    payload: bytes


class BrokerUnavailable(ProtocolError):
    """The broker cannot be reached, refuses, or went away; trying again may help."""


class BrokerLink:
    """An established connection; made by `connect`."""

    def __init__(self, client: Client, unanswered: PersistentStorage) -> None:
        self._client = client
        self._unanswered = unanswered
        self._lost = asyncio.Event()
        self._stirred = asyncio.Event()

    def lose(self) -> None:
        """Mark the connection as gone."""
        self._lost.set()
        self._stirred.set()

    def stir(self) -> None:
        """Wake whoever waits in `wait`."""
        self._stirred.set()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Hand a message to the connection at QoS 1; messages keep their order."""
        self._client.publish(topic, payload, qos=1, retain=retain)

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Hand messages (topic, payload) to the connection at QoS 0, in one write.

        For what is asked for again when it is lost; a write for each would cost more than all the rest.
        """
        protocol = self._client._connection._protocol
        packets = [
            PublishPacket.build_package(Message(topic, payload, qos=0), protocol)[1]
            for topic, payload in messages
        ]
        if packets:
            protocol.write_data(b"".join(packets))

    async def wait(self, seconds: float) -> None:
        """Wait until a message came in, at most `seconds`.

        Raises:
            BrokerUnavailable: the connection is lost.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._stirred.wait()
        except TimeoutError:
            pass
        self._stirred.clear()
        self.check()

    def check(self) -> None:
        """Raise `BrokerUnavailable` if the connection is lost."""
        if self._lost.is_set() or not self._client.is_connected:
            raise BrokerUnavailable("the broker closed the connection")

    async def flush(self) -> None:
        """Wait until the broker has taken everything that was published.

        Raises:
            BrokerUnavailable: the connection is lost or the broker is silent.
        """
        waiters = [
            asyncio.ensure_future(self._unanswered.wait_empty()),
            asyncio.ensure_future(self._lost.wait()),
        ]
        try:
            await asyncio.wait(waiters, timeout=CONNECT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not waiters[0].done():
                raise BrokerUnavailable("the broker does not confirm what was published")
        finally:
            for waiter in waiters:
                waiter.cancel()
        self.check()


@asynccontextmanager
async def connect(
    url: str,
    client_name: str,
    subscriptions: Sequence[tuple[str, int]],
    on_message: MessageHandler,
    *,
    will: Will | None = None,
    on_retained: MessageHandler | None = None,
) -> AsyncIterator[BrokerLink]:
    """Connect to the broker with a clean session, subscribed; disconnect at the end.

    Args:
        url: mqtt://[user[:password]@]host[:port], or mqtts:// for TLS.
        client_name: start of the client id; a random part follows.
        subscriptions: topic filters with their QoS.
        on_message: called with topic and payload of every message, in the order of arrival.
        will: the last will, if any; a connection has one.
        on_retained: called instead of `on_message` for messages that the broker had kept from before the
            subscription; they may be of any age.

    Raises:
        ConfigurationError: the URL is not one, or the broker refuses for good (credentials).
        BrokerUnavailable: the broker cannot be reached.
    """
    host, port, tls, credentials = parse_broker_url(url)
    # gmqtt reports every lost connection with a traceback; here the caller words it
    logging.getLogger("gmqtt").setLevel(logging.CRITICAL)
    unanswered = PersistentStorage()
    client = Client(
        f"{client_name}-{uuid.uuid4().hex[:12]}",
        clean_session=True,
        persistent_storage=unanswered,
        will_message=Message(will.topic, will.payload, qos=1, retain=True) if will else None,
    )
    client.set_config({"reconnect_retries": _NEVER_RECONNECT})
    if credentials:
        client.set_auth_credentials(*credentials)
    link = BrokerLink(client, unanswered)
    subscribed = asyncio.Semaphore(0)

    def hear(_client: Client, topic: str, payload: bytes, _qos: int, properties: Any) -> None:  # noqa: ANN401
        handler = on_retained if on_retained and properties.get("retain") else on_message
        handler(topic, payload)
        link.stir()

    client.on_message = hear
    client.on_disconnect = lambda *_: link.lose()
    client.on_subscribe = lambda *_: subscribed.release()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await client.connect(host, port, ssl=tls, keepalive=_KEEPALIVE_SECONDS, version=MQTTv311)
            for topic_filter, qos in subscriptions:
                client.subscribe(topic_filter, qos=qos)
                await subscribed.acquire()
    except MQTTConnectError as error:
        raise ConfigurationError(f"the broker at {host}:{port} refuses the connection: {error}") from error
    except (OSError, TimeoutError) as error:
        raise BrokerUnavailable(f"no broker at {host}:{port}") from error
    try:
        yield link
    finally:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await client.disconnect()
        except (OSError, TimeoutError):
            link.lose()


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


def _without_password(url: str) -> str:
    scheme, separator, rest = url.rpartition("@")
    return f"...@{rest}" if separator else scheme + rest
