"""Keeps the meter book equal to the Registry's events."""

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

    async def refresh(self) -> None:
        """Read the events since the last call; all of them anew if the chain has reorganised.

        Raises:
            RpcUnreachable: no chain answers.
        """
        block = await self._rpc.call("eth_getBlockByNumber", "latest", False)
        newest = quantity(block["number"])
        if self._read_to is not None and not await self._is_canonical(*self._read_to):
            self.meters.clear()
            self._read_to = None
        first = self._first_block if self._read_to is None else self._read_to[0] + 1
        if first <= newest:
            await self._fold(first, newest)
            self._read_to = newest, octets(block["hash"])

    async def _is_canonical(self, number: int, block_hash: bytes) -> bool:
        block = await self._rpc.call("eth_getBlockByNumber", hexed(number), False)
        return block is not None and octets(block["hash"]) == block_hash

    async def _fold(self, first: int, last: int) -> None:
        async for log in read_logs(self._rpc, "Registry", self._address, first, last):
            apply_event(self.meters, log.name, log.arguments)
