"""The indexer's loop: read a window, write it, undo what a fork replaced, look again for data sets."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from backend.indexer import chain, deployment, fork
from backend.indexer.decode import Decoder
from backend.indexer.errors import ChainChanged, CursorMoved, WindowTooLarge
from backend.indexer.pace import Pace
from backend.indexer.readings import Connection
from backend.indexer.settings import IndexerSettings
from backend.indexer.window import BlockRef, Position
from backend.indexer.writer import retry_data_sets, undo_blocks, write_window
from protocol.ledger.rpc import Rpc

_HEARTBEAT_SECONDS = 1.0
_SHORTEST_PAUSE = 0.02
_log = structlog.get_logger()


@dataclass(slots=True)
class Follower:
    """Follows one deployment on one connection until it is cancelled or something is lost."""

    settings: IndexerSettings
    connection: Connection
    rpc: Rpc
    decoder: Decoder
    chain_id: int
    position: Position
    status: Callable[[str], None]
    _pace: Pace = field(init=False)
    _behind_since: float | None = field(init=False, default=None)
    _last_beat: float = field(init=False, default=0.0)
    _last_retry: float = field(init=False, default=0.0)
    _caught_up: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._pace = Pace(self.settings.logs_per_window, self.settings.blocks_per_window)

    async def run(self) -> None:
        """Follow the chain; returns only by an error."""
        pause = _SHORTEST_PAUSE
        while True:
            before = self.position
            if await self.step():
                continue
            # blocks come in bursts: look again soon after one, ever less often while nothing happens
            moved = self.position != before
            pause = _SHORTEST_PAUSE if moved else min(2 * pause, self.settings.poll_seconds)
            await asyncio.sleep(pause)

    async def step(self) -> bool:
        """Look at the chain once; True if there may be more to do at once."""
        try:
            head = await chain.read_head(self.rpc)
            await self._beat(head)
            if head.number > self.position.number:
                await self._advance(head)
                await self._retry_data_sets()
                return head.number > self.position.number
            if head.number < self.position.number or head.hash != self.position.hash:
                return await self._compare(head)
            self._behind_since = None
            self._say_caught_up()
            await self._retry_data_sets()
        except CursorMoved as moved:
            self.position = await deployment.position_of(self.connection, self.chain_id)
            _log.warning("another indexer moved the cursor", reason=str(moved), block=self.position.number)
            return True
        except ChainChanged as changed:
            _log.info("the chain changed while it was read", reason=str(changed))
            await self._rewind()
            return True
        return False

    async def _advance(self, head: BlockRef) -> None:
        first = self.position.number + 1
        last = min(head.number, self.position.number + self._pace.blocks)
        try:
            window = await chain.read_window(self.rpc, first, last, head, self.decoder.addresses)
        except WindowTooLarge as refused:
            if not self._pace.refused():
                raise
            _log.warning("smaller window", blocks=self._pace.blocks, reason=str(refused))
            return
        if window.first.parent_hash != self.position.hash:
            await self._rewind()
            return
        self._pace.answered(len(window.logs), last - first + 1)
        started = time.perf_counter()
        events = self.decoder.rows(window.logs)
        written = await write_window(
            self.connection, self.chain_id, self.position, window.last, events, self.settings.data_set_schemas
        )
        self.position = written.position
        # in ascending order before the next window: energy is growth since the interval before
        await self._take_data_sets(written.waiting_from)
        self._behind_since = None
        if events.tables:
            _log.info(
                "indexed",
                first=first,
                last=last,
                logs=len(window.logs),
                reports=events.count("reported"),
                mints=events.count("minted"),
                milliseconds=round((time.perf_counter() - started) * 1e3, 1),
            )
        if head.number - last > self._pace.blocks:
            self._caught_up = False
            self.status(f"at block {last} of {head.number}")

    async def _compare(self, head: BlockRef) -> bool:
        """Decide about a head that is not ahead of the cursor: on our chain but late, or a fork."""
        stored = await fork.stored_at_or_before(self.connection, head.number)
        ours = stored is not None and await chain.hash_at(self.rpc, stored.number) == stored.hash
        if not ours:
            await self._rewind()
            return True
        now = time.monotonic()
        if self._behind_since is None:
            self._behind_since = now
            self._caught_up = False
            self.status(f"the chain is at block {head.number}, before the cursor at {self.position.number}")
        if now - self._behind_since >= self.settings.rewind_patience_seconds:
            self._behind_since = None
            await self._rewind()
            return True
        return False

    async def _rewind(self) -> None:
        ancestor = await fork.find_ancestor(self.connection, self.rpc, self.position)
        if ancestor.number == self.position.number:
            return
        _log.warning("undoing blocks of a fork", after=ancestor.number, upto=self.position.number)
        await undo_blocks(self.connection, self.chain_id, self.position, ancestor)
        self.position = ancestor
        self._caught_up = False

    async def _retry_data_sets(self) -> None:
        now = time.monotonic()
        if now - self._last_retry < self.settings.retry_seconds:
            return
        self._last_retry = now
        await self._take_data_sets(0)

    async def _take_data_sets(self, since: int | None) -> None:
        while since is not None:
            taken = await retry_data_sets(
                self.connection, self.chain_id, self.position, self.settings.data_set_schemas, since
            )
            since = taken.go_on_from

    async def _beat(self, head: BlockRef) -> None:
        now = time.monotonic()
        if now - self._last_beat >= _HEARTBEAT_SECONDS:
            self._last_beat = now
            await deployment.beat(self.connection, self.chain_id, head.number)

    def _say_caught_up(self) -> None:
        if not self._caught_up:
            self._caught_up = True
            self.status("following the chain")
