"""An HTTP server inside one of our services: stops when its task is cancelled, leaves signals alone."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from zuva.errors import ServiceEnded


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_http(application: Any, host: str, port: int, listening: Callable[[], None]) -> None:  # noqa: ANN401
    """Serve an ASGI application until cancelled; `listening` is called once requests are taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's delay off; without, every answer waits 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        configuration = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=3,
            ws="none",
        )
        server = _Server(configuration)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not server.started and not running.done():  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
            if server.started:
                listening()
            await asyncio.shield(running)
            raise ServiceEnded(f"the HTTP server on {host}:{port} ended by itself")
        finally:
            server.should_exit = True
            await running
