"""The embedded broker keeps order and retained messages, and clients find a restarted one again."""

import asyncio
import os
import signal
from typing import Any

import gmqtt
import pytest
from gmqtt.mqtt.constants import MQTTv311

from tests.conftest import running, short_directory
from zuva.broker.mosquitto import find_mosquitto
from zuva.processes import free_port

KINDS = [
    "amqtt",
    pytest.param("mosquitto", marks=pytest.mark.skipif(find_mosquitto() is None, reason="no mosquitto")),
]


class Listener:
    """A subscriber that notes what it gets, in order."""

    def __init__(self, name: str, topic: str) -> None:
        self.messages: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.client = gmqtt.Client(name, clean_session=True)
        self.client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self.client.on_message = self._note
        self.subscribed = asyncio.Event()
        self.client.on_subscribe = lambda *_: self.subscribed.set()

    def _note(self, _client: Any, topic: str, payload: bytes, _qos: int, _properties: Any) -> int:
        self.messages.put_nowait((topic, payload))
        return 0

    async def connect(self, url: str) -> None:
        await self.client.connect("127.0.0.1", int(url.rsplit(":", 1)[1]), version=MQTTv311, keepalive=5)
        await self.subscribed.wait()

    async def next(self) -> tuple[str, bytes]:
        return await asyncio.wait_for(self.messages.get(), 30)


@pytest.mark.parametrize("kind", KINDS)
async def test_one_connection_keeps_its_order_at_qos_1(kind: str) -> None:
    port = free_port()
    with short_directory() as data:
        settings = {"ZUVA_DATA_DIR": str(data), "ZUVA_BROKER_PORT": str(port), "ZUVA_BROKER_KIND": kind}
        with running("broker", settings):
            url = f"mqtt://127.0.0.1:{port}"
            listener, sender = Listener("order", "zuva/1/#"), Listener("sender", "nothing")
            await listener.connect(url)
            await sender.connect(url)
            for number in range(1000):
                topic = "zuva/1/clock" if number % 100 == 99 else f"zuva/1/a/{number % 7}/reading"
                sender.client.publish(topic, str(number).encode(), qos=1, retain=topic == "zuva/1/clock")
            assert [int((await listener.next())[1]) for _ in range(1000)] == list(range(1000))
            late = Listener("late", "zuva/1/clock")
            await late.connect(url)
            assert await late.next() == ("zuva/1/clock", b"999")
            for party in (listener, sender, late):
                await party.client.disconnect()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_killed_and_restarted_broker_is_found_again(kind: str) -> None:
    port = free_port()
    with short_directory() as data:
        settings = {"ZUVA_DATA_DIR": str(data), "ZUVA_BROKER_PORT": str(port), "ZUVA_BROKER_KIND": kind}
        listener = Listener("again", "zuva/1/#")
        with running("broker", settings) as process:
            await listener.connect(f"mqtt://127.0.0.1:{port}")
            listener.subscribed.clear()
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        with running("broker", settings):
            await asyncio.wait_for(listener.subscribed.wait(), 60)
            sender = Listener("sender", "nothing")
            await sender.connect(f"mqtt://127.0.0.1:{port}")
            sender.client.publish("zuva/1/a/b/reading", b"after", qos=1)
            assert await listener.next() == ("zuva/1/a/b/reading", b"after")
            await sender.client.disconnect()
        await listener.client.disconnect()


def test_a_taken_port_is_named_with_its_setting(broker_url: str) -> None:
    port = broker_url.rsplit(":", 1)[1]
    with (
        short_directory() as data,
        pytest.raises(pytest.fail.Exception) as failure,
        running("broker", {"ZUVA_DATA_DIR": str(data), "ZUVA_BROKER_PORT": port}),
    ):
        pass
    assert f"port {port}" in str(failure.value)
    assert "ZUVA_BROKER_PORT" in str(failure.value)
    assert "Traceback" not in str(failure.value)
