"""Takes over readings that peers hold and this node missed, judged by the same rules."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

import structlog

from oracle.backlog import Backlog
from oracle.judge import Judge, Neighbours
from oracle.meters import MeterBook
from oracle.quorum.contradiction import contradiction_among
from oracle.quorum.set_aside import SetAside
from oracle.store.repository import OracleStore
from protocol.ack import Status
from protocol.reading import SignedReading

log = structlog.get_logger()

# judged and stored without letting others have their turn
AT_ONCE: Final = 100


class Adoption:
    """Adopts readings; the meters do not hear of it.

    Args:
        judge: the acceptance rules, shared with the intake.
        store: the node's store.
        backlog: gets what is adopted.
        meters: registered meters.
        set_aside: gets what contradicts.
        look_again: reads Registry and enrolments anew, before a meter is taken as unknown.
        intake_lock: held while something is judged and stored, so that nobody judges by what is not stored.
    """

    def __init__(
        self,
        judge: Judge,
        store: OracleStore,
        backlog: Backlog,
        meters: MeterBook,
        set_aside: SetAside,
        look_again: Callable[[], Awaitable[None]],
        intake_lock: asyncio.Lock,
    ) -> None:
        self._judge = judge
        self._store = store
        self._backlog = backlog
        self._meters = meters
        self._set_aside = set_aside
        self._look_again = look_again
        self._lock = intake_lock
        self.count = 0

    async def adopt(
        self, readings: Iterable[SignedReading], stands: bool = False
    ) -> list[tuple[SignedReading, Status]]:
        """Judge readings and store those that are new and accepted.

        A reading that a meter's own other statement rules out has the meter set aside; not one that stands on
        the chain, because what stands there is not put in question by what only this node heard. Of what a
        peer hands over, nothing after the first bad signature is looked at. Readings that arrive have their
        turn in between.

        Args:
            readings: what to adopt.
            stands: whether the readings stand on the chain.

        Returns:
            The readings looked at, ordered by (meter id, seq), each with what became of it.
        """
        ordered = sorted(readings, key=lambda s: (s.reading.meter_id, s.reading.seq))
        if any(signed.reading.meter_id not in self._meters for signed in ordered):
            await self._look_again()
        outcomes: list[tuple[SignedReading, Status]] = []
        for start in range(0, len(ordered), AT_ONCE):
            async with self._lock:
                outcomes += await self._adopt_some(ordered[start : start + AT_ONCE], stands)
            if not stands and outcomes[-1][1] is Status.BAD_SIGNATURE:
                break
            await asyncio.sleep(0)
        return outcomes

    async def _adopt_some(
        self, ordered: Sequence[SignedReading], stands: bool
    ) -> list[tuple[SignedReading, Status]]:
        outcomes = []
        new: list[SignedReading] = []
        for signed in ordered:
            neighbours = await self._neighbours(signed, new)
            status = self._judge.adopt(signed, neighbours)
            outcomes.append((signed, status))
            if status is Status.ACCEPTED and neighbours.same is None:
                new.append(signed)
            elif stands or status is Status.ACCEPTED:
                continue
            elif status is Status.BAD_SIGNATURE:
                break
            else:
                found = contradiction_among(signed, neighbours, self._meters)
                if found is not None:
                    await self._set_aside.note(found)
        await self._save(new)
        return outcomes

    async def _neighbours(self, signed: SignedReading, unsaved: list[SignedReading]) -> Neighbours:
        """Return what is held around a reading; the newest is known without asking the store."""
        reading = signed.reading
        newest = self._judge.newest(reading.meter_id)
        if newest is None or reading.seq > newest.reading.seq:
            return Neighbours(None, newest, None)
        if reading.seq == newest.reading.seq:
            return Neighbours(newest, None, None)
        await self._save(unsaved)
        return await self._store.neighbours(reading.meter_id, reading.seq)

    async def _save(self, new: list[SignedReading]) -> None:
        if not new:
            return
        await self._store.save_batch(new, adopted=True)
        for signed in new:
            self._backlog.add(signed)
        self.count += len(new)
        new.clear()

    async def differing_from_stored(self, readings: Sequence[SignedReading]) -> set[tuple[bytes, int]]:
        """Adopt what can be adopted; return the keys of those that are not what is stored under them."""
        outcomes = await self.adopt(readings, stands=True)
        return {
            (s.reading.meter_id, s.reading.seq) for s, status in outcomes if status is not Status.ACCEPTED
        }
