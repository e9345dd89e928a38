"""What a node takes from a peer's URL, whatever stands there: no more than the question is worth."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from oracle.peers.client import HELLO_PATH, Peers
from oracle.peers.errors import PeerMisbehaved
from oracle.quorum.messages import Hello
from protocol.eip712 import Domain
from protocol.keys import SigningKey

DOMAIN = Domain(31337, b"\x11" * 20)
KEY = SigningKey(b"\x01" * 32)
HELLO = Hello(name="one", production_head=0, consumption_head=0, mints=False)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-zuva-signature: " + b"00" * 65 + b"\r\n"


@asynccontextmanager
async def something_at(answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[Peers]:
    """Let anything answer at a peer's URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            await answer(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    peers = Peers([f"http://127.0.0.1:{port}"], KEY, DOMAIN)
    try:
        yield peers
    finally:
        await peers.close()
        server.close()


async def greeted(peers: Peers) -> None:
    (peer,) = peers
    await peer.ask(HELLO_PATH, HELLO, Hello, lambda _: True)


async def test_an_answer_without_end_is_cut_off() -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(HEAD + b"\r\n")
        while True:
            writer.write(b" " * 65_536)
            sent += 65_536
            await writer.drain()

    async with something_at(endless) as peers:
        with pytest.raises(PeerMisbehaved, match="longer than"):
            await greeted(peers)
    assert sent < 32 * 1024 * 1024


async def test_an_answer_that_announces_too_much_is_not_read() -> None:
    async def huge(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"content-length: 99999999999\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(3600)

    async with something_at(huge) as peers:
        with pytest.raises(PeerMisbehaved, match="longer than"):
            await greeted(peers)


async def test_a_packed_answer_is_not_unpacked() -> None:
    async def bomb(writer: asyncio.StreamWriter) -> None:
        packed = gzip.compress(b" " * 50_000_000)
        writer.write(HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed) + packed)
        await writer.drain()

    async with something_at(bomb) as peers:
        with pytest.raises(PeerMisbehaved, match="packed"):
            await greeted(peers)
