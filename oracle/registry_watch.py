"""Keeps the meter book equal to the Registry's events."""

import asyncio

from oracle.meters import MeterBook, apply_event
from protocol.ledger.address_book import AddressBook
from protocol.ledger.logs import read_logs
from protocol.ledger.rpc import JsonRpc, hexed, octets, quantity


class RegistryWatch:
    """Folds the Registry's events into `meters`, a dictionary that others may hold on to.

    Args:
        rpc: the chain.
        book: where the Registry is, and since which block.
    """

    def __init__(self, rpc: JsonRpc, book: AddressBook) -> None:
        self.meters: MeterBook = {}
        self._rpc = rpc
        self._address = book.address("Registry")
        self._first_block = book.deployment_block
        self._read_to: tuple[int, bytes] | None = None
        self._lock = asyncio.Lock()

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
            for log in logs:
                apply_event(self.meters, log.name, log.arguments)
            self._read_to = newest, octets(block["hash"])
            return frozenset(log.arguments["meterId"] for log in logs if log.name == "MeterReinstated")

    async def _is_canonical(self, number: int, block_hash: bytes) -> bool:
        block = await self._rpc.call("eth_getBlockByNumber", hexed(number), False)
        return block is not None and octets(block["hash"]) == block_hash
