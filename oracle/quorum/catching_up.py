"""Fetches data sets that stand on the chain and are not here; each must prove itself."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from itertools import islice
from typing import Final

import structlog

from oracle.acceptance import judge_signature
from oracle.backlog import Backlog
from oracle.data_set import consumption_report, production_report
from oracle.meters import MeterBook
from oracle.peers.client import Peer, Peers
from oracle.peers.errors import PeerMisbehaved, PeerUnavailable
from oracle.quorum.disagreement import Disagreement
from oracle.quorum.messages import (
    MAX_WANTED,
    DataSetName,
    DataSetsAnswer,
    DataSetsRequest,
    key_of,
    parse_records,
)
from oracle.quorum.settlement import Settlement
from oracle.standing import Side, Standing
from protocol.ack import Status
from protocol.eip712 import Domain
from protocol.errors import MalformedRecord
from protocol.reading import SignedReading
from protocol.report import data_hash_of

log = structlog.get_logger()

# how long a peer may take before another one is asked as well
HASTE_SECONDS: Final = 2.0
JUDGED_AT_ONCE: Final = 100

Served = dict[tuple[int, bytes], bytes]


class CatchingUp:
    """Fetches from the peers in turns, so that a slow or sparing one does not set the pace.

    Args:
        settlement: knows what is missing.
        backlog: gives the registers reported before.
        peers: the other nodes.
        is_oracle: tells whether an address is another oracle node's.
        meters: registered meters.
        secrets: per meter, the secret that salts its consumption leaves.
        domain: EIP-712 domain of the Registry.
        look_again: reads Registry and enrolments anew.
        note: told of every disagreement.
    """

    def __init__(
        self,
        settlement: Settlement,
        backlog: Backlog,
        peers: Peers,
        is_oracle: Callable[[bytes], bool],
        meters: MeterBook,
        secrets: Mapping[bytes, bytes],
        domain: Domain,
        look_again: Callable[[], Awaitable[None]],
        note: Callable[[Disagreement], Awaitable[None]],
    ) -> None:
        self._settlement = settlement
        self._backlog = backlog
        self._peers = peers
        self._is_oracle = is_oracle
        self._meters = meters
        self._secrets = secrets
        self._domain = domain
        self._look_again = look_again
        self._note = note
        self._turn = -1

    async def fetch(self) -> bool:
        """Fetch and settle the next missing data sets; return whether any was found."""
        wanted = list(islice(self._settlement.unsettled, MAX_WANTED))
        if not wanted:
            return False
        names = [
            DataSetName(interval=each.report.interval, data_hash=each.report.data_hash) for each in wanted
        ]
        request = DataSetsRequest(wanted=names)
        self._turn += 1
        tried: set[Peer] = set()
        asked: dict[asyncio.Task[Served], Peer] = {}
        try:
            while True:
                peer = self._next_peer(tried)
                if peer is not None:
                    tried.add(peer)
                    asked[asyncio.create_task(self._ask(peer, request))] = peer
                elif not asked:
                    return wanted[0] not in self._settlement.unsettled
                done, _ = await asyncio.wait(
                    asked, timeout=HASTE_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    if await self._take(wanted, task.result(), asked.pop(task)):
                        return True
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    def _next_peer(self, tried: Collection[Peer]) -> Peer | None:
        """Return whose turn it is of the peers that are there now."""
        peers = self._peers.alive()
        start = self._turn % len(peers) if peers else 0
        return next((peer for peer in peers[start:] + peers[:start] if peer not in tried), None)

    async def _ask(self, peer: Peer, request: DataSetsRequest) -> Served:
        """Return what a peer serves, packed."""
        try:
            answer = await peer.ask("/v1/peers/data-sets", request, DataSetsAnswer, self._is_oracle)
        except (PeerUnavailable, PeerMisbehaved) as error:
            log.info("peer serves no data sets", peer=peer.url, reason=str(error))
            return {}
        return {(each.interval, each.data_hash): each.records for each in answer.data_sets}

    async def _take(
        self,
        wanted: list[Standing],
        served: Served,
        peer: Peer,
    ) -> bool:
        """Settle what was served, in order, up to the first that does not prove itself."""
        taken = False
        for standing in wanted:
            report = standing.report
            if standing not in self._settlement.unsettled:
                # settled meanwhile, by another peer's answer or a proposal; or the chain took it back
                continue
            packed = served.get((report.interval, report.data_hash))
            if packed is None or standing != self._settlement.unsettled[0]:
                return taken
            try:
                readings = parse_records(packed)
            except MalformedRecord as error:
                log.warning("peer answers nonsense", peer=peer.url, reason=str(error))
                return taken
            if any(s.reading.meter_id not in self._meters or s.reading.meter_id not in self._secrets
                   for s in readings):  # fmt: skip
                await self._look_again()
            problem = await self._problem(standing, readings)
            if problem is not None:
                await self._note(Disagreement(report.interval, problem, peer.address))
                return taken
            before = {
                s.reading.meter_id: self._backlog.registers_before(s.reading.meter_id) for s in readings
            }
            production = production_report(report.interval, readings, before)
            if production != report:
                words = "the chain's production report does not follow from its data set"
                await self._note(
                    Disagreement(report.interval, words, ours=production.root, theirs=report.root)
                )
            consumption = self._settlement.standing(Side.CONSUMPTION, report.interval)
            # without a secret nothing can be said of it, nor is it signed here
            ours = None
            if consumption is not None and all(m in self._secrets for m in before):
                ours = consumption_report(report.interval, readings, before, self._secrets)
            if consumption is not None and ours is not None and consumption.report != ours:
                words = (
                    "the chain's consumption report does not follow from its data set and the secrets here"
                )
                theirs = consumption.report.root
                await self._note(Disagreement(report.interval, words, ours=ours.root, theirs=theirs))
            await self._settlement.take_over(report, readings)
            taken = True
        return taken

    async def _problem(self, standing: Standing, readings: list[SignedReading]) -> str | None:
        """Return why served readings are not the data set on the chain; its hash leaves signatures out."""
        if data_hash_of(signed.record() for signed in readings) != standing.report.data_hash:
            return "the data set served does not hash to the one on the chain"
        keys = [key_of(signed) for signed in readings]
        if keys != sorted(set(keys)):
            return "the data set served is not ordered"
        for count, signed in enumerate(readings):
            if count % JUDGED_AT_ONCE == 0:
                await asyncio.sleep(0)
            meter = self._meters.get(signed.reading.meter_id)
            if meter is None:
                return f"meter 0x{signed.reading.meter_id.hex()} is not registered here"
            held = self._backlog.find(*key_of(signed))
            if held == signed:
                continue
            judged = replace(meter, suspended=False)
            status = judge_signature(signed, self._domain, judged, self._backlog.interval_seconds)
            if status is not Status.ACCEPTED:
                return f"a leaf of meter 0x{signed.reading.meter_id.hex()} is not signed by it"
        return None
