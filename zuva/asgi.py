"""The shape of every HTTP application here, and what stands before each: a name for every request."""

import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

log = structlog.get_logger()

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADER = b"x-request-id"
_WELL_FORMED = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_SERVER_ERROR = 500
_UNAVAILABLE = 503


class RequestIds:
    """Gives each request an id: the caller's, or a new one.

    The id is in the header `X-Request-ID` of the answer, of the request as the application sees it, and in
    every log line written on the way (`request_id`). When a request is over, a line at level debug says how
    it went and how long it took; at level warning when it failed here. "Not yet" (503 with `Retry-After`) is
    at level info.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == HEADER), b"")
        identity = given if _WELL_FORMED.fullmatch(given) else secrets.token_hex(8).encode()
        others = [(name, value) for name, value in scope["headers"] if name != HEADER]
        scope = {**scope, "headers": [*others, (HEADER, identity)]}
        status = _SERVER_ERROR
        is_not_yet = False
        began = time.perf_counter()

        async def named(message: Message) -> None:
            nonlocal status, is_not_yet
            if message["type"] == "http.response.start":
                status = message["status"]
                is_not_yet = status == _UNAVAILABLE and any(
                    name.lower() == b"retry-after" for name, _ in message.get("headers", ())
                )
                headers = [(name, value) for name, value in message.get("headers", ()) if name != HEADER]
                message = {**message, "headers": [*headers, (HEADER, identity)]}
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=identity.decode()):
            try:
                await self._application(scope, receive, named)
            finally:
                failed = log.info if is_not_yet else log.warning
                say = failed if status >= _SERVER_ERROR else log.debug
                milliseconds = round(1000 * (time.perf_counter() - began), 3)
                say(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    milliseconds=milliseconds,
                )
