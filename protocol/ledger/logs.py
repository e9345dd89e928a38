"""Read a contract's events from the chain, decoded, in order."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from protocol.keys import address_text
from protocol.ledger.bindings import contract
from protocol.ledger.rpc import JsonRpc, hexed, octets, quantity

WINDOW_BLOCKS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Log:
    """One decoded event.

    Attributes:
        name: event name.
        arguments: its fields by their ABI names.
        block_number: block it is in.
        log_index: place in the block.
        transaction_hash: 32 bytes.
    """

    name: str
    arguments: dict[str, Any]
    block_number: int
    log_index: int
    transaction_hash: bytes


async def read_logs(
    rpc: JsonRpc, name: str, address: bytes, first_block: int, last_block: int
) -> AsyncIterator[Log]:
    """Yield the events that the contract at `address` emitted, oldest first.

    Args:
        rpc: the chain.
        name: the contract's name, whose events are known by its artefact; other events are passed over.
        address: 20 bytes.
        first_block: first block to read.
        last_block: last block to read, inclusive.

    Raises:
        RpcUnreachable: no chain answers.
    """
    events = {event.topic: event for event in contract(name).events.values()}
    for start in range(first_block, last_block + 1, WINDOW_BLOCKS):
        end = min(start + WINDOW_BLOCKS - 1, last_block)
        query = {"address": address_text(address), "fromBlock": hexed(start), "toBlock": hexed(end)}
        for log in await rpc.call("eth_getLogs", query):
            topics = [octets(topic) for topic in log["topics"]]
            event = events.get(topics[0])
            if event is not None:
                yield Log(
                    event.name,
                    event.decode(topics, octets(log["data"])),
                    quantity(log["blockNumber"]),
                    quantity(log["logIndex"]),
                    octets(log["transactionHash"]),
                )
