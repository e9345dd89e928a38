"""The follower's part: judge what a leader proposes, adopt what is missing here, sign or say why not."""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from oracle.adoption import Adoption
from oracle.backlog import Backlog
from oracle.data_set import Proposal
from oracle.quorum.disagreement import Disagreement
from oracle.quorum.disputes import Disputes
from oracle.quorum.messages import (
    MAX_EVIDENCE,
    ConsumptionRequest,
    ConsumptionVote,
    Key,
    ProposalMessage,
    Vote,
    key_of,
    pack_evidence,
    pack_keys,
    pack_meters,
    pack_offers,
    parse_evidence,
    parse_meters,
)
from oracle.quorum.review import Objection, needed, review
from oracle.quorum.set_aside import SetAside
from oracle.quorum.settlement import Settlement
from oracle.quorum.signing import ReportSigner, chained
from oracle.standing import Side
from protocol.reading import SignedReading

log = structlog.get_logger()

MARKS_KEPT: Final = 256
# an honest leader needs one exchange to hand over or take over a reading, and a second one after a restart
PATIENCE: Final = 3
EXCHANGES_KEPT: Final = 10_000


class Voter:
    """Votes on proposals.

    Args:
        signer: signs reports with the node's key.
        backlog: what waits here.
        settlement: what stands on the chain.
        adoption: takes over readings of the leader.
        set_aside: meters that contradicted themselves.
        secrets: per meter, the secret that salts its consumption leaves.
        disputes: which meters may be left out.
        last_due: gives the newest interval that may be reported by this node's clock.
        note: told of every disagreement.
    """

    def __init__(
        self,
        signer: ReportSigner,
        backlog: Backlog,
        settlement: Settlement,
        adoption: Adoption,
        set_aside: SetAside,
        secrets: Mapping[bytes, bytes],
        disputes: Disputes,
        last_due: Callable[[], int],
        note: Callable[[Disagreement], Awaitable[None]],
    ) -> None:
        self._signer = signer
        self._backlog = backlog
        self._settlement = settlement
        self._adoption = adoption
        self._set_aside = set_aside
        self._secrets = secrets
        self._disputes = disputes
        self._last_due = last_due
        self._note = note
        self._marks: OrderedDict[int, int] = OrderedDict()
        self._exchanges = Counter[tuple[bytes, int, Key]]()
        self._lock = asyncio.Lock()

    async def vote(self, message: ProposalMessage, peer: bytes) -> Vote:
        """Answer a leader's proposal of production reports.

        Args:
            message: what it proposes.
            peer: its address.

        Raises:
            MalformedRecord: the proposal's parts are not what they should be.
            RpcUnreachable: this node cannot see the chain.
        """
        async with self._lock:
            if message.previous != self._settlement.production_head or self._settlement.unsettled:
                await self._settlement.refresh()
            head = self._settlement.production_head
            if message.previous != head or self._settlement.unsettled:
                waiting = len(self._settlement.unsettled)
                words = (
                    f"the newest report seen here is of interval {head}, {waiting} data sets are on the way"
                )
                return Vote(production_head=head, problem="behind", words=words)
            for found, block in parse_evidence(message.set_aside):
                await self._set_aside.note(found, block)
            adopted = await self._adoption.adopt(needed(message, self._backlog))
            handed = {key_of(signed): signed for signed, _ in adopted}
            agreed, objection = self._review(message)
            if agreed:
                self._disputes.agree()
            await self._settlement.keep([proposal.data_set for proposal in agreed])
            told = set(message.set_aside)
            evidence = [each for each in pack_evidence(self._set_aside.evidence()) if each not in told]
            vote = Vote(
                production_head=head, signatures=self._sign(agreed), set_aside=evidence[:MAX_EVIDENCE]
            )
            if objection is None:
                return vote
            interval = message.intervals[len(agreed)].interval
            disputed = await self._look_into(objection, interval, peer, handed)
            self._disputes.name(disputed)
            return vote.model_copy(
                update={
                    "problem": objection.problem,
                    "words": objection.words,
                    "missing": pack_keys(objection.missing),
                    "records": pack_offers(objection.offers),
                    "disputed": pack_meters(disputed),
                }
            )

    def _review(self, message: ProposalMessage) -> tuple[list[Proposal], Objection | None]:
        agreed: list[Proposal] = []
        left_out = parse_meters(message.left_out)
        if left_out:
            if len(message.intervals) > 1 or not self._disputes.allow(left_out, time.monotonic()):
                words = f"{len(left_out)} meters are left out that are not in dispute here"
                return agreed, Objection("refused", words)
            words = f"{len(left_out)} meters in dispute are left out"
            log.warning(words, meters=["0x" + meter_id.hex() for meter_id in sorted(left_out)[:10]])
        outlook = self._backlog.outlook(left_out)
        for item in message.intervals:
            if item.interval > self._last_due():
                return agreed, Objection("not due", f"interval {item.interval} is not due by the clock here")
            result = review(
                item,
                outlook,
                self._backlog,
                self._mark(item.interval),
                self._set_aside.against,
                self._secrets,
            )
            if isinstance(result, Objection):
                return agreed, result
            outlook.settle(item.interval, result.readings)
            agreed.append(result)
        return agreed, None

    def _mark(self, interval: int) -> int:
        mark = self._marks.setdefault(interval, self._backlog.mark())
        if len(self._marks) > MARKS_KEPT:
            self._marks.popitem(last=False)
        return mark

    def _sign(self, agreed: list[Proposal]) -> list[bytes]:
        link = self._settlement.link(Side.PRODUCTION)
        messages = chained([proposal.production for proposal in agreed], link)
        return [self._signer.sign(Side.PRODUCTION, message) for message in messages]

    async def _look_into(
        self, objection: Objection, interval: int, peer: bytes, handed: Mapping[Key, SignedReading]
    ) -> frozenset[bytes]:
        """Note a disagreement if the leader had its chance to make the difference good.

        Returns:
            The meters that it is about, if it comes down to meters.
        """
        key, ours, theirs = objection.leaf, objection.ours, objection.theirs
        words = objection.words
        bad = next((each for each in objection.missing if each in handed), None)
        disputed = objection.disputed
        if objection.problem == "not due":
            return disputed
        if bad is not None:
            disputed |= {each.meter_id for each in objection.missing if each in handed}
            key, theirs, words = bad, handed[bad].record(), "a leaf is not acceptable here"
        elif objection.missing or objection.offers:
            repeated = self._repeated(objection, interval, peer)
            if not repeated:
                return disputed
            disputed |= {each.meter_id for each in repeated}
            key, words = repeated[0], "a leaf's reading is not handed over"
            if objection.offers:
                words = "a reading that belongs to the interval is left out"
        elif objection.contradictions:
            return disputed
        if key is not None and ours is None:
            held = self._backlog.find(*key)
            ours = held.record() if held else None
        meter_id, seq = key if key else (None, None)
        await self._note(Disagreement(interval, words, peer, meter_id, seq, ours, theirs))
        return disputed

    def _repeated(self, objection: Objection, interval: int, peer: bytes) -> list[Key]:
        """Return the keys that were asked of, or offered to, this leader often enough already."""
        found = []
        for key in (*objection.missing, *map(key_of, objection.offers)):
            self._exchanges[peer, interval, key] += 1
            if self._exchanges[peer, interval, key] >= PATIENCE:
                found.append(key)
        if len(self._exchanges) > EXCHANGES_KEPT:
            self._exchanges.clear()
        return found

    async def vote_consumption(self, request: ConsumptionRequest) -> ConsumptionVote:
        """Sign consumption reports whose production reports stand on the chain with the same data.

        Signed any earlier, two leaders could land different data sets on the two contracts.

        Raises:
            RpcUnreachable: this node cannot see the chain.
        """
        newest = request.intervals[-1]
        if request.previous != self._settlement.consumption_head or newest > self._settlement.production_head:
            await self._settlement.refresh()
        if request.previous != self._settlement.consumption_head:
            words = f"the newest consumption report seen here is of {self._settlement.consumption_head}"
            return ConsumptionVote(words=words)
        signatures: list[bytes] = []
        link = self._settlement.link(Side.CONSUMPTION)
        for interval, standing in zip(request.intervals, list(self._settlement.open), strict=False):
            production = standing.report
            if production.interval != interval:
                words = f"interval {production.interval} comes before {interval}"
                return ConsumptionVote(signatures=signatures, words=words)
            report = await self._settlement.consumption(standing, self._secrets)
            if isinstance(report, str):
                return ConsumptionVote(signatures=signatures, words=report)
            signatures.append(self._signer.sign(Side.CONSUMPTION, report.following(link)))
            link = report.link
        return ConsumptionVote(signatures=signatures)
