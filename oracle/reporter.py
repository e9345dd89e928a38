"""Closes intervals: picks each due interval's data set, builds its proposal and stores it."""

from collections.abc import Mapping

from oracle.data_set import Proposal, choose, first_due_interval, propose
from oracle.meters import MeterBook, Point, point_of
from oracle.store.repository import OracleStore
from protocol.reading import SignedReading


class Reporter:
    """Holds what is accepted but not reported, and turns it into proposals as intervals close.

    Args:
        store: the node's store; a proposal is durable before anyone sees it.
        meters: for the opening registers.
        secrets: per meter, the secret that salts its consumption leaves.
        interval_seconds: length of an interval, seconds.
        grace_seconds: community seconds between an interval's end and its report.
    """

    def __init__(
        self,
        store: OracleStore,
        meters: MeterBook,
        secrets: Mapping[bytes, bytes],
        interval_seconds: int,
        grace_seconds: int,
    ) -> None:
        self._store = store
        self._meters = meters
        self._secrets = secrets
        self._interval_seconds = interval_seconds
        self._grace_seconds = grace_seconds
        self._unreported: dict[bytes, list[SignedReading]] = {}
        self._reported: dict[bytes, Point] = {}
        self._last: int | None = None

    async def load(self) -> None:
        """Take up where the store left off."""
        self._unreported = {
            meter_id: readings
            for meter_id, readings in (await self._store.unreported()).items()
            if meter_id in self._meters and meter_id in self._secrets
        }
        self._reported = await self._store.reported()
        self._last = await self._store.last_proposed()

    def add(self, signed: SignedReading) -> None:
        """Take an accepted, stored reading; one older than what its meter reported is history only."""
        reading = signed.reading
        reported = self._reported.get(reading.meter_id)
        if reported is not None and reading.seq < reported.seq:
            return
        waiting = self._unreported.setdefault(reading.meter_id, [])
        waiting.append(signed)
        if len(waiting) > 1 and waiting[-2].reading.seq > reading.seq:
            waiting.sort(key=lambda other: other.reading.seq)

    async def close_due(self, now: int) -> list[Proposal]:
        """Store and return the proposals of all intervals whose grace is over at `now`, ascending."""
        proposals: list[Proposal] = []
        # interval t is due once (t + 1) * length + grace <= now
        last_due = (now - self._grace_seconds) // self._interval_seconds - 1
        while True:
            interval = first_due_interval(self._unreported, self._last, self._interval_seconds)
            if interval is None or interval > last_due:
                return proposals
            proposals.append(await self._close(interval))

    async def _close(self, interval: int) -> Proposal:
        before = {meter_id: self._registers_before(meter_id) for meter_id in self._unreported}
        readings = choose(self._unreported, before, interval, self._interval_seconds)
        proposal = propose(interval, readings, before, self._secrets)
        await self._store.save_proposal(proposal)
        self._last = interval
        for signed in readings:
            self._reported[signed.reading.meter_id] = point_of(signed.reading)
        for meter_id in {signed.reading.meter_id for signed in readings}:
            self._forget(meter_id)
        return proposal

    def _registers_before(self, meter_id: bytes) -> Point:
        return self._reported.get(meter_id) or self._meters[meter_id].opening

    def _forget(self, meter_id: bytes) -> None:
        reported = self._reported[meter_id].seq
        waiting = [signed for signed in self._unreported[meter_id] if signed.reading.seq > reported]
        if waiting:
            self._unreported[meter_id] = waiting
        else:
            del self._unreported[meter_id]
