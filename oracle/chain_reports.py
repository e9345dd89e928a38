"""Reads which reports stand on the chain, and notices when the chain takes some back."""

from typing import Any, Final, NamedTuple

from oracle.standing import CONTRACT_OF, Side, Standing
from protocol.keys import address_text
from protocol.ledger.address_book import AddressBook
from protocol.ledger.logs import WINDOW_BLOCKS, decode_log
from protocol.ledger.rpc import Rpc, hexed, octets, quantity
from protocol.report import Report

_CHECKED_AT_ONCE: Final = 50


class Block(NamedTuple):
    """Number and hash of a block."""

    number: int
    hash: bytes


class Changes(NamedTuple):
    """What happened on the chain since the last look.

    Attributes:
        found: reports that stand now, in the order of the chain.
        read_to: the newest block looked at.
        undone_after: reports of blocks after this number are gone; None if there was no reorganisation.
    """

    found: list[Standing]
    read_to: Block
    undone_after: int | None = None


class ChainReports:
    """Follows the events of both contracts from a block on.

    Args:
        rpc: the chain.
        book: where the contracts are, and since which block.
    """

    def __init__(self, rpc: Rpc, book: AddressBook) -> None:
        self._rpc = rpc
        self._sides = {book.address(name): side for side, name in CONTRACT_OF.items()}
        self._first_block = book.deployment_block

    async def since(self, read_to: Block | None, known: list[Block]) -> Changes | None:
        """Return what changed after a block, or None if nothing did.

        Args:
            read_to: the block up to which reports were read; None reads from the deployment on.
            known: blocks that hold known reports, newest first, to find out where a fork began.

        Raises:
            RpcUnreachable: no chain answers.
        """
        undone_after = None
        if read_to is None:
            newest = await self._block("latest")
            undone_after = -1
            first = self._first_block
        else:
            newest, here = await self._blocks("latest", hexed(read_to.number))
            if newest is not None and newest.hash == read_to.hash:
                return None
            if here is None or here.hash != read_to.hash:
                read_to = await self._newest_canonical(known)
                undone_after = read_to.number
            first = read_to.number + 1
        if newest is None:
            return None
        return Changes(await self._standing(first, newest.number), newest, undone_after)

    async def _newest_canonical(self, known: list[Block]) -> Block:
        for start in range(0, len(known), _CHECKED_AT_ONCE):
            some = known[start : start + _CHECKED_AT_ONCE]
            found = await self._blocks(*(hexed(block.number) for block in some))
            for block, on_chain in zip(some, found, strict=True):
                if block == on_chain:
                    return block
        return Block(self._first_block - 1, b"")

    async def _standing(self, first: int, last: int) -> list[Standing]:
        found = []
        for start in range(first, last + 1, WINDOW_BLOCKS):
            query = {
                "address": [address_text(address) for address in self._sides],
                "fromBlock": hexed(start),
                "toBlock": hexed(min(start + WINDOW_BLOCKS - 1, last)),
            }
            for entry in await self._rpc.call("eth_getLogs", query):
                standing = self._decode(entry)
                if standing is not None:
                    found.append(standing)
        return found

    def _decode(self, entry: dict[str, Any]) -> Standing | None:
        side = self._sides.get(octets(entry["address"]))
        log = decode_log(CONTRACT_OF[side], entry) if side else None
        if side is None or log is None or log.name != "Reported":
            return None
        said = log.arguments
        report = Report(said["interval"], said["root"], said["dataHash"], said["totalWh"], said["count"])
        return Standing(Side(side), report, said["signers"], log.block_number, octets(entry["blockHash"]))

    async def _block(self, which: str) -> Block | None:
        return (await self._blocks(which))[0]

    async def _blocks(self, *which: str) -> list[Block | None]:
        answers = await self._rpc.batch([("eth_getBlockByNumber", (each, False)) for each in which])
        return [Block(quantity(a["number"]), octets(a["hash"])) if a else None for a in answers]
