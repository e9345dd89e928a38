"""Errors as RFC 9457 problem details; nobody outside ever sees a traceback."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from backend.store.errors import DatabaseUnavailable

_log = structlog.get_logger()


class ProblemDetail(BaseModel):
    """An error as every endpoint answers it."""

    type: str = Field(description="Stable name of the kind of problem")
    title: str
    status: int
    detail: str = Field(description="What was wrong here, and the mend")
    request_id: str | None = Field(default=None, description="As in the header X-Request-ID and the log")
    errors: list[dict[str, str]] | None = Field(default=None, description="What was wrong with each input")


class Problem(Exception):
    """An error that is answered to the client as it is.

    Args:
        status: HTTP status.
        kind: stable name, the last part of the problem's type.
        title: the same words for every problem of the kind.
        detail: what was wrong here, and the mend.
    """

    def __init__(self, status: int, kind: str, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail


def not_found(what: str, detail: str) -> Problem:
    """Return the problem of something that does not exist."""
    return Problem(404, f"unknown-{what}", f"Unknown {what}", detail)


def not_indexed() -> Problem:
    """Return the problem of a database that the indexer has not begun to fill."""
    return Problem(
        503,
        "not-indexed",
        "Nothing is indexed yet",
        "the indexer has not found the deployment yet; try again when it runs",
    )


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemDetail, "description": words, "content": {"application/problem+json": {}}}
    for status, words in (
        (404, "Unknown"),
        (422, "An input is not valid"),
        (503, "The database does not answer, or nothing is indexed yet"),
    )
}
"""What every endpoint may answer besides its own; for the OpenAPI document."""


def add_handlers(app: FastAPI) -> None:
    """Make every error of `app` a problem."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, problem: Problem) -> JSONResponse:
        return _answer(request, problem.status, problem.kind, problem.title, problem.detail)

    @app.exception_handler(DatabaseUnavailable)
    async def _database(request: Request, error: DatabaseUnavailable) -> JSONResponse:
        _log.warning("database unavailable", path=request.url.path, reason=str(error))
        return _answer(request, 503, "database-unavailable", "The database does not answer", str(error))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [
            {"pointer": "/" + "/".join(str(part) for part in one["loc"]), "detail": str(one["msg"])}
            for one in error.errors()
        ]
        detail = "; ".join(f"{one['pointer'].rsplit('/', 1)[-1]}: {one['detail']}" for one in errors)
        return _answer(request, 422, "invalid-input", "An input is not valid", detail, errors)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 404:
            return _answer(request, 404, "unknown-path", "Unknown path", f"nothing is at {request.url.path}")
        title = str(error.detail)
        answer = _answer(request, error.status_code, "http", title, title)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        _log.error("unexpected error", path=request.url.path, error=type(error).__name__, reason=str(error))
        return _answer(request, 500, "internal", "Something is broken here", "the server's log says what")


def _answer(
    request: Request,
    status: int,
    kind: str,
    title: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
) -> JSONResponse:
    body: dict[str, Any] = {"type": f"/problems/{kind}", "title": title, "status": status, "detail": detail}
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": "2"} if status == 503 else {})
    if request_id := request.scope.get("request_id"):
        body["request_id"] = headers["X-Request-ID"] = request_id
    if errors is not None:
        body["errors"] = errors
    return JSONResponse(body, status, headers, media_type="application/problem+json")
