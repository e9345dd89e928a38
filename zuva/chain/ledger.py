"""The chain as its front sees it: transactions go through the journal, one to a block; reads go past it."""

import asyncio
import time
from collections.abc import Callable

import structlog

from protocol.keccak import keccak256
from zuva.chain.anvil import Anvil, Connection, RpcRefused
from zuva.chain.journal import Entry, Journal
from zuva.chain.snapshot import Snapshot
from zuva.errors import ServiceEnded

log = structlog.get_logger()
_MOST_AT_ONCE = 256


class SnapshotUnfit(Exception):
    """anvil did not come to the state that a snapshot describes."""


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

    @property
    def last(self) -> int:
        """Return the timestamp last taken, unix seconds."""
        return self._last

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
        self._transactions = 0
        self._closed = False
        self._whole = True  # everything that is in the journal has been mined
        # From the choice of a timestamp until its block is mined, nothing else may move anvil's clock.
        self._clock_lock = asyncio.Lock()
        self._waiting: asyncio.Queue[tuple[str, asyncio.Future[str]]] = asyncio.Queue()

    @property
    def transactions(self) -> int:
        """Return how many transactions of the journal the chain has had."""
        return self._transactions

    @property
    def journal_bytes(self) -> int:
        """Return the journal's length."""
        return self._journal.size

    @property
    def now(self) -> int:
        """Return the chain's time, unix seconds."""
        return self._time.now

    async def restore(self, snapshot: Snapshot) -> None:
        """Bring a fresh chain to where a snapshot was made.

        Raises:
            SnapshotUnfit: The chain is not what the snapshot says; replay everything on a fresh one.
        """
        try:
            await self._writer.call("anvil_loadState", f"0x{snapshot.state.hex()}")
            for raw in snapshot.waiting:
                await self._writer.call("eth_sendRawTransaction", raw)
        except RpcRefused as refusal:
            raise SnapshotUnfit(str(refusal)) from refusal
        block, block_hash = await self._head()
        if (block, block_hash) != (snapshot.block, snapshot.block_hash):
            raise SnapshotUnfit(f"its last block is {block} {block_hash}")
        self._time.seen(snapshot.time)
        self._transactions = snapshot.position.transactions

    async def replay(self, progress: Callable[[int], None], after: int = 0) -> int:
        """Bring the chain to where the journal ends.

        Args:
            progress: Told now and then how many transactions the chain has had.
            after: Bytes of the journal that the chain has had already, by a snapshot.

        Returns:
            The number of transactions that were repeated.
        """
        count = 0
        for entry in self._journal.entries(after):
            try:
                await self._mine(entry)
            except RpcRefused:
                # Refused the first time too: its sender was told so, and it changed nothing.
                log.debug("replayed_refusal", transaction=self._transactions)
            self._time.seen(entry.timestamp)
            self._transactions += 1
            count += 1
            if count % 500 == 0:
                progress(self._transactions)
        await self._writer.call("evm_setTime", self._time.now)
        return count

    async def capture(self) -> Snapshot:
        """Take the chain as it is between two transactions; senders wait for that long.

        Raises:
            SnapshotUnfit: The chain lacks transactions of the journal, until it is started again.
            RpcRefused, ServiceEnded: anvil gave no dump.
        """
        async with self._clock_lock:
            if not self._whole:
                raise SnapshotUnfit("the chain stopped between journal and block")
            size = self._journal.size
            program = await self.program()
            block, block_hash = await self._head()
            waiting = _hashes(await self._writer.call("txpool_content"))
            state = bytes.fromhex(str(await self._writer.call("anvil_dumpState")).removeprefix("0x"))
            last = self._time.last
        return await asyncio.to_thread(
            lambda: Snapshot(
                self._journal.position(size), program, block, block_hash, last, self._find(waiting), state
            )
        )

    def _find(self, hashes: set[bytes]) -> tuple[str, ...]:
        """Return raw transactions by their hashes, in the journal's order."""
        if not hashes:
            return ()
        found: dict[bytes, str] = {}
        for entry in self._journal.entries():
            transaction_hash = keccak256(bytes.fromhex(entry.raw[2:]))
            if transaction_hash in hashes:
                found.setdefault(transaction_hash, entry.raw)
        return tuple(found.values())

    async def program(self) -> str:
        """Return anvil's name and version."""
        return str(await self._writer.call("web3_clientVersion"))

    async def _head(self) -> tuple[int, str]:
        block = await self._writer.call("eth_getBlockByNumber", "latest", False)
        return int(block["number"], 16), str(block["hash"])

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
            self._whole = False
            entries = [Entry(self._time.next(), raw) for raw, _ in batch]
            await asyncio.to_thread(self._journal.append, entries)
            for entry, (_, answer) in zip(entries, batch, strict=True):
                self._transactions += 1
                try:
                    transaction_hash = await self._mine(entry)
                except RpcRefused as refusal:
                    if not answer.done():
                        answer.set_exception(refusal)
                else:
                    if not answer.done():
                        answer.set_result(transaction_hash)
            self._whole = True

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
            ServiceEnded: When the chain is stopping.
        """
        if self._closed:
            raise _not_taken()
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
        """Drop the connections; transactions that wait, or come later, are answered with a failure."""
        self._closed = True
        for connection in (self._writer, *self._readers):
            connection.close()
        while not self._waiting.empty():
            _, answer = self._waiting.get_nowait()
            if not answer.done():
                answer.set_exception(_not_taken())


def _not_taken() -> ServiceEnded:
    return ServiceEnded("chain: stopped before this transaction was taken; send it again")


def _hashes(pool: dict[str, dict[str, dict[str, dict[str, str]]]]) -> set[bytes]:
    """Return the hashes of all transactions in a pool's content."""
    return {
        bytes.fromhex(transaction["hash"][2:])
        for accounts in pool.values()
        for by_nonce in accounts.values()
        for transaction in by_nonce.values()
    }
