"""The API as a task in the test's process, and what it answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from backend.api.settings import ApiSettings
from zuva.api import serve


@asynccontextmanager
async def serving(
    database_url: str, static_dir: Path | None = None, **more: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve on a free port until the block ends; yields a client."""
    said: list[str] = []
    up = asyncio.Event()
    values = {"database_url": database_url, "port": 0, "database_wait_seconds": 0.5} | more
    task = asyncio.create_task(
        serve(ApiSettings(**values), ready=up.set, status=said.append, static_dir=static_dir)
    )
    waiting = asyncio.create_task(up.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        waiting.cancel()
        task.result()
    try:
        async with httpx.AsyncClient(base_url=said[-1].removeprefix("serving on "), timeout=20) as client:
            yield client
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def pages(client: httpx.AsyncClient, path: str, limit: int, **query: Any) -> list[dict[str, Any]]:
    """Follow cursors to the end; no page may be longer than asked for."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        parameters = query | {"limit": limit} | ({"cursor": cursor} if cursor else {})
        answer = await client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


def assert_problem(answer: httpx.Response, status: int, kind: str) -> None:
    """Check that an answer is problem details."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"/problems/{kind}"
    assert body["status"] == status
    assert body["detail"]
    assert "Traceback" not in answer.text
