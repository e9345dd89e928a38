"""Work with the chain that may fail and is tried again, and waiting for a reason to do it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from protocol.ledger.errors import LedgerError

log = structlog.get_logger()

RETRY_SECONDS: Final = 2.0

Work = Callable[[], Awaitable[None]]


class Attempts:
    """Does work, remembers in words what keeps failing.

    Attributes:
        trouble: per kind of work, why it failed last.
    """

    def __init__(self) -> None:
        self.trouble: dict[str, str] = {}

    async def attempt(self, what: str, work: Work, start_anew: Work) -> bool:
        """Do some work with the chain and tell if it was done; else say why, and start anew next time."""
        try:
            if what in self.trouble:
                await start_anew()
                del self.trouble[what]
            await work()
        except LedgerError as error:
            log.warning("chain work failed", what=what, reason=str(error))
            self.trouble[what] = str(error)
            await asyncio.sleep(RETRY_SECONDS)
            return False
        return True


async def happens(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event and clear it; tell whether it came within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    event.clear()
    return True
