"""The embedded broker keeps order, wills and retained messages, bounds each client, and is found again."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import gmqtt
import psutil
import pytest
from gmqtt.mqtt.constants import MQTTv311

from tests.conftest import running, short_directory
from zuva.broker.mosquitto import find_mosquitto
from zuva.processes import free_port

KINDS = [
    "aedes",
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


def test_a_broker_begins_again_while_the_killed_ones_program_still_holds_the_port() -> None:
    port = free_port()
    with short_directory() as data:
        settings = {"ZUVA_DATA_DIR": str(data), "ZUVA_BROKER_PORT": str(port), "ZUVA_BROKER_KIND": "aedes"}
        with running("broker", settings) as process:
            (program,) = psutil.Process(process.pid).children()
            program.suspend()
            process.kill()
            process.wait()
        with in_a_while(program.resume), running("broker", settings) as begun:
            assert begun.poll() is None


async def test_a_client_that_does_not_read_is_dropped_and_holds_nobody_up(broker_url: str) -> None:
    port = int(broker_url.rsplit(":", 1)[1])
    reader, writer = await connected_by_hand(port, b"deaf")
    writer.write(b"\x82\x0a\x00\x01\x00\x05big/#\x00")  # subscribes to big/# at QoS 0
    assert (await reader.readexactly(5))[0] == 0x90
    writer.transport.pause_reading()
    listener, sender = Listener("listener", "big/#"), Listener("sender", "nothing")
    await listener.connect(broker_url)
    await sender.connect(broker_url)
    block = bytes(60_000)
    for _ in range(600):  # 36 MB, of which the system's own buffers take the smaller part
        sender.client.publish("big/one", block, qos=1)
        assert await listener.next() == ("big/one", block)
    writer.transport.resume_reading()
    await until_dropped(reader)
    for party in (listener, sender):
        await party.client.disconnect()
    writer.close()


@pytest.mark.parametrize("size", [70_000, 300_000])
async def test_a_packet_beyond_the_limit_ends_its_connection_alone(broker_url: str, size: int) -> None:
    listener = Listener("listener", "big/#")
    await listener.connect(broker_url)
    reader, writer = await connected_by_hand(int(broker_url.rsplit(":", 1)[1]), b"long")
    length = bytes(((size & 127) | 128, (size >> 7 & 127) | 128, size >> 14))
    writer.write(b"\x30" + length + b"\x00\x05big/a" + bytes(size - 7))
    await until_dropped(reader)
    writer.close()
    listener.client.publish("big/b", b"fits", qos=1)
    assert await listener.next() == ("big/b", b"fits")
    await listener.client.disconnect()


async def test_a_lost_client_has_its_will_published_and_retained(broker_url: str) -> None:
    port = int(broker_url.rsplit(":", 1)[1])
    listener = Listener("listener", "status/#")
    await listener.connect(broker_url)
    will = b"\x00\x08status/a\x00\x07offline"
    _, writer = await connected_by_hand(port, b"meter", flags=0x2E, will=will)
    writer.transport.abort()
    assert await listener.next() == ("status/a", b"offline")
    late = Listener("late", "status/#")
    await late.connect(broker_url)
    assert await late.next() == ("status/a", b"offline")
    for party in (listener, late):
        await party.client.disconnect()


@contextlib.contextmanager
def in_a_while(do: Callable[[], None]) -> Iterator[None]:
    timer = threading.Timer(1.5, do)
    timer.start()
    yield
    timer.join()


async def until_dropped(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionResetError):
        while await asyncio.wait_for(reader.read(1 << 20), 30):
            pass


async def connected_by_hand(
    port: int, name: bytes, flags: int = 0x02, will: bytes = b""
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect without a client library, whose buffers would hide what the broker does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b"\x00\x04MQTT\x04" + bytes((flags,)) + b"\x00\x3c" + bytes((0, len(name))) + name + will
    writer.write(bytes((0x10, len(body))) + body)
    assert await reader.readexactly(4) == b"\x20\x02\x00\x00"
    return reader, writer


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
