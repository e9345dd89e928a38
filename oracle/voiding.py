"""Makes readings void that a key signed which no longer counted when they were taken.

A rotation may be seen late. What was accepted by the old key until then, and is in no report, would be
refused by a node that saw the rotation in time; so it is left out here as well, and kept for the audit.
"""

import asyncio
from dataclasses import replace

import structlog

from oracle.acceptance import judge_signature
from oracle.backlog import Backlog
from oracle.judge import Judge
from oracle.meters import Meter, MeterBook
from oracle.store.repository import OracleStore
from protocol.ack import Status
from protocol.eip712 import Domain

log = structlog.get_logger()


class Voiding:
    """Judges signatures anew once a meter's keys have changed.

    Args:
        store: the node's store.
        backlog: what waits for a report.
        judge: remembers every meter's newest reading.
        meters: registered meters.
        domain: EIP-712 domain of the Registry.
        intake_lock: held while something is judged and stored.
    """

    def __init__(
        self,
        store: OracleStore,
        backlog: Backlog,
        judge: Judge,
        meters: MeterBook,
        domain: Domain,
        intake_lock: asyncio.Lock,
    ) -> None:
        self._store = store
        self._backlog = backlog
        self._judge = judge
        self._meters = meters
        self._domain = domain
        self._lock = intake_lock
        self._seen: dict[bytes, tuple[tuple[int, bytes], ...]] = {}

    async def look(self) -> None:
        """Look at the meters whose keys have changed since the last call, or the start."""
        for meter in list(self._meters.values()):
            if len(meter.keys) > 1 and self._seen.get(meter.meter_id) != meter.keys:
                await self._look_at(meter)
                self._seen[meter.meter_id] = meter.keys

    async def _look_at(self, meter: Meter) -> None:
        async with self._lock:
            floor = self._backlog.floor(meter.meter_id)
            waiting = await self._store.data_sets.unreported({meter.meter_id: floor})
            seconds = self._backlog.interval_seconds
            # a suspension does not undo what was accepted before
            judged = replace(meter, suspended=False)
            void = [
                signed.reading.seq
                for signed in waiting
                if judge_signature(signed, self._domain, judged, seconds) is Status.BAD_SIGNATURE
            ]
            if not void:
                return
            await self._store.void(meter.meter_id, void)
            self._backlog.forget(meter.meter_id, void)
            newest = await self._store.latest([meter.meter_id])
            self._judge.remember_newest(meter.meter_id, newest.get(meter.meter_id))
        log.warning(
            "readings of a key that was replaced are void", meter="0x" + meter.meter_id.hex(), count=len(void)
        )
