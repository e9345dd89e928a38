"""Carries signed reports to the chain and waits until they stand there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from oracle.standing import CONTRACT_OF, Side
from protocol.keys import recover
from protocol.ledger.address_book import AddressBook
from protocol.ledger.bindings import contract
from protocol.ledger.errors import TransactionReverted
from protocol.ledger.transactions import Sender, read
from protocol.report import ReportMessage

log = structlog.get_logger()

# a first-lap report with one signature takes 116,000 gas, each further signature 7,000
REPORT_GAS: Final = 400_000
# what the contract says when another node's report landed first
OVERTAKEN: Final = frozenset({"NotNext", "IntervalNotAfterHead"})


@dataclass(frozen=True, slots=True)
class SignedReport:
    """A report with a quorum's signatures of its digest."""

    message: ReportMessage
    digest: bytes
    signatures: tuple[bytes, ...]

    def in_order(self) -> list[bytes]:
        """Return the signatures ascending by signer, as the contract wants them."""
        return sorted(self.signatures, key=lambda signature: recover(self.digest, signature))


class Submitter:
    """Sends reports from the node's account.

    Args:
        sender: sends from the node's account.
        book: where the contracts are.
        block_time: community time for the block of a report, or None where the chain keeps its own.
    """

    def __init__(self, sender: Sender, book: AddressBook, block_time: Callable[[], int | None]) -> None:
        self._sender = sender
        self._addresses = {side: book.address(name) for side, name in CONTRACT_OF.items()}
        self._block_time = block_time
        self._was_refused = False

    def start_anew(self) -> None:
        """Forget what is known of the account, because the chain may have lost transactions."""
        self._sender.start_anew()

    async def land(self, side: Side, reports: Sequence[SignedReport]) -> int:
        """Send consecutive reports and wait for them; return how many stand; 0 if others were first.

        After a refusal only one is tried, until one is taken, and the contract is asked before it is sent:
        contracts that are paused for a day do not cost a transaction every other second.

        Raises:
            TransactionReverted: the contract refuses a report for another reason.
            RpcUnreachable: no chain answers.
        """
        to = self._addresses[side]
        some = reports[:1] if self._was_refused else reports
        sent = []
        block_time = self._block_time()
        try:
            for report in some:
                function = contract(CONTRACT_OF[side]).functions["report"]
                data = function.encode(report.message, report.in_order())
                if self._was_refused:
                    await self._ask_first(to, data)
                sent.append(await self._sender.send(to, data, gas=REPORT_GAS, at=block_time))
                block_time = None
            for transaction in sent:
                await self._sender.wait(transaction)
        except TransactionReverted as error:
            if error.name in OVERTAKEN:
                return 0
            self._was_refused = True
            raise
        self._was_refused = False
        return len(some)

    async def _ask_first(self, to: bytes, data: bytes) -> None:
        try:
            await read(self._sender.rpc, to, data)
        except TransactionReverted as error:
            # the newest block may be older than the one that the report would be in
            if error.name != "IntervalNotEnded":
                raise
