"""Reads blocks and logs from a node, so that what is read belongs together."""

import asyncio
from typing import Any

from backend.indexer.errors import ChainChanged, WindowTooLarge
from backend.indexer.window import BlockRef, Window
from protocol.ledger.errors import RpcError
from protocol.ledger.rpc import Rpc


async def read_head(rpc: Rpc) -> BlockRef:
    """Return the chain's newest block."""
    return await _block(rpc, "latest")


async def hash_at(rpc: Rpc, number: int) -> bytes | None:
    """Return the hash of block `number`, None if the chain is shorter."""
    raw = await rpc.call("eth_getBlockByNumber", hex(number), False)
    return None if raw is None else bytes.fromhex(raw["hash"][2:])


async def read_window(rpc: Rpc, first: int, last: int, addresses: list[str]) -> Window:
    """Read the logs of `addresses` in blocks `first` to `last`, and the blocks at both ends.

    Raises:
        ChainChanged: the chain was reorganised meanwhile.
        WindowTooLarge: the node refused the range.
        RpcUnreachable: the node does not answer.
    """
    ends = [_block(rpc, hex(first))] if first == last else [_block(rpc, hex(first)), _block(rpc, hex(last))]
    blocks = await asyncio.gather(*ends)
    request = {"address": addresses, "fromBlock": hex(first), "toBlock": hex(last)}
    try:
        logs: list[dict[str, Any]] = await rpc.call("eth_getLogs", request)
    except RpcError as error:
        raise WindowTooLarge(f"the node refused the logs of blocks {first} to {last}: {error}") from error
    # had a fork replaced part of the window while it was read, its last block would be another one now
    if await hash_at(rpc, last) != blocks[-1].hash:
        raise ChainChanged(f"block {last} was replaced while its logs were read")
    await _add_timestamps(rpc, logs)
    return Window(blocks[0], blocks[-1], tuple(logs))


async def _block(rpc: Rpc, tag: str) -> BlockRef:
    raw = await rpc.call("eth_getBlockByNumber", tag, False)
    if raw is None:
        raise ChainChanged(f"the node has no block {tag} any more")
    return BlockRef(
        number=int(raw["number"], 16),
        hash=bytes.fromhex(raw["hash"][2:]),
        parent_hash=bytes.fromhex(raw["parentHash"][2:]),
        timestamp=int(raw["timestamp"], 16),
    )


async def _add_timestamps(rpc: Rpc, logs: list[dict[str, Any]]) -> None:
    """Fill `blockTimestamp` where the node leaves it out (it is a recent addition to the interface)."""
    lacking = [log for log in logs if not log.get("blockTimestamp")]
    numbers = sorted({log["blockNumber"] for log in lacking})
    timestamps = {number: hex((await _block(rpc, number)).timestamp) for number in numbers}
    for log in lacking:
        log["blockTimestamp"] = timestamps[log["blockNumber"]]
