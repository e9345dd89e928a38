"""The API as a service: an HTTP server that ends in order when its task is cancelled."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog
import uvicorn

from backend.api.app import create_app
from backend.api.settings import ApiSettings
from protocol.errors import ConfigurationError

_STOP_SECONDS = 3
_log = structlog.get_logger()


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


async def serve(
    settings: ApiSettings,
    *,
    ready: Callable[[], None],
    status: Callable[[str], None],
    static_dir: Path | None = None,
) -> None:
    """Answer requests until cancelled; the database may come and go.

    Args:
        settings: the API's settings.
        ready: called once requests are taken.
        status: told in words when the state changes.
        static_dir: the built web page, served at /.

    Raises:
        ConfigurationError: the port is taken or may not be used.
    """
    app = create_app(settings, static_dir)

    def listening() -> None:
        words = f"serving on http://{settings.host}:{listener.getsockname()[1]}"
        _log.info(words)
        status(words)
        ready()

    with _listening(settings.host, settings.port) as listener:
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="on",
                ws="none",
                server_header=False,
                timeout_graceful_shutdown=_STOP_SECONDS,
            ),
            listening,
        )
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(running)
        finally:
            app.state.hub.close_streams()
            server.should_exit = True
            await running


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                f"the API cannot listen on {host}:{port} ({error.strerror}): stop the program that "
                "uses the port, or set ZUVA_API_PORT"
            ) from error
        yield listener
