"""Finds the last stored block that is still on the chain."""

from backend.indexer.chain import hash_at
from backend.indexer.errors import ForkTooDeep
from backend.indexer.readings import Connection
from backend.indexer.window import Position
from protocol.ledger.rpc import Rpc

_STEP = 64


async def stored_at_or_before(connection: Connection, number: int) -> Position | None:
    """Return the newest stored block not after `number`."""
    found = await connection.execute(
        "SELECT number, hash, timestamp FROM backend.block WHERE number <= %s ORDER BY number DESC LIMIT 1",
        (number,),
    )
    row = await found.fetchone()
    return None if row is None else Position(*row)


async def find_ancestor(connection: Connection, rpc: Rpc, position: Position) -> Position:
    """Walk back from `position` by stored hashes to a block that the chain still has.

    Raises:
        ForkTooDeep: not even the block before the deployment is there.
    """
    below = position.number
    while True:
        found = await connection.execute(
            "SELECT number, hash, timestamp FROM backend.block WHERE number <= %s"
            " ORDER BY number DESC LIMIT %s",
            (below, _STEP),
        )
        stored = [Position(*row) for row in await found.fetchall()]
        if not stored:
            raise ForkTooDeep(
                "no block in the database is on this chain: the chain was started anew; "
                "give it a fresh database, or start the chain with its journal"
            )
        for one in stored:
            if await hash_at(rpc, one.number) == one.hash:
                return one
        below = stored[-1].number - 1
