"""Reads blocks and logs from a node, so that what is read belongs together."""

from collections.abc import Sequence
from typing import Any

from backend.indexer.errors import ChainChanged, WindowTooLarge
from backend.indexer.window import BlockRef, Window
from protocol.ledger.errors import RpcError
from protocol.ledger.rpc import Rpc, octets, quantity


async def read_head(rpc: Rpc) -> BlockRef:
    """Return the chain's newest block."""
    return _block("latest", await rpc.call("eth_getBlockByNumber", "latest", False))


async def read_blocks(rpc: Rpc, numbers: Sequence[int]) -> list[BlockRef]:
    """Return the blocks of these numbers; raises `ChainChanged` if the chain is shorter."""
    answers = await rpc.batch([("eth_getBlockByNumber", (hex(number), False)) for number in numbers])
    return [_block(str(number), raw) for number, raw in zip(numbers, answers, strict=True)]


async def hash_at(rpc: Rpc, number: int) -> bytes | None:
    """Return the hash of block `number`, None if the chain is shorter."""
    raw = await rpc.call("eth_getBlockByNumber", hex(number), False)
    return None if raw is None else octets(raw["hash"])


async def read_window(rpc: Rpc, first: int, last: int, head: BlockRef, addresses: list[str]) -> Window:
    """Read the logs of `addresses` in blocks `first` to `last`, and the blocks at both ends.

    Raises:
        ChainChanged: the chain was reorganised meanwhile.
        WindowTooLarge: the node refused the range.
        RpcUnreachable: the node does not answer.
    """
    known = {head.number: head}
    unknown = sorted({first, last} - known.keys())
    known |= {block.number: block for block in await read_blocks(rpc, unknown)}
    request = {"address": addresses, "fromBlock": hex(first), "toBlock": hex(last)}
    try:
        logs: list[dict[str, Any]] = await rpc.call("eth_getLogs", request)
    except RpcError as error:
        raise WindowTooLarge(f"the node refused the logs of blocks {first} to {last}: {error}") from error
    # had a fork replaced part of the window while it was read, its last block would be another one now
    if await hash_at(rpc, last) != known[last].hash:
        raise ChainChanged(f"block {last} was replaced while its logs were read")
    await _add_timestamps(rpc, logs)
    return Window(known[first], known[last], tuple(logs))


def _block(tag: str, raw: Any) -> BlockRef:  # noqa: ANN401 a JSON value
    if raw is None:
        raise ChainChanged(f"the node has no block {tag} any more")
    return BlockRef(
        number=quantity(raw["number"]),
        hash=octets(raw["hash"]),
        parent_hash=octets(raw["parentHash"]),
        timestamp=quantity(raw["timestamp"]),
    )


async def _add_timestamps(rpc: Rpc, logs: list[dict[str, Any]]) -> None:
    """Fill `blockTimestamp` where the node leaves it out (it is a recent addition to the interface)."""
    lacking = [log for log in logs if not log.get("blockTimestamp")]
    numbers = sorted({quantity(log["blockNumber"]) for log in lacking})
    timestamps = {block.number: hex(block.timestamp) for block in await read_blocks(rpc, numbers)}
    for log in lacking:
        log["blockTimestamp"] = timestamps[quantity(log["blockNumber"])]
