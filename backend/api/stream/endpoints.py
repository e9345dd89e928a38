"""The event stream of indexed blocks and telemetry."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse

from backend.api.database import Database
from backend.api.problems import RESPONSES, Problem
from backend.api.stream import repository
from backend.api.stream.hub import Announced, Closing, Hub, Missed, Seen
from backend.store.errors import DatabaseUnavailable

router = APIRouter(tags=["stream"])


@router.get(
    "/stream",
    summary="Indexed blocks and telemetry as they come",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: `hello` with the state so far at the beginning and whenever "
            "announcements may have been missed; `block` after indexed windows; `telemetry` with the meters "
            "that said something new (schema TelemetryEvent).",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        503: RESPONSES[503],
    },
)
async def stream(
    request: Request,
    last_event_id: Annotated[
        str | None, Header(description="Taken, and not needed: `hello` always has the whole state")
    ] = None,
) -> StreamingResponse:
    """Events `hello`, `block` (their id is the block number) and `telemetry`; the data are JSON."""
    del last_event_id
    state = request.app.state
    if state.hub.streams >= state.settings.streams:
        raise Problem(
            503, "too-many-streams", "Too many open streams", "try again later, or ask by /v1 instead"
        )
    # a database that does not answer is said by the status, before the stream begins
    async with state.database.snapshot():
        pass
    return StreamingResponse(
        _events(state.database, state.hub, state.settings.keep_alive_seconds),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(database: Database, hub: Hub, keep_alive_seconds: float) -> AsyncIterator[str]:
    # subscribed before the state is read, so that no block falls between the two
    with hub.subscribed() as queue:
        queue.put_nowait(Missed())
        yield "retry: 1000\n\n"
        while True:
            try:
                message = await asyncio.wait_for(queue.get(), keep_alive_seconds)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if isinstance(message, Closing):
                return
            if isinstance(message, Announced):
                yield _event("block", message.block)
                continue
            if isinstance(message, Seen):
                yield f"event: telemetry\ndata: {message.telemetry}\n\n"
                continue
            try:
                yield await _hello(database)
            except DatabaseUnavailable:
                yield ": the database does not answer\n\n"


async def _hello(database: Database) -> str:
    async with database.snapshot() as snapshot:
        state = await repository.state(snapshot)
    return _event(
        "hello", state or {"block_number": 0, "timestamp": 0, "reports": 0, "meters": 0, "certified_wh": 0}
    )


def _event(name: str, data: dict[str, Any]) -> str:
    return f"id: {data['block_number']}\nevent: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"
