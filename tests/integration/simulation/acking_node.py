"""A small oracle node: verifies readings, acknowledges them with its own key, and remembers what it heard."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from gmqtt import Client
from gmqtt.mqtt.constants import MQTTv311

from protocol.ack import Status, encode_ack
from protocol.clock import parse_clock
from protocol.eip712 import Domain
from protocol.keccak import keccak256
from protocol.keys import SigningKey
from protocol.mqtt import parse_broker_url
from protocol.reading import Reading, parse_record
from protocol.topics import CLOCK_TOPIC, READINGS_FILTER, ack_topic, parse_reading_topic


class AckingNode:
    """What the node knows and heard."""

    def __init__(
        self, key: SigningKey, domain: Domain, meters: Mapping[bytes, bytes], name: str = "node-1"
    ) -> None:
        self.key = key
        self.name = name
        self.domain = domain
        self.meters = meters
        self.accepted: dict[tuple[bytes, int], bytes] = {}
        self.heard: set[tuple[bytes, int]] = set()
        self.clock = 0
        self.beyond_clock: list[Reading] = []
        self.contradictions: list[Reading] = []
        self.status_of: Callable[[Reading], Status] = lambda _: Status.ACCEPTED
        self.muted = False

    def hear(self, client: Client, topic: str, payload: bytes) -> None:
        if topic == CLOCK_TOPIC:
            assert parse_clock(payload) >= self.clock
            self.clock = parse_clock(payload)
            return
        signed = parse_record(payload)
        reading = signed.reading
        assert parse_reading_topic(topic) == reading.meter_id
        assert signed.signer(self.domain) == self.meters[reading.meter_id]
        self.heard.add((reading.meter_id, reading.seq))
        if reading.timestamp > self.clock:
            self.beyond_clock.append(reading)
        if self.muted:
            return
        status = self.status_of(reading)
        if status is Status.ACCEPTED:
            known = self.accepted.setdefault((reading.meter_id, reading.seq), payload)
            if known != payload:
                self.contradictions.append(reading)
        ack = encode_ack(reading.meter_id, reading.seq, keccak256(payload), status, self.key, self.domain)
        client.publish(ack_topic(reading.meter_id, self.name), ack, qos=1)

    @asynccontextmanager
    async def listening(self, broker_url: str) -> AsyncIterator[None]:
        host, port, _, _ = parse_broker_url(broker_url)
        client = Client(None, clean_session=True)
        subscribed = asyncio.Event()
        client.on_message = lambda c, topic, payload, *_: self.hear(c, topic, payload)
        client.on_subscribe = lambda *_: subscribed.set()
        await client.connect(host, port, version=MQTTv311)
        client.subscribe(READINGS_FILTER, qos=1)
        client.subscribe(CLOCK_TOPIC, qos=1)
        await subscribed.wait()
        try:
            yield
        finally:
            await client.disconnect()
