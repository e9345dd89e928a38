"""The leader's part: propose what is due, take over what others hold, gather signatures, land the reports."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import structlog

from oracle.adoption import Adoption
from oracle.backlog import Backlog
from oracle.data_set import Proposal, propose
from oracle.metrics import Metrics
from oracle.peers.client import Peer, Peers
from oracle.peers.errors import PeerMisbehaved, PeerUnavailable
from oracle.quorum.contradiction import Evidence
from oracle.quorum.disputes import Disputes
from oracle.quorum.exchange import Exchange, Outcome, Signatures
from oracle.quorum.messages import (
    MAX_EVIDENCE,
    MAX_INTERVALS,
    MAX_LEAVES,
    ConsumptionRequest,
    ConsumptionVote,
    Key,
    Message,
    ProposalMessage,
    ProposedInterval,
    Vote,
    key_of,
    pack_claims,
    pack_evidence,
    pack_meters,
    pack_records,
    parse_evidence,
    parse_keys,
    parse_meters,
    parse_records,
)
from oracle.quorum.review import salt_tags
from oracle.quorum.set_aside import SetAside
from oracle.quorum.settlement import Settlement
from oracle.quorum.signing import ReportSigner, chained, is_signed_by
from oracle.registry_watch import RegistryWatch
from oracle.standing import Side
from oracle.submitter import SignedReport, Submitter
from protocol.ack import Status
from protocol.errors import MalformedRecord
from protocol.intervals import interval_end
from protocol.reading import RECORD_BYTES, SignedReading
from protocol.report import Report, ReportMessage

log = structlog.get_logger()

LEAVES_AT_ONCE: Final = 5_000
# one exchange hands over and takes over everything among honest nodes; the second signs
EXCHANGES: Final = 4
LINGER_SECONDS: Final = 0.5

# of a vote: what a liar could make up is cut off early, what is true comes with the next exchange
OFFERS_AT_ONCE: Final = 100
STRANGERS: Final = 200
# handed over with one proposal
RECORDS_AT_ONCE: Final = 20_000

Answer = TypeVar("Answer", bound=Message)


class Proposer:
    """Leads when it is this node's turn.

    Args:
        signer: signs with the node's key.
        backlog: what waits here.
        settlement: what stands on the chain.
        adoption: takes over readings of peers.
        set_aside: meters that contradicted themselves.
        secrets: per meter, the secret that salts its consumption leaves.
        disputes: which meters are left out.
        submitter: carries reports to the chain.
        peers: the other nodes.
        watch: who they must be, and how many must sign.
        last_due: gives the newest interval that may be reported by this node's clock.
        metrics: counts.
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
        submitter: Submitter,
        peers: Peers,
        watch: RegistryWatch,
        last_due: Callable[[], int],
        metrics: Metrics,
    ) -> None:
        self._signer = signer
        self._backlog = backlog
        self._settlement = settlement
        self._adoption = adoption
        self._set_aside = set_aside
        self._secrets = secrets
        self._disputes = disputes
        self._submitter = submitter
        self._peers = peers
        self._watch = watch
        self._last_due = last_due
        self._metrics = metrics
        self._pending: dict[Peer, asyncio.Task[Any]] = {}
        self._evidence_from = 0

    def next_due(self) -> int | None:
        """Return the next interval to propose, if one is due."""
        interval = self._backlog.outlook().next_interval()
        return interval if interval is not None and interval <= self._last_due() else None

    async def propose(self) -> Outcome:
        """Bring the next due production reports to the chain.

        Raises:
            TransactionReverted: the contract refuses a report.
            RpcUnreachable: no chain answers.
        """
        records: dict[Key, SignedReading] = {}
        outcome = Outcome()
        for _ in range(EXCHANGES):
            left_out = self._disputes.left_out(time.monotonic())
            batch = self._batch(left_out)
            if not batch:
                return outcome
            if len(batch[0].readings) > MAX_LEAVES:
                outcome.words = (
                    f"interval {batch[0].interval} has {len(batch[0].readings):,} leaves,"
                    f" a proposal holds {MAX_LEAVES:,}: divide the community"
                )
                return outcome
            messages = chained(
                [proposal.production for proposal in batch], self._settlement.link(Side.PRODUCTION)
            )
            exchange = await self._exchange(batch, messages, records, left_out)
            signed = self._with_quorum(Side.PRODUCTION, messages, exchange.signatures)
            if signed:
                self._disputes.agree()
                await self._settlement.keep([proposal.data_set for proposal in batch[: len(signed)]])
                outcome.landed = await self._submitter.land(Side.PRODUCTION, signed)
                return outcome
            outcome.not_due = exchange.not_due
            outcome.words = "; ".join(exchange.words) or self._alone()
            if exchange.behind:
                await self._settlement.refresh()
            if self._settlement.unsettled or not (exchange.missing or exchange.learnt):
                break
            held = {key_of(signed): signed for proposal in batch for signed in proposal.readings}
            wanted = (key for key in sorted(exchange.missing) if key in held)
            records = {key: held[key] for key in islice(wanted, RECORDS_AT_ONCE)}
        # with nobody there to object nothing is in dispute
        if exchange.words and not (outcome.not_due or exchange.behind):
            self._disputes.fail(time.monotonic())
        return outcome

    async def settle_consumption(self) -> Outcome:
        """Bring the consumption reports to the chain whose production reports stand there.

        Raises:
            TransactionReverted: the contract refuses a report.
            RpcUnreachable: no chain answers.
        """
        batch: list[Report] = []
        problem = "nothing is open"
        for standing in list(self._settlement.open)[:MAX_INTERVALS]:
            report = await self._settlement.consumption(standing, self._secrets)
            if isinstance(report, str):
                problem = report
                break
            batch.append(report)
        if not batch:
            return Outcome(words=problem)
        messages = chained(batch, self._settlement.link(Side.CONSUMPTION))
        request = ConsumptionRequest(
            previous=self._settlement.consumption_head, intervals=[report.interval for report in batch]
        )
        signatures = self._own(Side.CONSUMPTION, messages)
        words = []
        async for peer, vote in self._ask_all("/v1/peers/consumptions", request, ConsumptionVote):
            self._count(Side.CONSUMPTION, messages, vote.signatures, peer, signatures)
            if vote.words:
                words.append(vote.words)
            if self._with_quorum(Side.CONSUMPTION, messages, signatures):
                break
        signed = self._with_quorum(Side.CONSUMPTION, messages, signatures)
        if not signed:
            return Outcome(words="; ".join(words) or self._alone())
        return Outcome(landed=await self._submitter.land(Side.CONSUMPTION, signed))

    def _batch(self, left_out: frozenset[bytes]) -> list[Proposal]:
        """Return this node's own proposals for the next due intervals."""
        outlook = self._backlog.outlook(left_out)
        most = 1 if left_out else MAX_INTERVALS
        last_due = self._last_due()
        batch: list[Proposal] = []
        leaves = 0
        while len(batch) < most and leaves < LEAVES_AT_ONCE:
            interval = outlook.next_interval()
            if interval is None or interval > last_due:
                break
            readings = outlook.choose(interval, outlook.waiting(interval))
            if batch and leaves + len(readings) > MAX_LEAVES:
                break
            before = {s.reading.meter_id: outlook.before(s.reading.meter_id) for s in readings}
            batch.append(propose(interval, readings, before, self._secrets))
            outlook.settle(interval, readings)
            leaves += len(readings)
        return batch

    async def _exchange(
        self,
        batch: Sequence[Proposal],
        messages: Sequence[ReportMessage],
        records: Mapping[Key, SignedReading],
        left_out: frozenset[bytes],
    ) -> Exchange:
        """Ask the peers until a quorum signed at least the first report, or all have answered."""
        message = ProposalMessage(
            previous=self._settlement.production_head,
            intervals=[
                ProposedInterval(
                    interval=proposal.interval,
                    data_hash=proposal.production.data_hash,
                    production_root=proposal.production.root,
                    consumption_root=proposal.consumption.root,
                    leaves=pack_claims(proposal.readings),
                    salt_tags=self._salt_tags(proposal),
                )
                for proposal in batch
            ],
            records=pack_records(records.values()),
            set_aside=pack_evidence(self._next_evidence()),
            left_out=pack_meters(left_out),
        )
        exchange = Exchange(self._own(Side.PRODUCTION, messages))
        if self._with_quorum(Side.PRODUCTION, messages, exchange.signatures):
            return exchange
        async for peer, vote in self._ask_all("/v1/peers/proposals", message, Vote):
            self._count(Side.PRODUCTION, messages, vote.signatures, peer, exchange.signatures)
            await self._learn(vote, peer, exchange, batch[-1].interval)
            if self._with_quorum(Side.PRODUCTION, messages, exchange.signatures):
                break
        return exchange

    def _salt_tags(self, proposal: Proposal) -> bytes:
        """Return what shows whose secrets differ, once it matters."""
        if not self._disputes.is_failing:
            return b""
        return salt_tags(proposal.interval, proposal.readings, self._secrets)

    def _next_evidence(self) -> list[Evidence]:
        """Return evidence for a proposal: all, or if there is too much for one, in turns."""
        evidence = self._set_aside.evidence()
        if len(evidence) <= MAX_EVIDENCE:
            return evidence
        start = self._evidence_from % len(evidence)
        self._evidence_from = start + MAX_EVIDENCE
        return (evidence[start:] + evidence[:start])[:MAX_EVIDENCE]

    async def _learn(self, vote: Vote, peer: Peer, exchange: Exchange, last: int) -> None:
        """Take from a vote what the next version of the proposal, up to interval `last`, needs."""
        before = self._adoption.count, self._set_aside.learnt
        try:
            exchange.missing |= set(parse_keys(vote.missing))
            self._disputes.name(parse_meters(vote.disputed))
            for found, block in parse_evidence(vote.set_aside):
                if not await self._set_aside.note(found, block):
                    log.warning("peer's evidence does not hold", peer=peer.url)
                    break
            await self._adopt(vote.records, peer, interval_end(last, self._backlog.interval_seconds))
        except MalformedRecord as error:
            log.warning("peer answers nonsense", peer=peer.url, reason=str(error))
            return
        exchange.learnt |= before != (self._adoption.count, self._set_aside.learnt)
        exchange.not_due |= vote.problem == "not due"
        exchange.behind |= vote.problem == "behind"
        if vote.words:
            exchange.words.append(f"{peer.url}: {vote.words}")

    async def _adopt(self, packed: bytes, peer: Peer, end: int) -> None:
        """Adopt offers that can belong to the proposal; stop at the first one that no meter signed."""
        size = OFFERS_AT_ONCE * RECORD_BYTES
        strangers = 0
        for start in range(0, len(packed), size):
            offers = [
                signed
                for signed in parse_records(packed[start : start + size])
                if signed.reading.timestamp <= end
                and signed.reading.seq > self._backlog.floor(signed.reading.meter_id)
                and self._backlog.find(*key_of(signed)) != signed
            ]
            outcomes = [status for _, status in await self._adoption.adopt(offers)] if offers else []
            strangers += outcomes.count(Status.UNKNOWN_METER)
            if Status.BAD_SIGNATURE in outcomes or strangers > STRANGERS:
                log.warning("peer offers readings that no meter signed", peer=peer.url)
                return
            # whatever else the node does goes on between
            await asyncio.sleep(0)

    async def _ask_all(
        self, path: str, message: Message, answer: type[Answer]
    ) -> AsyncIterator[tuple[Peer, Answer]]:
        """Ask all peers that are there at once; yield the answers as they come.

        After the first one the others have a moment more. A peer that still owes an answer to an earlier
        question is left to it. So neither a late nor a silent one holds up the others.
        """
        started = time.monotonic()
        asked: dict[asyncio.Task[Answer | None], Peer] = {}
        for peer in self._peers.alive():
            if peer not in self._pending or self._pending[peer].done():
                task = asyncio.create_task(self._answer(peer, path, message, answer))
                self._pending[peer] = task
                asked[task] = peer
        waiting = set(asked)
        patience = None
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                return
            patience = LINGER_SECONDS
            for task in done:
                self._metrics.peer_seconds.observe(time.monotonic() - started)
                said = task.result()
                if said is not None:
                    yield asked[task], said

    async def _answer(self, peer: Peer, path: str, message: Message, answer: type[Answer]) -> Answer | None:
        try:
            return await peer.ask(path, message, answer, self._is_oracle)
        except (PeerUnavailable, PeerMisbehaved) as error:
            log.info("peer gives no answer", reason=str(error))
            return None

    def _is_oracle(self, address: bytes) -> bool:
        return address in self._watch.oracles and address != self._signer.address

    def _own(self, side: Side, messages: Sequence[ReportMessage]) -> list[Signatures]:
        me = self._signer.address
        if me not in self._watch.oracles:
            return [{} for _ in messages]
        return [{me: self._signer.sign(side, message)} for message in messages]

    def _count(
        self,
        side: Side,
        messages: Sequence[ReportMessage],
        said: Sequence[bytes],
        peer: Peer,
        signatures: Sequence[Signatures],
    ) -> None:
        """Add a peer's signatures as far as they are its own, over our reports."""
        for message, signature, collected in zip(messages, said, signatures, strict=False):
            digest = self._signer.digest(side, message)
            if peer.address is None or not is_signed_by(peer.address, digest, signature):
                log.warning("peer signs something else", peer=peer.url, interval=message.interval)
                return
            collected[peer.address] = signature

    def _with_quorum(
        self, side: Side, messages: Sequence[ReportMessage], signatures: Sequence[Signatures]
    ) -> list[SignedReport]:
        """Return the first reports that enough nodes signed."""
        found = []
        for message, collected in zip(messages, signatures, strict=True):
            if not 0 < self._watch.quorum <= len(collected):
                break
            found.append(SignedReport(message, self._signer.digest(side, message), tuple(collected.values())))
        return found

    def _alone(self) -> str:
        there = len(self._peers.alive()) + 1
        return f"{there} of {len(self._watch.oracles)} nodes are there, {self._watch.quorum} must sign"
