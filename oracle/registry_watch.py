"""Keeps meters, oracles and quorum equal to the Registry's events."""

import asyncio

from oracle.meters import MeterBook, apply_event
from protocol.ledger.address_book import AddressBook
from protocol.ledger.logs import Log, read_logs
from protocol.ledger.rpc import JsonRpc, hexed, octets, quantity


class RegistryWatch:
    """Folds the Registry's events into values that others may hold on to.

    Args:
        rpc: the chain.
        book: where the Registry is, and since which block.

    Attributes:
        meters: registered meters.
        reinstated: per meter, the block of its newest reinstatement.
        oracles: the oracles' addresses, ascending.
        quorum: how many of them must sign a report.
    """

    def __init__(self, rpc: JsonRpc, book: AddressBook) -> None:
        self.meters: MeterBook = {}
        self.reinstated: dict[bytes, int] = {}
        self.oracles: tuple[bytes, ...] = ()
        self.quorum = 0
        self._rpc = rpc
        self._address = book.address("Registry")
        self._first_block = book.deployment_block
        self._read_to: tuple[int, bytes] | None = None
        self._lock = asyncio.Lock()

    @property
    def block(self) -> int:
        """The newest block that was read."""
        return self._read_to[0] if self._read_to else 0

    async def refresh(self) -> frozenset[bytes]:
        """Read the events since the last call; all of them anew if the chain has reorganised.

        The book changes at once at the end, so that nobody meets it half read.

        Returns:
            The meters that were reinstated among these events.

        Raises:
            RpcUnreachable: no chain answers.
        """
        async with self._lock:
            block = await self._rpc.call("eth_getBlockByNumber", "latest", False)
            newest = quantity(block["number"])
            anew = self._read_to is not None and not await self._is_canonical(*self._read_to)
            first = self._first_block if anew or self._read_to is None else self._read_to[0] + 1
            logs = [log async for log in read_logs(self._rpc, "Registry", self._address, first, newest)]
            if anew:
                self.meters.clear()
                self.reinstated.clear()
            for log in logs:
                self._apply(log)
            self._read_to = newest, octets(block["hash"])
            return frozenset(log.arguments["meterId"] for log in logs if log.name == "MeterReinstated")

    def _apply(self, log: Log) -> None:
        apply_event(self.meters, log.name, log.arguments)
        if log.name == "OraclesSet":
            self.oracles = tuple(log.arguments["oracles"])
            self.quorum = log.arguments["quorum"]
        elif log.name == "MeterReinstated":
            self.reinstated[log.arguments["meterId"]] = log.block_number

    async def _is_canonical(self, number: int, block_hash: bytes) -> bool:
        block = await self._rpc.call("eth_getBlockByNumber", hexed(number), False)
        return block is not None and octets(block["hash"]) == block_hash
