"""`zuva api`: the one HTTP application, the API of the backend and the built page."""

from collections.abc import Callable
from pathlib import Path

from backend.api.app import create_app
from backend.api.settings import ApiSettings
from zuva.http import serve_http


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
        PortTaken: the port is taken or may not be used.
    """
    app = create_app(settings, static_dir)

    def listening(port: int) -> None:
        status(f"serving on http://{settings.host}:{port}")
        ready()

    await serve_http(
        app,
        settings.host,
        settings.port,
        listening,
        setting="ZUVA_API_PORT",
        lifespan="on",
        before_stop=app.state.hub.close_streams,
    )
