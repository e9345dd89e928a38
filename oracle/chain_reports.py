"""Reads which reports stand on the chain, and notices when the chain takes some back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import structlog

from oracle.standing import CONTRACT_OF, Side, Standing
from protocol.keys import address_text
from protocol.ledger.address_book import AddressBook
from protocol.ledger.bindings import contract
from protocol.ledger.logs import WINDOW_BLOCKS, decode_log
from protocol.ledger.rpc import Rpc, hexed, octets, quantity
from protocol.report import Report

log = structlog.get_logger()

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
        self._suspicion: tuple[Block, dict[Side, int]] | None = None
        self._reported = contract("EnergyProduction").events["Reported"].topic
        self._head = contract("EnergyProduction").functions["head"]

    async def since(
        self, read_to: Block | None, heads: Mapping[Side, int], known: Callable[[], Sequence[Block]]
    ) -> Changes | None:
        """Return what changed after a block, or None if nothing did.

        Args:
            read_to: the block up to which reports were read; None reads from the deployment on.
            heads: newest interval of each side as known.
            known: gives the blocks that hold known reports, newest first, to find where a fork began.

        Raises:
            RpcUnreachable: no chain answers.
        """
        beginning = Block(self._first_block - 1, b"")
        newest, here, on_chain = await self._look(read_to)
        if newest is None:
            return None
        is_canonical = read_to is not None and here == read_to
        # a chain that forked may still show blocks above its end
        is_shorter = read_to is not None and newest.number < read_to.number and on_chain != heads
        has_lost = is_shorter or any(on_chain[side] < heads[side] for side in Side)
        if read_to is None:
            read_to, undone_after = beginning, -1
        elif not is_canonical or has_lost:
            read_to = await self._newest_canonical(known(), newest.number) or beginning
            undone_after = read_to.number
        elif newest.number < read_to.number or (newest == read_to and on_chain == heads):
            return None
        elif newest == read_to and self._suspicion != (newest, on_chain):
            # most likely the next block came between the questions
            self._suspicion = newest, on_chain
            return None
        elif newest == read_to:
            log.warning("reports were overlooked; all are read again")
            read_to, undone_after = beginning, -1
        else:
            undone_after = None
        found = await self._standing(read_to.number + 1, newest.number)
        if undone_after is None and not _follow(found, heads):
            log.warning("reports do not follow those known; all are read again")
            read_to, undone_after = beginning, -1
            found = await self._standing(read_to.number + 1, newest.number)
        if not _follow(found, {}) or not await self._still_stand(read_to, newest):
            # the chain forked between the questions: the next look finds out
            return None
        return Changes(found, newest, undone_after)

    async def _still_stand(self, *blocks: Block) -> bool:
        """Tell whether the chain still holds these blocks, which it held a moment ago."""
        real = [block for block in blocks if block.hash]
        answers = await self._rpc.batch(
            [("eth_getBlockByNumber", (hexed(block.number), False)) for block in real]
        )
        return real == [_block(answer) for answer in answers]

    async def _look(self, read_to: Block | None) -> tuple[Block | None, Block | None, dict[Side, int]]:
        """Return the newest block, the block at a known number, and the contracts' heads."""
        calls: list[tuple[str, tuple[Any, ...]]] = [
            ("eth_getBlockByNumber", ("latest", False)),
            ("eth_getBlockByNumber", (hexed(read_to.number if read_to else 0), False)),
        ]
        for address in self._sides:
            call = {"to": address_text(address), "data": hexed(self._head.encode())}
            calls.append(("eth_call", (call, "latest")))
        newest, here, *heads = await self._rpc.batch(calls)
        found = {
            side: self._head.decode(octets(head))[0]
            for side, head in zip(self._sides.values(), heads, strict=True)
        }
        return _block(newest), _block(here), found

    async def _newest_canonical(self, known: Sequence[Block], last: int) -> Block | None:
        known = [block for block in known if block.number <= last]
        for start in range(0, len(known), _CHECKED_AT_ONCE):
            some = known[start : start + _CHECKED_AT_ONCE]
            answers = await self._rpc.batch(
                [("eth_getBlockByNumber", (hexed(block.number), False)) for block in some]
            )
            for block, answer in zip(some, answers, strict=True):
                if block == _block(answer):
                    return block
        return None

    async def _standing(self, first: int, last: int) -> list[Standing]:
        found = []
        for start in range(first, last + 1, WINDOW_BLOCKS):
            query = {
                "address": [address_text(address) for address in self._sides],
                # mints leave many more events behind than reports do
                "topics": [hexed(self._reported)],
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


def _follow(found: Sequence[Standing], heads: Mapping[Side, int]) -> bool:
    """Tell whether the reports of each side come after those known and after each other."""
    newest = dict(heads)
    for each in found:
        if each.report.interval <= newest.get(each.side, -1):
            return False
        newest[each.side] = each.report.interval
    return True


def _block(answer: dict[str, Any] | None) -> Block | None:
    return Block(quantity(answer["number"]), octets(answer["hash"])) if answer else None
