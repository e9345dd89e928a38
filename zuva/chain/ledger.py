"""The chain as its front sees it: transactions go through the journal, one to a block; reads go past it."""

import asyncio
import time
from collections.abc import Callable

import structlog

from zuva.chain.anvil import Anvil, Connection, RpcRefused
from zuva.chain.journal import Entry, Journal
from zuva.errors import ServiceEnded

log = structlog.get_logger()
_MOST_AT_ONCE = 256


class BlockTime:
    """Which timestamp the next block carries.

    Stepped: the time last set, but later than the block before. Wall: this machine's time, never before the
    block before (several blocks may share a second, or a busy chain would run ahead of the clock).
    """

    def __init__(self, *, stepped: bool, genesis: int, wall: Callable[[], float] = time.time) -> None:
        self._stepped = stepped
        self._last = genesis
        self._set = genesis
        self._wall = wall

    @property
    def now(self) -> int:
        """Return the chain's time, unix seconds."""
        return max(self._last, self._set if self._stepped else int(self._wall()))

    def set(self, seconds: int) -> int:
        """Step the clock forward; a wall clock and an earlier time are answered with the time as it is."""
        if self._stepped:
            self._set = max(self._set, seconds)
        return self.now

    def next(self) -> int:
        """Take the timestamp of the next block."""
        self._last = max(self._last + 1, self._set) if self._stepped else self.now
        return self._last

    def seen(self, timestamp: int) -> None:
        """Note a block that the journal brought back."""
        self._last = max(self._last, timestamp)
        self._set = max(self._set, timestamp)


class Ledger:
    """Orders transactions, writes them to the journal, and has anvil mine each into its own block."""

    def __init__(self, anvil: Anvil, journal: Journal, block_time: BlockTime) -> None:
        self._journal = journal
        self._time = block_time
        self._writer = Connection(anvil.port)
        self._readers = [Connection(anvil.port) for _ in range(4)]
        self._next_reader = 0
        # From the choice of a timestamp until its block is mined, nothing else may move anvil's clock.
        self._clock_lock = asyncio.Lock()
        self._waiting: asyncio.Queue[tuple[str, asyncio.Future[str]]] = asyncio.Queue()

    async def replay(self, progress: Callable[[int], None]) -> int:
        """Bring the chain to where the journal ends; return the number of transactions."""
        count = 0
        for entry in self._journal.entries():
            try:
                await self._mine(entry)
            except RpcRefused:
                # Refused the first time too: its sender was told so, and it changed nothing.
                log.debug("replayed_refusal", transaction=count)
            self._time.seen(entry.timestamp)
            count += 1
            if count % 500 == 0:
                progress(count)
        await self._writer.call("evm_setTime", self._time.now)
        return count

    async def run(self) -> None:
        """Take waiting transactions in order, several to one fsync, until cancelled."""
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < _MOST_AT_ONCE and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            try:
                await self._write(batch)
            except BaseException as error:
                failure = ServiceEnded("chain: stopped before this transaction was confirmed; send it again")
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(failure)
                if isinstance(error, OSError):
                    raise ServiceEnded(
                        f"chain: the journal cannot be written ({error}); free disk space"
                    ) from error
                raise

    async def _write(self, batch: list[tuple[str, asyncio.Future[str]]]) -> None:
        async with self._clock_lock:
            entries = [Entry(self._time.next(), raw) for raw, _ in batch]
            await asyncio.to_thread(self._journal.append, entries)
            for entry, (_, answer) in zip(entries, batch, strict=True):
                try:
                    transaction_hash = await self._mine(entry)
                except RpcRefused as refusal:
                    if not answer.done():
                        answer.set_exception(refusal)
                else:
                    if not answer.done():
                        answer.set_result(transaction_hash)

    async def _mine(self, entry: Entry) -> str:
        transaction_hash = str(await self._writer.call("eth_sendRawTransaction", entry.raw))
        try:
            await self._writer.call("evm_mine", {"timestamp": entry.timestamp})
        except RpcRefused as refusal:
            raise ServiceEnded(
                f"chain: anvil did not mine a block at {entry.timestamp} ({refusal})"
            ) from refusal
        return transaction_hash

    async def send(self, raw: str) -> str:
        """Have one raw transaction journaled and mined; return its hash.

        Raises:
            RpcRefused: When the chain does not take it.
        """
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((raw, answer))
        return await answer

    async def set_time(self, seconds: int) -> int:
        """Step the chain's time (stepped clock only); return the time as it is now."""
        async with self._clock_lock:
            before = self._time.now
            now = self._time.set(seconds)
            if now != before:
                # So that calls on the pending block (gas estimates) see the time the next block will have.
                await self._writer.call("evm_setTime", now)
            return now

    async def read(self, body: bytes) -> bytes:
        """Pass a request that changes nothing on to anvil."""
        self._next_reader = (self._next_reader + 1) % len(self._readers)
        return await self._readers[self._next_reader].post(body)

    def close(self) -> None:
        """Drop the connections; every transaction still waiting is answered with a failure."""
        for connection in (self._writer, *self._readers):
            connection.close()
        while not self._waiting.empty():
            _, answer = self._waiting.get_nowait()
            if not answer.done():
                answer.set_exception(
                    ServiceEnded("chain: stopped before this transaction was taken; send it again")
                )
