"""Answers that are made once and given to everybody who asks within a moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable


class Kept:
    """Keeps answers by name.

    Args:
        seconds: how long an answer is given out.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._answers: dict[str, tuple[float, bytes]] = {}
        self._lock = asyncio.Lock()

    async def get(self, name: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return the answer of that name, made a moment ago or now."""
        async with self._lock:
            made = self._answers.get(name)
            if made is None or time.monotonic() - made[0] > self._seconds:
                made = time.monotonic(), await make()
                self._answers[name] = made
            return made[1]
