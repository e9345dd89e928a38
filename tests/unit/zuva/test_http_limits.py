"""How much an HTTP server of ours takes from strangers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.responses import Response

from zuva.http import serve_http

REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n"


@asynccontextmanager
async def served(**limits: int) -> AsyncIterator[int]:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    application = Response(status_code=204)
    serving = asyncio.create_task(
        serve_http(application, "127.0.0.1", 0, port.set_result, setting="-", **limits)
    )
    try:
        yield await port
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def status(port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.readline()
    writer.close()
    return int(answer.split()[1])


async def test_connections_beyond_the_limit_hear_that_it_is_reached() -> None:
    async with served(connections=3) as port:
        assert await status(port, REQUEST + b"\r\n") == 204
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        assert await status(port, REQUEST + b"\r\n") == 503
        for _, writer in idle:
            writer.close()


async def test_a_head_beyond_the_limit_is_refused() -> None:
    async with served(header_bytes=1_000) as port:
        assert await status(port, REQUEST + b"x: " + b"y" * 800 + b"\r\n\r\n") == 204
        assert await status(port, REQUEST + b"x: " + b"y" * 5_000) == 400
