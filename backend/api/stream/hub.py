"""Hands what the database announces to every open stream; one connection listens for all of them."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import structlog

from backend.api.stream.throttle import Throttle
from backend.store.announcement import CHANNEL, TELEMETRY_CHANNEL
from backend.store.errors import DatabaseUnavailable

_QUEUE_LIMIT: Final = 64
_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 5.0
_ADDED_UP: Final = ("reports", "mints", "meters")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Announced:
    """Windows of blocks were indexed; counts are of all of them, the rest is of the last."""

    block: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """Meters said something new; the data of a `telemetry` event as JSON."""

    telemetry: str


@dataclass(frozen=True, slots=True)
class Missed:
    """Announcements may have been lost: whoever gets this looks at the whole state again."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The server stops."""


Message = Announced | Seen | Missed | Closing


@dataclass(slots=True)
class Hub:
    """Listens on one connection and fans out, at a bounded rate whatever the database announces.

    Attributes:
        database_url: libpq URL.
        telemetry: returns the data of the next telemetry event; asked once for all streams.
        block_seconds: least pause between two announcements of blocks.
        telemetry_seconds: least pause between two telemetry events.
    """

    database_url: str
    telemetry: Callable[[], Awaitable[str | None]]
    block_seconds: float
    telemetry_seconds: float
    _queues: set[asyncio.Queue[Message]] = field(default_factory=set)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _block: dict[str, Any] | None = None
    _blocks: Throttle = field(init=False)
    _states: Throttle = field(init=False)
    _closed: bool = False

    def __post_init__(self) -> None:
        self._blocks = Throttle(self.block_seconds, self._tell_block)
        self._states = Throttle(self.telemetry_seconds, self._tell_telemetry)

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._queues)

    def start(self) -> None:
        """Begin to listen; waits for the database as long as it takes."""
        works = (self._listen(), self._blocks.run(), self._states.run())
        self._tasks = [asyncio.create_task(work) for work in works]

    async def stop(self) -> None:
        """Stop listening and end every open stream."""
        self.close_streams()
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

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

    async def _listen(self) -> None:
        wait = _FIRST_WAIT
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self.database_url,
                    autocommit=True,
                    application_name="zuva api stream",
                    connect_timeout=3,
                    keepalives_idle=10,
                ) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    await connection.execute(f"LISTEN {TELEMETRY_CHANNEL}")
                    wait = _FIRST_WAIT
                    self._give(Missed())
                    async for notification in connection.notifies():
                        if notification.channel == TELEMETRY_CHANNEL:
                            self._states.call()
                        else:
                            self._add_block(json.loads(notification.payload))
            except (psycopg.Error, OSError) as error:
                _log.warning("not listening to the database", reason=type(error).__name__, seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    def _add_block(self, block: dict[str, Any]) -> None:
        if self._block is not None:
            block = block | {name: self._block[name] + block[name] for name in _ADDED_UP}
        self._block = block
        self._blocks.call()

    async def _tell_block(self) -> None:
        if self._block is not None:
            block, self._block = self._block, None
            self._give(Announced(block))

    async def _tell_telemetry(self) -> None:
        if not self._queues:
            return
        try:
            event = await self.telemetry()
        except DatabaseUnavailable as error:
            _log.warning("no telemetry for the stream", reason=str(error))
            return
        if event is not None:
            self._give(Seen(event))
