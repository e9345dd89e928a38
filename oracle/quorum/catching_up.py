"""Fetches data sets that stand on the chain and are not here; each must prove itself."""

from collections.abc import Awaitable, Callable, Mapping
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
from oracle.quorum.messages import DataSetName, DataSetsAnswer, DataSetsRequest, key_of, parse_records
from oracle.quorum.settlement import Settlement
from oracle.standing import Side, Standing
from protocol.ack import Status
from protocol.eip712 import Domain
from protocol.errors import MalformedRecord
from protocol.reading import SignedReading
from protocol.report import data_hash_of

log = structlog.get_logger()

AT_ONCE: Final = 64


class CatchingUp:
    """Fetches from any peer that has it.

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

    async def fetch(self) -> bool:
        """Fetch and settle the next missing data sets; return whether any was found."""
        wanted = list(islice(self._settlement.unsettled, AT_ONCE))
        names = [
            DataSetName(interval=each.report.interval, data_hash=each.report.data_hash) for each in wanted
        ]
        for peer in self._peers.alive():
            try:
                answer = await peer.ask(
                    "/v1/peers/data-sets", DataSetsRequest(wanted=names), DataSetsAnswer, self._is_oracle
                )
                served = {
                    (each.interval, each.data_hash): parse_records(each.records) for each in answer.data_sets
                }
            except (PeerUnavailable, PeerMisbehaved, MalformedRecord) as error:
                log.info("peer serves no data sets", peer=peer.url, reason=str(error))
                continue
            if await self._take(wanted, served, peer):
                return True
        return False

    async def _take(
        self,
        wanted: list[Standing],
        served: Mapping[tuple[int, bytes], list[SignedReading]],
        peer: Peer,
    ) -> bool:
        """Settle what was served, in order, up to the first that does not prove itself."""
        taken = False
        for standing in wanted:
            report = standing.report
            readings = served.get((report.interval, report.data_hash))
            if readings is None:
                return taken
            if any(s.reading.meter_id not in self._meters or s.reading.meter_id not in self._secrets
                   for s in readings):  # fmt: skip
                await self._look_again()
            problem = self._problem(standing, readings)
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

    def _problem(self, standing: Standing, readings: list[SignedReading]) -> str | None:
        """Return why served readings are not the data set on the chain; its hash leaves signatures out."""
        if data_hash_of(signed.record() for signed in readings) != standing.report.data_hash:
            return "the data set served does not hash to the one on the chain"
        keys = [key_of(signed) for signed in readings]
        if keys != sorted(set(keys)):
            return "the data set served is not ordered"
        for signed in readings:
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
