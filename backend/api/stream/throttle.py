"""Something that is asked for often and done at most so often, the first time at once."""

import asyncio
from collections.abc import Awaitable, Callable


class Throttle:
    """Does its work after `call`, with a pause after each time.

    Args:
        seconds: least pause between two times.
        work: what to do; calls while it waits or works lead to one more time.
    """

    def __init__(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        self._seconds = seconds
        self._work = work
        self._called = asyncio.Event()

    def call(self) -> None:
        """Ask for the work."""
        self._called.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._called.wait()
            self._called.clear()
            await self._work()
            await asyncio.sleep(self._seconds)
