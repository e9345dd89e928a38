"""Meters that contradicted themselves: left out of reports until the governor reinstates them.

Who is set aside follows from the evidence and the chain alone. So nodes that have exchanged their evidence
set the same meters aside, whenever each of them got it, and a fork changes it as it changes the chain.
"""

from collections.abc import Container, Iterable
from typing import Final

import structlog

from oracle.backlog import Backlog
from oracle.quorum.contradiction import Contradiction, Evidence, is_evidence
from oracle.registry_watch import RegistryWatch
from oracle.store.faults import Faults
from protocol.eip712 import Domain

log = structlog.get_logger()

# a meter that signs contradictions for ever must not fill the disk with them
KEPT_OF_A_METER: Final = 100


class SetAside:
    """The evidence against meters, and who is set aside because of it.

    As a container it answers which meters may be reported. A reinstatement in the Registry ends what was
    noted before it: what the meter stated up to that contradiction stays out, what it states later counts
    again. Once a report on the chain has gone past a contradiction, it means nothing any more.

    Args:
        faults: the store of the evidence.
        watch: meters, and when they were reinstated.
        domain: EIP-712 domain of the Registry.
        interval_seconds: length of an interval, seconds.
        enrolled: ids of the meters whose secret this node holds.

    Attributes:
        learnt: how often evidence was noted since the start.
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
        self._noted: dict[bytes, dict[Contradiction, int]] = {}
        self._judged: dict[Contradiction, tuple[tuple[tuple[int, bytes], ...], bool]] = {}
        self.learnt = 0

    def __contains__(self, meter_id: object) -> bool:
        """Tell whether a meter may be reported."""
        if meter_id not in self._enrolled:
            return False
        return meter_id not in self._noted or not isinstance(meter_id, bytes) or self.why(meter_id) is None

    @property
    def active(self) -> dict[bytes, Contradiction]:
        """The meters set aside now, each with two statements that it signed."""
        reasons = {meter_id: self.why(meter_id) for meter_id in self._noted}
        return {meter_id: found for meter_id, found in reasons.items() if found is not None}

    def why(self, meter_id: bytes) -> Contradiction | None:
        """Return why a meter is set aside; None if it is not."""
        floor = max(self.backlog.floor(meter_id), self.ruled_out_to(meter_id))
        found = [
            each for each in self._noted.get(meter_id, ()) if each.newest_seq > floor and self._holds(each)
        ]
        return max(found, key=_weight) if found else None

    def ruled_out_to(self, meter_id: bytes) -> int:
        """Return the sequence number up to which a reinstated meter's statements stay out; 0 for none."""
        over = self._over(meter_id)
        return over.newest_seq if over else 0

    def _over(self, meter_id: bytes) -> Contradiction | None:
        """Return the newest contradiction of a meter that its reinstatement ended."""
        reinstated = self._watch.reinstated.get(meter_id, -1)
        over = [
            each
            for each, block in self._noted.get(meter_id, {}).items()
            if block <= reinstated and self._holds(each)
        ]
        return max(over, key=_weight) if over else None

    def _holds(self, found: Contradiction) -> bool:
        """Tell whether evidence that held once still does; a rotation seen later may have ended it."""
        meter = self._watch.meters.get(found.meter_id)
        if meter is None or len(meter.keys) < 2:
            return meter is not None
        judged = self._judged.get(found)
        if judged is None or judged[0] != meter.keys:
            holds = is_evidence(found, self._domain, self._watch.meters, self._interval_seconds)
            judged = self._judged[found] = meter.keys, holds
        return judged[1]

    def evidence(self) -> list[Evidence]:
        """Return what other nodes need to set aside, and to leave out, what this one does."""
        found = []
        for meter_id, noted in self._noted.items():
            for each in (self.why(meter_id), self._over(meter_id)):
                if each is not None and each.newest_seq > self.backlog.floor(meter_id):
                    found.append(Evidence(each, noted[each]))
        return found

    def against(self, meter_id: bytes, seq: int) -> Contradiction | None:
        """Return why a statement of a meter may not be reported, if a contradiction is the reason."""
        over = self._over(meter_id)
        return self.why(meter_id) or (over if over is not None and seq <= over.newest_seq else None)

    async def load(self) -> None:
        """Read what is noted."""
        self._noted.clear()
        for block, found in await self._faults.contradictions():
            self._remember(found, block)

    def _remember(self, found: Contradiction, block: int) -> None:
        noted = self._noted.setdefault(found.meter_id, {})
        noted[found] = min(block, noted.get(found, block))

    def take_back(self, reinstated: Iterable[bytes]) -> None:
        """Say which meters are reported again because the governor reinstated them."""
        for meter_id in reinstated:
            if meter_id in self._noted and self.why(meter_id) is None:
                log.info("meter is reported again", meter="0x" + meter_id.hex())

    async def note(self, found: Contradiction, block: int | None = None) -> bool:
        """Keep evidence if it holds and tells anything new; return whether it holds.

        Of the blocks that nodes name for the same evidence the earliest counts: it cannot be used again after
        a reinstatement.

        Args:
            found: two statements.
            block: the first block whose reinstatement would end it, as a peer says; None if found here.
        """
        meter_id = found.meter_id
        # what is reported already proves nothing
        if found.newest_seq <= self.backlog.floor(meter_id):
            return True
        latest = self._watch.block + 1
        block = latest if block is None else min(block, latest)
        noted = self._noted.get(meter_id, {})
        if found in noted:
            if noted[found] <= block:
                return True
        elif not is_evidence(found, self._domain, self._watch.meters, self._interval_seconds):
            return False
        elif len(noted) >= KEPT_OF_A_METER or not self._tells_more(found, block):
            return True
        was_aside = self.why(meter_id) is not None
        self._remember(found, block)
        await self._faults.save_contradiction(found, block)
        self.learnt += 1
        if not was_aside and self.why(meter_id) is not None:
            log.warning("meter set aside", meter="0x" + meter_id.hex(), reason=found.words)
        return True

    def _tells_more(self, found: Contradiction, block: int) -> bool:
        over, why = self._over(found.meter_id), self.why(found.meter_id)
        if over is not None and found.newest_seq <= over.newest_seq:
            return False
        is_over = block <= self._watch.reinstated.get(found.meter_id, -1)
        return is_over or why is None or found.newest_seq > why.newest_seq


def _weight(found: Contradiction) -> tuple[int, bytes]:
    """Order contradictions: the newest first of all, and the same at every node."""
    return found.newest_seq, found.second.record() + found.first.record()
