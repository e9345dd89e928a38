"""The web page's files, and the headers every answer carries."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_FOREVER = "public, max-age=31536000, immutable"


class SecurityHeaders:
    """Adds the security headers to every answer; leaves streams untouched otherwise."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class _Pages(StaticFiles):
    """Files named by a hash of their content (`/assets`) never change; all others are asked for anew."""

    async def check_config(self) -> None:
        """Take a page that is not built yet for one without files."""

    def file_response(self, full_path: Any, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401
        response = super().file_response(full_path, *args, **kwargs)
        hashed = Path(full_path).parent.name == "assets"
        response.headers["Cache-Control"] = _FOREVER if hashed else "no-cache"
        return response


def mount_pages(app: FastAPI, static_dir: Path) -> None:
    """Serve the files of `static_dir` at /, index.html first."""
    app.mount("/", _Pages(directory=static_dir, html=True, check_dir=False), name="pages")
