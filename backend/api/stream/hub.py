"""Hands what the database announces to every open stream; one connection listens for all of them."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog

from backend.store.announcement import CHANNEL

_QUEUE_LIMIT = 64
_FIRST_WAIT = 0.2
_LONGEST_WAIT = 5.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Announced:
    """A window of blocks was indexed."""

    block: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Missed:
    """Announcements may have been lost: whoever gets this looks at the whole state again."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The server stops."""


Message = Announced | Missed | Closing


class Hub:
    """Listens on one connection and fans out.

    Args:
        database_url: libpq URL.
    """

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._queues: set[asyncio.Queue[Message]] = set()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def start(self) -> None:
        """Begin to listen; waits for the database as long as it takes."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop listening and end every open stream."""
        self.close_streams()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def close_streams(self) -> None:
        """End every open stream."""
        self._closed = True
        self._give(Closing())

    @contextmanager
    def subscribed(self) -> Iterator[asyncio.Queue[Message]]:
        """Yield a queue that is given every message from now on."""
        queue: asyncio.Queue[Message] = asyncio.Queue(_QUEUE_LIMIT)
        if self._closed:
            queue.put_nowait(Closing())
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    def _give(self, message: Message) -> None:
        for queue in self._queues:
            try:
                queue.put_nowait(message)
            except asyncio.QueueFull:
                # a client that does not read: it is told once that it missed something
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(message if isinstance(message, Closing) else Missed())

    async def _run(self) -> None:
        wait = _FIRST_WAIT
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._database_url,
                    autocommit=True,
                    application_name="zuva api stream",
                    connect_timeout=3,
                    keepalives_idle=10,
                ) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    wait = _FIRST_WAIT
                    self._give(Missed())
                    async for notification in connection.notifies():
                        self._give(Announced(json.loads(notification.payload)))
            except (psycopg.Error, OSError) as error:
                _log.warning("not listening to the database", reason=type(error).__name__, seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
