"""Meters that contradicted themselves: left out of reports until the governor reinstates them."""

from collections.abc import Container, Iterable

import structlog

from oracle.backlog import Backlog
from oracle.quorum.contradiction import Contradiction, is_evidence
from oracle.registry_watch import RegistryWatch
from oracle.store.faults import Faults
from protocol.eip712 import Domain

log = structlog.get_logger()


class SetAside:
    """The meters set aside, each with two statements that it signed.

    As a container it answers which meters may be reported. A reinstatement in the Registry ends it: what the
    meter stated up to the contradiction stays out for good, what it states later counts again.

    Args:
        faults: the store of the evidence.
        watch: meters, and when they were reinstated.
        domain: EIP-712 domain of the Registry.
        interval_seconds: length of an interval, seconds.
        enrolled: ids of the meters whose secret this node holds.
    """

    backlog: Backlog

    def __init__(
        self,
        faults: Faults,
        watch: RegistryWatch,
        domain: Domain,
        interval_seconds: int,
        enrolled: Container[bytes],
    ) -> None:
        self._faults = faults
        self._watch = watch
        self._domain = domain
        self._interval_seconds = interval_seconds
        self._enrolled = enrolled
        self._floor: dict[bytes, int] = {}
        self.active: dict[bytes, Contradiction] = {}

    def __contains__(self, meter_id: object) -> bool:
        """Tell whether a meter may be reported."""
        return meter_id in self._enrolled and meter_id not in self.active

    async def load(self) -> None:
        """Read what is noted, and compare it with the Registry's reinstatements."""
        self.active.clear()
        self._floor.clear()
        for block, found in await self._faults.contradictions():
            if block > self._watch.reinstated.get(found.meter_id, -1):
                self.active[found.meter_id] = found
            else:
                self._raise_floor(found)

    def _raise_floor(self, found: Contradiction) -> None:
        floor = max(found.newest_seq, self._floor.get(found.meter_id, 0))
        self._floor[found.meter_id] = floor
        self.backlog.forget_below(found.meter_id, floor)

    def take_back(self, reinstated: Iterable[bytes]) -> None:
        """Let meters back in that the governor reinstated."""
        for meter_id in reinstated:
            found = self.active.pop(meter_id, None)
            if found is not None:
                self._raise_floor(found)
                log.info("meter is reported again", meter="0x" + meter_id.hex())

    async def note(self, found: Contradiction) -> bool:
        """Set a meter aside if the evidence holds; return whether it is set aside now.

        Evidence from before the meter's newest reported leaf or its reinstatement proves nothing new.
        """
        if found.meter_id in self.active:
            return True
        floor = max(self._floor.get(found.meter_id, 0), self.backlog.floor(found.meter_id))
        if found.newest_seq <= floor or not is_evidence(
            found, self._domain, self._watch.meters, self._interval_seconds
        ):
            return False
        self.active[found.meter_id] = found
        await self._faults.save_contradiction(found, self._watch.block)
        log.warning("meter set aside", meter="0x" + found.meter_id.hex(), reason=found.words)
        return True
