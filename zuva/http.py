"""An HTTP server inside one of our services: stops when its task is cancelled, leaves signals alone."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Literal

import uvicorn

from zuva.asgi import Application, RequestIds
from zuva.errors import PortTaken, ServiceEnded

_STOP_SECONDS = 3


class _Server(uvicorn.Server):
    """Says when it takes requests; signals are the business of whoever runs the service."""

    def __init__(self, configuration: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(configuration)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then say so."""
        await super().startup(sockets)
        if self.started:
            self._listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signal handlers alone."""
        yield


async def serve_http(
    application: Application,
    host: str,
    port: int,
    listening: Callable[[int], None],
    *,
    setting: str,
    lifespan: Literal["on", "off"] = "off",
    before_stop: Callable[[], None] = lambda: None,
    connections: int | None = None,
    header_bytes: int = 65_536,
) -> None:
    """Serve an ASGI application until cancelled.

    Args:
        application: the application; every request gets an id before it comes there.
        host: address to listen on.
        port: port to listen on; 0 for any.
        listening: called with the port once requests are taken.
        setting: the setting that moves the port.
        lifespan: whether the application has things to open and close.
        before_stop: called before open connections are waited for, to end what would not end by itself.
        connections: how many may be open at once; others hear 503; None for any number.
        header_bytes: longest head of a request.

    Raises:
        PortTaken: the port is taken or may not be used.
        ServiceEnded: the server ended by itself.
    """
    with _listener(host, port, setting) as listener:
        configuration = uvicorn.Config(
            RequestIds(application),
            log_config=None,
            access_log=False,
            lifespan=lifespan,
            server_header=False,
            timeout_graceful_shutdown=_STOP_SECONDS,
            ws="none",
            limit_concurrency=connections,
            h11_max_incomplete_event_size=header_bytes,
        )
        server = _Server(configuration, lambda: listening(listener.getsockname()[1]))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(running)
            raise ServiceEnded(f"the HTTP server on {host}:{port} ended by itself")
        finally:
            before_stop()
            server.should_exit = True
            await running


@contextlib.contextmanager
def _listener(host: str, port: int, setting: str) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's delay off; without, every answer waits 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"cannot listen on {host}:{port} ({error.strerror}); "
                f"stop the program that holds the port, or set {setting} to another"
            ) from error
        yield listener
