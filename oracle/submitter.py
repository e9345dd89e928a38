"""Carries stored proposals to the chain, in order, until both reports of each interval stand there."""

from collections.abc import Callable
from typing import Final

import structlog

from oracle.store.repository import OracleStore, StoredReports
from protocol.keys import SigningKey
from protocol.ledger.address_book import AddressBook
from protocol.ledger.bindings import contract
from protocol.ledger.errors import TransactionReverted
from protocol.ledger.transactions import Sender, read
from protocol.report import Report

log = structlog.get_logger()

CONTRACTS: Final = ("EnergyProduction", "EnergyConsumption")
# a first-lap report with one signature takes 116,000 gas, each further signature 7,000
REPORT_GAS: Final = 350_000
AT_ONCE: Final = 16


class Disagreement(Exception):
    """The chain holds another report for an interval than this node proposed."""


class Submitter:
    """Sends the reports that the store has and the chain has not; holds no queue of its own.

    Args:
        sender: sends from the node's account.
        book: where the contracts are.
        key: the node's signing key.
        store: the node's store.
        block_time: community time for the block of a report, or None where the chain keeps its own.
    """

    def __init__(
        self,
        sender: Sender,
        book: AddressBook,
        key: SigningKey,
        store: OracleStore,
        block_time: Callable[[], int | None],
    ) -> None:
        self._sender = sender
        self._addresses = {name: book.address(name) for name in CONTRACTS}
        self._domains = {name: book.domain(name) for name in CONTRACTS}
        self._key = key
        self._store = store
        self._block_time = block_time
        self._heads = dict.fromkeys(CONTRACTS, 0)

    async def load(self) -> None:
        """Read how far the chain is."""
        self._sender.start_anew()
        self._heads = {name: await self._head(name) for name in CONTRACTS}

    @property
    def production_head(self) -> int:
        """Newest interval with a production report on the chain; 0 if there is none."""
        return self._heads["EnergyProduction"]

    async def waiting(self) -> int:
        """Return the number of proposals not yet on the chain."""
        return await self._store.count_after(min(self._heads.values()))

    async def has_regressed(self) -> bool:
        """Tell whether the chain lost reports it held (a reorganisation); `load` mends it."""
        return any([await self._head(name) < self._heads[name] for name in CONTRACTS])

    async def submit(self) -> int:
        """Send the oldest reports that the chain lacks and wait for them; return how many intervals.

        Raises:
            Disagreement: the chain holds another report for one of the intervals.
            TransactionReverted: the contract refuses a report.
            RpcUnreachable: no chain answers.
        """
        batch = await self._store.reports_after(min(self._heads.values()), AT_ONCE)
        for reports in batch:
            await self._submit_one(reports)
        return len(batch)

    async def _submit_one(self, reports: StoredReports) -> None:
        sent = []
        block_time = self._block_time()
        for name, report in zip(CONTRACTS, reports, strict=True):
            if report.interval > self._heads[name]:
                sent.append((name, report, await self._send(name, report, block_time)))
                block_time = None
            else:
                await self._require_same(name, report)
        for name, report, transaction in sent:
            try:
                await self._sender.wait(transaction)
            except TransactionReverted:
                if await self._head(name) < report.interval:
                    raise
                await self._require_same(name, report)
            self._heads[name] = report.interval

    async def _send(self, name: str, report: Report, block_time: int | None) -> bytes:
        message = report.following(self._heads[name])
        signature = self._key.sign(message.digest(self._domains[name]))
        data = contract(name).functions["report"].encode(message, [signature])
        return await self._sender.send(self._addresses[name], data, gas=REPORT_GAS, at=block_time)

    async def _head(self, name: str) -> int:
        function = contract(name).functions["head"]
        answer = await read(self._sender.rpc, self._addresses[name], function.encode())
        head: int = function.decode(answer)[0]
        return head

    async def _require_same(self, name: str, report: Report) -> None:
        function = contract(name).functions["reportOf"]
        answer = await read(self._sender.rpc, self._addresses[name], function.encode(report.interval))
        root = function.decode(answer)[0]
        if root != report.root:
            raise Disagreement(
                f"{name} holds root 0x{root.hex()} for interval {report.interval}, "
                f"this node computed 0x{report.root.hex()}; run `zuva audit` to find the differing leaf"
            )
