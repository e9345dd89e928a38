"""Read a contract's events from the chain, decoded, in order."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from protocol.keys import address_text
from protocol.ledger.bindings import Event, contract
from protocol.ledger.rpc import JsonRpc, hexed, octets, quantity

WINDOW_BLOCKS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Log:
    """One decoded event.

    Attributes:
        name: event name.
        arguments: its fields by their ABI names.
        address: the contract that emitted it, 20 bytes.
        block_number: block it is in.
        log_index: place in the block.
        transaction_hash: 32 bytes.
    """

    name: str
    arguments: dict[str, Any]
    address: bytes
    block_number: int
    log_index: int
    transaction_hash: bytes


def decode_log(name: str, entry: Mapping[str, Any]) -> Log | None:
    """Return a log, as JSON-RPC gives it, decoded as an event of the contract `name`; None for other events.

    Raises:
        LedgerError: the event's topic on a log of another shape.
    """
    topics = [octets(topic) for topic in entry["topics"]]
    event = _events(name).get(topics[0]) if topics else None
    if event is None:
        return None
    return Log(
        event.name,
        event.decode(topics, octets(entry["data"])),
        octets(entry["address"]),
        quantity(entry["blockNumber"]),
        quantity(entry["logIndex"]),
        octets(entry["transactionHash"]),
    )


@lru_cache(maxsize=32)
def _events(name: str) -> dict[bytes, Event]:
    return {event.topic: event for event in contract(name).events.values()}


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
    for start in range(first_block, last_block + 1, WINDOW_BLOCKS):
        end = min(start + WINDOW_BLOCKS - 1, last_block)
        query = {"address": address_text(address), "fromBlock": hexed(start), "toBlock": hexed(end)}
        for entry in await rpc.call("eth_getLogs", query):
            log = decode_log(name, entry)
            if log is not None:
                yield log
