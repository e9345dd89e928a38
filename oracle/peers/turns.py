"""One question of a peer at a time; another may wait, more are sent away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from oracle.peers.errors import PeerTooEager

# an honest node asks one question after another; it may give one up that is still being answered here
WAITING: Final = 1


class Turns:
    """Who is being answered, by address; holds nothing of peers that ask nothing."""

    def __init__(self) -> None:
        self._locks: dict[bytes, asyncio.Lock] = {}
        self._asking: dict[bytes, int] = {}

    @asynccontextmanager
    async def turn(self, peer: bytes) -> AsyncIterator[None]:
        """Wait for the peer's turn.

        Raises:
            PeerTooEager: the peer has too many questions open.
        """
        asking = self._asking.get(peer, 0)
        if asking > WAITING:
            raise PeerTooEager("a question is being answered, and another one waits")
        self._asking[peer] = asking + 1
        lock = self._locks.setdefault(peer, asyncio.Lock())
        try:
            async with lock:
                yield
        finally:
            self._asking[peer] -= 1
            if not self._asking[peer]:
                del self._asking[peer], self._locks[peer]
