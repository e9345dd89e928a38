"""Every request has an id, in the answer, the log and its problem; and is counted."""

import re
import secrets
import time
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.metrics import Metrics

HEADER: Final = "X-Request-ID"
_SOUND: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_QUIET: Final = ("/health", "/ready", "/metrics")
_log = structlog.get_logger()


class Requests:
    """Takes over the caller's request id or makes one, logs and counts the answer.

    Args:
        app: what answers.
        metrics: where requests are counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["request_id"] = _request_id(scope)
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                seconds = time.perf_counter() - started
                self._metrics.answered(scope["method"], _route(scope), status, seconds)
                log = _log.debug if scope["path"] in _QUIET and status < 500 else _log.info
                log(
                    "answered",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    milliseconds=round(seconds * 1e3, 1),
                )


def _route(scope: Scope) -> str:
    """Return the path with its parameters' names, so that there are only so many of them."""
    template: str | None = getattr(scope.get("route"), "path", None)
    if template is None:
        return "other"
    # a router's prefix is not part of its routes' paths
    parts = scope["path"].split("/")
    return "/".join(parts[: len(parts) - template.count("/")]) + template


def _request_id(scope: Scope) -> str:
    # who stands before this has named the request already: it shall not have two names
    outer: str | None = structlog.contextvars.get_contextvars().get("request_id")
    if outer:
        return outer
    stated = Headers(scope=scope).get(HEADER, "")
    return stated if _SOUND.fullmatch(stated) else secrets.token_hex(8)
