"""Mints certificates from reported leaves; anybody may, so a keeper's key vouches for nothing."""

from collections.abc import Sequence
from typing import Final

import structlog

from oracle.claims import Claimed, Leaf, needed_claims, still_pending
from oracle.data_set import production_tree
from oracle.meters import MeterBook
from oracle.store.repository import OracleStore
from protocol.keys import address_text
from protocol.leaf import production_leaf
from protocol.ledger.address_book import AddressBook
from protocol.ledger.bindings import contract
from protocol.ledger.errors import TransactionReverted
from protocol.ledger.rpc import Rpc, hexed, octets
from protocol.ledger.transactions import Sender
from protocol.merkle import MerkleTree
from protocol.reading import SignedReading

log = structlog.get_logger()

# below the cap of one transaction, EIP-7825
MINT_GAS: Final = 16_000_000


class Keeper:
    """Claims what the newest leaves and the day's last leaves of reported intervals allow.

    Args:
        rpc: the chain.
        sender: sends from the keeper's account.
        book: where EnergyProduction is.
        store: the node's store, for data sets.
        meters: registered meters.
        claims_per_mint: claims in one transaction.
    """

    def __init__(
        self,
        rpc: Rpc,
        sender: Sender,
        book: AddressBook,
        store: OracleStore,
        meters: MeterBook,
        claims_per_mint: int,
    ) -> None:
        self._rpc = rpc
        self._sender = sender
        self._production = book.address("EnergyProduction")
        self._store = store
        self._meters = meters
        self._claims_per_mint = claims_per_mint
        self._claimed: dict[bytes, Claimed] = {}
        self._pending: dict[bytes, list[Leaf]] = {}
        self._refused: set[tuple[bytes, int]] = set()
        self._head = 0
        self._last_mint: tuple[bytes, int] | None = None
        self._recent: dict[int, list[SignedReading]] = {}

    async def load(self, head: int) -> None:
        """Read every meter's claim from the chain, and the leaves newer than it from the store.

        Args:
            head: newest interval whose production report stands on the chain.
        """
        self._last_mint = None
        self._claimed = await self._read_claims(list(self._meters))
        newer = await self._store.leaves_after({m: c.seq for m, c in self._claimed.items()}, head)
        self._pending = {}
        for interval, signed in newer:
            self._pending.setdefault(signed.reading.meter_id, []).append(Leaf(interval, signed))
        self._head = head

    async def advance(self, head: int) -> None:
        """Take over the leaves of the reports that came to stand on the chain, up to `head`."""
        if head <= self._head:
            return
        self._recent = await self._store.data_sets_between(self._head, head)
        unseen = {
            signed.reading.meter_id for readings in self._recent.values() for signed in readings
        } - self._claimed.keys()
        self._claimed.update(await self._read_claims(sorted(unseen)))
        for interval, readings in self._recent.items():
            for signed in readings:
                self._pending.setdefault(signed.reading.meter_id, []).append(Leaf(interval, signed))
        for meter_id, leaves in self._pending.items():
            self._pending[meter_id] = still_pending(leaves, self._claimed[meter_id])
        self._head = head

    async def mint(self) -> int:
        """Make all needed claims; return the certified energy, Wh.

        Raises:
            TransactionReverted: the contract refuses a whole batch.
            RpcUnreachable: no chain answers.
        """
        certified_wh = 0
        for interval, claims in needed_claims(self._pending, self._claimed):
            wanted = [c for c in claims if (c.reading.meter_id, c.reading.seq) not in self._refused]
            if not wanted:
                continue
            readings = self._recent.get(interval) or await self._store.data_set(interval)
            tree = production_tree(readings)
            for start in range(0, len(wanted), self._claims_per_mint):
                certified_wh += await self._mint_batch(
                    interval, tree, wanted[start : start + self._claims_per_mint]
                )
        return certified_wh

    async def _mint_batch(self, interval: int, tree: MerkleTree, claims: list[SignedReading]) -> int:
        while claims:
            try:
                await self._sender.transact(self._production, _calldata(interval, tree, claims), gas=MINT_GAS)
                break
            except TransactionReverted as error:
                if error.name != "DayNotClosed":
                    raise
                # one meter's missing day end must not hold back the others of the batch
                meter_id = error.arguments["meterId"]
                log.warning("claim refused", meter_id=hexed(meter_id), interval=interval, reason=str(error))
                self._refused |= {(meter_id, c.reading.seq) for c in claims if c.reading.meter_id == meter_id}
                claims = [claim for claim in claims if claim.reading.meter_id != meter_id]
        return sum(self._note(claim) for claim in claims)

    async def has_regressed(self) -> bool:
        """Tell whether the chain lost the last mint (a reorganisation); `load` mends it."""
        if self._last_mint is None:
            return False
        block_hash, number = self._last_mint
        return await self._block_hash(number) != block_hash

    async def _block_hash(self, number: int) -> bytes:
        block = await self._rpc.call("eth_getBlockByNumber", hexed(number), False)
        return octets(block["hash"]) if block else b""

    def _note(self, claim: SignedReading) -> int:
        reading = claim.reading
        before = self._claimed[reading.meter_id]
        now = Claimed(reading.generated_wh, reading.seq, reading.timestamp)
        self._claimed[reading.meter_id] = now
        self._pending[reading.meter_id] = still_pending(self._pending[reading.meter_id], now)
        return now.wh - before.wh

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
