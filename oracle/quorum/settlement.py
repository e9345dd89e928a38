"""What stands on the chain, and the data sets behind it: a node's one truth of what is reported."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

import structlog

from oracle.adoption import Adoption
from oracle.backlog import Backlog
from oracle.chain_reports import Block, ChainReports, Changes
from oracle.data_set import DataSet, consumption_report
from oracle.meters import MeterBook, Point
from oracle.standing import Side, Standing
from oracle.store.data_sets import DataSets
from protocol.reading import SignedReading
from protocol.report import FIRST, Report

log = structlog.get_logger()

REMEMBERED: Final = 256
# a fork that goes back farther than this has everything read again
FORK_REPORTS: Final = 500


class Settlement:
    """Follows the chain's reports and settles the backlog by them.

    Args:
        chain: reads reports from the chain.
        data_sets: the store of data sets and of what is reported.
        backlog: what waits for a report.
        meters: registered meters.

    Attributes:
        unsettled: production reports on the chain whose data set is not known here yet, in their order.
        open: production reports whose consumption report is not on the chain yet, in their order.
        heads: newest interval reported, by side; 0 if there is none.
        reports: reports seen since the start, by side.
        forks: how often the chain took something back since the start.
    """

    adoption: Adoption

    def __init__(self, chain: ChainReports, data_sets: DataSets, backlog: Backlog, meters: MeterBook) -> None:
        self._chain = chain
        self._data_sets = data_sets
        self._backlog = backlog
        self._meters = meters
        self._read_to: Block | None = None
        self._standing: dict[Side, dict[int, Standing]] = {side: {} for side in Side}
        self._remembered: dict[tuple[int, bytes], tuple[SignedReading, ...]] = {}
        # registers that each interval's growth is counted from, as the chain held them when it was settled
        self._before: dict[int, dict[bytes, Point]] = {}
        self._lock = asyncio.Lock()
        self.heads = dict.fromkeys(Side, 0)
        self.unsettled: deque[Standing] = deque()
        self.open: deque[Standing] = deque()
        self.reports = dict.fromkeys(Side, 0)
        self.forks = 0

    @property
    def production_head(self) -> int:
        """Newest interval reported to EnergyProduction; 0 if there is none."""
        return self.heads[Side.PRODUCTION]

    @property
    def consumption_head(self) -> int:
        """Newest interval reported to EnergyConsumption; 0 if there is none."""
        return self.heads[Side.CONSUMPTION]

    def link(self, side: Side) -> bytes:
        """Return the link of the newest report, which the next one has to follow."""
        newest = self._standing[side].get(self.heads[side])
        return newest.report.link if newest else FIRST

    async def load(self) -> None:
        """Take up where the store left off."""
        cursor = await self._data_sets.cursor()
        self._read_to = Block(*cursor) if cursor else None
        await self._load_standing()
        await self._load_backlog()

    async def _load_standing(self) -> None:
        for side in Side:
            standing = await self._data_sets.standing(side)
            self._standing[side] = {each.report.interval: each for each in standing}
            self.heads[side] = max(self._standing[side], default=0)
        missing = await self._data_sets.missing()
        self.unsettled = deque(self._standing[Side.PRODUCTION][interval] for interval in missing)
        self.open = deque(
            each
            for interval, each in self._standing[Side.PRODUCTION].items()
            if interval > self.consumption_head
        )

    async def _load_backlog(self) -> None:
        meter_ids = list(self._meters)
        reported = await self._data_sets.registers_reported(meter_ids)
        seqs = {meter_id: reported[meter_id].seq if meter_id in reported else 0 for meter_id in meter_ids}
        unreported = await self._data_sets.unreported(seqs)
        self._backlog.load(unreported, reported, self.production_head or None)

    async def keep(self, data_sets: Sequence[DataSet]) -> None:
        """Store data sets of which all readings are stored, and hold them at hand until they are reported."""
        await self._data_sets.save(data_sets)
        for interval, data_hash, readings in data_sets:
            self._remembered[interval, data_hash] = readings
        while len(self._remembered) > REMEMBERED:
            del self._remembered[next(iter(self._remembered))]

    async def readings(self, interval: int, data_hash: bytes) -> tuple[SignedReading, ...]:
        """Return a stored data set, ordered by (meter id, seq); empty if it is not here."""
        known = self._remembered.get((interval, data_hash))
        return known or tuple(await self._data_sets.readings(interval, data_hash))

    async def consumption(self, standing: Standing, secrets: Mapping[bytes, bytes]) -> Report | str:
        """Compute the consumption report beside a production report on the chain, or say why it cannot be.

        Nothing that was proposed is remembered: the growth is counted from what the chain holds of the
        intervals before, and the secrets are those of now.
        """
        interval = standing.report.interval
        readings = await self.readings(interval, standing.report.data_hash)
        first = self.unsettled[0].report.interval if self.unsettled else None
        if not readings or (first is not None and first <= interval):
            return f"the data set of interval {interval} is not here"
        meter_ids = {signed.reading.meter_id for signed in readings}
        strangers = sorted(m for m in meter_ids if m not in secrets or m not in self._meters)
        if strangers:
            return f"meter 0x{strangers[0].hex()} is not registered or not enrolled here"
        before = self._before.get(interval)
        if before is None or not meter_ids <= before.keys():
            before = {m: self._meters[m].opening for m in meter_ids}
            before |= await self._data_sets.registers_reported_before(interval, meter_ids)
        return consumption_report(interval, readings, before, secrets)

    def standing(self, side: Side, interval: int) -> Standing | None:
        """Return the report of an interval on the chain."""
        return self._standing[side].get(interval)

    async def refresh(self) -> bool:
        """Look what the chain holds; return whether that changed.

        Raises:
            RpcUnreachable: no chain answers.
        """
        async with self._lock:
            changes = await self._chain.since(self._read_to, self.heads, self._known_blocks)
            if changes is None:
                return False
            if not changes.found and changes.undone_after is None:
                self._read_to = changes.read_to
                return False
            await self._data_sets.note_standing(changes.found, changes.read_to, changes.undone_after)
            self._read_to = changes.read_to
            if changes.undone_after is not None:
                await self._begin_anew(changes)
            else:
                await self._go_on(changes.found)
            return True

    async def _begin_anew(self, changes: Changes) -> None:
        self.forks += 1
        if changes.undone_after is not None and changes.undone_after >= 0:
            log.warning("the chain lost reports", undone_after_block=changes.undone_after)
        self._remembered.clear()
        self._before.clear()
        await self._load_standing()
        await self._load_backlog()

    async def _go_on(self, found: Sequence[Standing]) -> None:
        for each in found:
            interval = each.report.interval
            self._standing[each.side][interval] = each
            self.heads[each.side] = interval
            self.reports[each.side] += 1
            if each.side is Side.PRODUCTION:
                self.unsettled.append(each)
                self.open.append(each)
            while self.open and self.open[0].report.interval <= self.consumption_head:
                self.open.popleft()
        await self._settle_known()

    async def _settle_known(self) -> None:
        """Settle the oldest reports whose data sets are here."""
        while self.unsettled:
            report = self.unsettled[0].report
            readings = await self.readings(report.interval, report.data_hash)
            if not readings:
                return
            self._settle(report, readings)

    def _settle(self, report: Report, readings: Sequence[SignedReading]) -> None:
        known = {signed.reading.meter_id for signed in readings if signed.reading.meter_id in self._meters}
        self._before[report.interval] = {m: self._backlog.registers_before(m) for m in known}
        while len(self._before) > REMEMBERED:
            del self._before[next(iter(self._before))]
        self._backlog.settle(report.interval, readings)
        self.unsettled.popleft()

    async def take_over(self, report: Report, readings: Sequence[SignedReading]) -> None:
        """Store and settle the data set of the oldest unsettled report, which a peer served.

        Args:
            report: the production report on the chain.
            readings: those of its data hash, signed by their meters; no secret is needed for them.
        """
        foreign = await self.adoption.differing_from_stored(readings)
        await self._data_sets.save([DataSet(report.interval, report.data_hash, tuple(readings))], foreign)
        async with self._lock:
            if self.unsettled and self.unsettled[0].report == report:
                self._settle(report, readings)
                await self._settle_known()

    def _known_blocks(self) -> list[Block]:
        """Return the blocks that hold the newest known reports, newest first."""
        blocks = {
            Block(each.block_number, each.block_hash)
            for by_interval in self._standing.values()
            for each in islice(reversed(by_interval.values()), FORK_REPORTS)
        }
        return sorted(blocks, reverse=True)
