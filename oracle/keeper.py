"""Mints certificates from reported leaves; anybody may, so a keeper's key vouches for nothing."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Final

import structlog

from oracle.claims import Claimed, Leaf, needed_claims, still_pending
from oracle.data_set import production_tree
from oracle.meters import MeterBook
from oracle.standing import Side
from oracle.store.data_sets import DataSets
from protocol.intervals import interval_of
from protocol.keys import address_text
from protocol.leaf import production_leaf
from protocol.ledger.address_book import AddressBook
from protocol.ledger.bindings import contract
from protocol.ledger.errors import LedgerError, TransactionReverted
from protocol.ledger.logs import decode_log
from protocol.ledger.rpc import Rpc, hexed, octets
from protocol.ledger.transactions import Receipt, Sender, read
from protocol.merkle import MerkleTree
from protocol.reading import SignedReading

log = structlog.get_logger()

# below the cap of one transaction, EIP-7825
MINT_GAS: Final = 16_000_000


class ReportUndone(LedgerError):
    """The chain took back a report that the keeper was about to claim from."""


class Keeper:
    """Claims what the newest leaves and the days' last leaves of final reports allow.

    What the contract passes over or refuses (a frozen leaf, a day that nobody can close yet) is set aside, so
    that one meter holds back no other; it is tried once more when the contract may have become willing.

    Args:
        rpc: the chain.
        sender: sends from the keeper's account.
        book: where EnergyProduction is.
        store: the data sets that stand on the chain.
        meters: registered meters.
        claims_per_mint: claims in one transaction.
    """

    def __init__(
        self,
        rpc: Rpc,
        sender: Sender,
        book: AddressBook,
        store: DataSets,
        meters: MeterBook,
        claims_per_mint: int,
    ) -> None:
        self._rpc = rpc
        self._sender = sender
        self._production = book.address("EnergyProduction")
        self._interval_seconds = book.interval_seconds
        self._store = store
        self._meters = meters
        self._claims_per_mint = claims_per_mint
        self._finality_seconds = 0
        self._ring_size = 0
        self._claimed: dict[bytes, Claimed] = {}
        self._pending: dict[bytes, list[Leaf]] = {}
        self._set_aside = Counter[tuple[bytes, int]]()
        self._recent: dict[int, list[SignedReading]] = {}
        self._head = 0
        self._last_mint: tuple[int, bytes] | None = None
        self._was_refused = False

    async def load(self, head: int) -> None:
        """Read every meter's claim from the chain, and the leaves newer than it from the store.

        Args:
            head: newest interval whose production report stands on the chain.
        """
        self._sender.start_anew()
        self._finality_seconds = await self._ask("finalitySeconds")
        self._ring_size = await self._ask("ringSize")
        final = await self._newest_final(0, head)
        self._claimed = await self._read_claims(list(self._meters))
        newer = await self._store.leaves_after({m: c.seq for m, c in self._claimed.items()}, final)
        self._pending = {}
        for interval, signed in newer:
            self._pending.setdefault(signed.reading.meter_id, []).append(Leaf(interval, signed))
        self._set_aside = Counter()
        self._recent = {}
        self._last_mint = None
        self._head = final

    async def advance(self, head: int) -> None:
        """Take over the leaves of reports that became final, up to `head`."""
        final = await self._newest_final(self._head, head)
        if final <= self._head:
            return
        self._recent = await self._store.reported_between(self._head, final)
        unseen = {
            signed.reading.meter_id for readings in self._recent.values() for signed in readings
        } - self._claimed.keys()
        self._claimed.update(await self._read_claims(sorted(unseen)))
        for interval, readings in self._recent.items():
            for signed in readings:
                self._pending.setdefault(signed.reading.meter_id, []).append(Leaf(interval, signed))
        for meter_id, leaves in self._pending.items():
            self._pending[meter_id] = still_pending(leaves, self._claimed[meter_id])
        self._head = final

    async def mint(self) -> int:
        """Make all needed claims; return the certified energy, Wh.

        Raises:
            TransactionReverted: the contract refuses all mints, being paused.
            ReportUndone: a report to claim from is gone; `load` mends it.
            RpcUnreachable: no chain answers.
        """
        certified_wh = 0
        for interval, claims in needed_claims(self._pending, self._claimed):
            wanted = [claim for claim in claims if self._is_wanted(interval, claim)]
            if not wanted:
                continue
            readings = self._recent.get(interval)
            if readings is None:
                readings = (await self._store.reported_between(interval - 1, interval)).get(interval)
            if readings is None:
                raise ReportUndone(f"the chain took back the report of interval {interval}; claims wait")
            tree = production_tree(readings)
            for start in range(0, len(wanted), self._claims_per_mint):
                batch = wanted[start : start + self._claims_per_mint]
                certified_wh += await self._mint_batch(interval, tree, batch)
        return certified_wh

    def _is_wanted(self, interval: int, claim: SignedReading) -> bool:
        meter = self._meters.get(claim.reading.meter_id)
        if meter is None or meter.suspended:
            return False
        turns = self._set_aside.get((claim.reading.meter_id, claim.reading.seq), 0)
        return turns == 0 or (turns == 1 and self._is_freed(interval, claim))

    def _is_freed(self, interval: int, claim: SignedReading) -> bool:
        """Tell whether the contract takes a claim over an open day: a ring after the last claim."""
        claimed = self._claimed[claim.reading.meter_id]
        left_ring = interval_of(claimed.timestamp, self._interval_seconds) + self._ring_size <= self._head
        return left_ring and interval + self._ring_size // 2 <= self._head

    def try_again(self, meter_ids: Collection[bytes]) -> None:
        """Take up what was set aside of these meters, because they were reinstated or moved on."""
        self._set_aside = Counter(
            {entry: turns for entry, turns in self._set_aside.items() if entry[0] not in meter_ids}
        )

    async def _mint_batch(self, interval: int, tree: MerkleTree, claims: list[SignedReading]) -> int:
        while claims:
            try:
                data = _calldata(interval, tree, claims)
                if self._was_refused:
                    # contracts that are paused for a day do not cost a transaction every other second
                    await read(self._rpc, self._production, data)
                receipt = await self._sender.transact(self._production, data, gas=MINT_GAS)
            except TransactionReverted as error:
                refused = self._refused_claims(error, interval, claims)
                if not refused:
                    self._was_refused = True
                    raise
                log.warning("claims refused", count=len(refused), interval=interval, reason=str(error))
                self._put_aside(refused)
                claims = [claim for claim in claims if claim not in refused]
            else:
                self._was_refused = False
                return await self._note(receipt, claims)
        return 0

    def _refused_claims(
        self, error: TransactionReverted, interval: int, claims: list[SignedReading]
    ) -> list[SignedReading]:
        """Return the claims that a refusal is about; none if it may pass or concerns all mints."""
        if error.name == "DayNotClosed":
            return [claim for claim in claims if claim.reading.meter_id == error.arguments["meterId"]]
        has_left_ring = interval + self._ring_size <= self._head
        return claims if error.name == "ReportUnknown" and has_left_ring else []

    async def _note(self, receipt: Receipt, claims: Sequence[SignedReading]) -> int:
        """Note what the chain says was claimed; what it passed over is set aside."""
        certified_wh = 0
        done: set[bytes] = set()
        for entry in receipt.logs:
            log_entry = decode_log("EnergyProduction", entry)
            if log_entry is None or log_entry.name != "Minted" or log_entry.address != self._production:
                continue
            said = log_entry.arguments
            self._settle(said["meterId"], Claimed(said["claimedWh"], said["seq"], said["timestamp"]))
            certified_wh += said["wh"]
            done.add(said["meterId"])
        self._last_mint = receipt.block_number, await self._block_hash(receipt.block_number)
        passed_over = [claim for claim in claims if claim.reading.meter_id not in done]
        if passed_over:
            self._put_aside(passed_over)
            claimed = await self._read_claims([claim.reading.meter_id for claim in passed_over])
            for meter_id, now in claimed.items():
                self._settle(meter_id, now)
        return certified_wh

    def _settle(self, meter_id: bytes, now: Claimed) -> None:
        if now.seq > self._claimed[meter_id].seq:
            self.try_again([meter_id])
        self._claimed[meter_id] = now
        self._pending[meter_id] = still_pending(self._pending.get(meter_id, []), now)

    def _put_aside(self, claims: Iterable[SignedReading]) -> None:
        self._set_aside.update((claim.reading.meter_id, claim.reading.seq) for claim in claims)

    async def has_regressed(self) -> bool:
        """Tell whether the chain lost the last mint (a reorganisation); `load` mends it."""
        if self._last_mint is None:
            return False
        number, block_hash = self._last_mint
        return await self._block_hash(number) != block_hash

    async def _block_hash(self, number: int) -> bytes:
        block = await self._rpc.call("eth_getBlockByNumber", hexed(number), False)
        return octets(block["hash"]) if block else b""

    async def _newest_final(self, after: int, head: int) -> int:
        """Return the newest interval after `after`, up to `head`, whose finality window is over."""
        if self._finality_seconds == 0 or head <= after:
            return max(after, head)
        for standing in reversed(await self._store.standing(Side.PRODUCTION)):
            interval = standing.report.interval
            if after < interval <= head and await self._ask("isFinal", interval):
                return interval
        return after

    async def _ask(self, function: str, *arguments: object) -> int:
        encoded = contract("EnergyProduction").functions[function]
        value: int = encoded.decode(await read(self._rpc, self._production, encoded.encode(*arguments)))[0]
        return value

    async def _read_claims(self, meter_ids: Sequence[bytes]) -> dict[bytes, Claimed]:
        function = contract("EnergyProduction").functions["claimOf"]
        to = address_text(self._production)
        answers = await self._rpc.batch(
            [("eth_call", ({"to": to, "data": hexed(function.encode(m))}, "latest")) for m in meter_ids]
        )
        return {
            meter_id: Claimed(*function.decode(octets(answer)))
            for meter_id, answer in zip(meter_ids, answers, strict=True)
        }


def _calldata(interval: int, tree: MerkleTree, claims: Sequence[SignedReading]) -> bytes:
    by_leaf = {production_leaf(claim.reading): claim.reading for claim in claims}
    multiproof = tree.multiproof(by_leaf)
    ordered = [by_leaf[leaf] for leaf in multiproof.leaves]
    return (
        contract("EnergyProduction")
        .functions["mint"]
        .encode(interval, ordered, list(multiproof.proof), list(multiproof.flags))
    )
