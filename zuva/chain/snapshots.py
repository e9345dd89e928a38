"""When snapshots of the running chain are made."""

import asyncio
import contextlib
import time
from pathlib import Path

import structlog

from zuva.chain.anvil import RpcRefused
from zuva.chain.journal import Position
from zuva.chain.ledger import Ledger, SnapshotUnfit
from zuva.chain.settings import ChainSettings
from zuva.chain.snapshot import is_due, write
from zuva.errors import ServiceEnded

log = structlog.get_logger()


class Snapshots:
    """Makes a snapshot whenever one is due, and one at the end; the last has `covered` transactions."""

    def __init__(self, ledger: Ledger, path: Path, settings: ChainSettings, covered: Position | None) -> None:
        self._ledger = ledger
        self._path = path
        self._step = settings.snapshot_transactions
        self._seconds = settings.snapshot_seconds
        self.covered = covered.transactions if covered else 0

    async def run(self) -> None:
        """Look now and then whether one is due."""
        while True:
            await asyncio.sleep(self._seconds)
            if self._step and is_due(self._ledger.transactions, self.covered, self._step):
                await self._make()

    async def make_last(self) -> None:
        """Make one before an orderly stop, unless there is little to spare at the next start."""
        if self._step and self._ledger.transactions - self.covered >= max(1, self._step // 10):
            with contextlib.suppress(ServiceEnded):
                await self._make()

    async def _make(self) -> None:
        began = time.monotonic()
        try:
            snapshot = await self._ledger.capture()
            await asyncio.to_thread(write, self._path, snapshot)
        except (OSError, RpcRefused, SnapshotUnfit) as error:
            # The journal has everything; the next start is only longer.
            log.warning("chain_snapshot_failed", error=str(error))
            self.covered = self._ledger.transactions
            return
        self.covered = snapshot.position.transactions
        log.info(
            "chain_snapshot",
            transactions=self.covered,
            bytes=len(snapshot.state),
            seconds=round(time.monotonic() - began, 3),
        )
