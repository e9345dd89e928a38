"""Ties a database to one deployment, and finds where the indexer goes on."""

from dataclasses import dataclass

from backend.indexer.readings import Connection
from backend.indexer.window import Position
from backend.store.errors import ForeignDatabase


@dataclass(frozen=True, slots=True)
class Deployed:
    """The deployment that is mirrored; addresses are 20 bytes, hashes 32."""

    chain_id: int
    genesis_hash: bytes
    deployment_block: int
    interval_seconds: int
    finality_seconds: int
    registry: bytes
    production: bytes
    consumption: bytes


async def adopt(connection: Connection, deployed: Deployed, start: Position) -> None:
    """Write the deployment into an empty database, or check that it is the one the database belongs to.

    Args:
        connection: not in a transaction.
        deployed: the deployment of the address book.
        start: the block before the deployment, where a fresh database begins.

    Raises:
        ForeignDatabase: the database mirrors another deployment.
    """
    values = (
        deployed.chain_id,
        deployed.genesis_hash,
        deployed.deployment_block,
        deployed.interval_seconds,
        deployed.finality_seconds,
        deployed.registry,
        deployed.production,
        deployed.consumption,
    )
    async with connection.transaction():
        added = await connection.execute(
            "INSERT INTO backend.deployment (id, chain_id, genesis_hash, deployment_block, interval_seconds,"
            " finality_seconds, registry_address, production_address, consumption_address)"
            " VALUES (1, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            values,
        )
        if added.rowcount:
            await connection.execute(
                "INSERT INTO backend.cursor (chain_id, block_number, block_hash, block_timestamp)"
                " VALUES (%s, %s, %s, %s)",
                (deployed.chain_id, start.number, start.hash, start.timestamp),
            )
            await connection.execute(
                "INSERT INTO backend.block (number, hash, timestamp, has_events) VALUES (%s, %s, %s, true)",
                (start.number, start.hash, start.timestamp),
            )
            return
        found = await connection.execute(
            "SELECT chain_id, genesis_hash, registry_address, production_address, consumption_address"
            " FROM backend.deployment"
        )
        stored = await found.fetchone()
    expected = (
        deployed.chain_id,
        deployed.genesis_hash,
        deployed.registry,
        deployed.production,
        deployed.consumption,
    )
    if stored != expected:
        raise ForeignDatabase(
            "the database mirrors another deployment"
            + (f" (registry 0x{stored[2].hex()} on chain {stored[0]})" if stored else "")
            + f", the address book names registry 0x{deployed.registry.hex()} on chain {deployed.chain_id}:"
            " give each deployment a database of its own by DATABASE_URL"
        )


async def position_of(connection: Connection, chain_id: int) -> Position:
    """Return the cursor."""
    found = await connection.execute(
        "SELECT block_number, block_hash, block_timestamp FROM backend.cursor WHERE chain_id = %s",
        (chain_id,),
    )
    row = await found.fetchone()
    if row is None:
        raise ForeignDatabase(f"the database has no cursor for chain {chain_id}: give it a fresh database")
    return Position(*row)


async def beat(connection: Connection, chain_id: int, head_number: int) -> None:
    """Note the head that the indexer sees, so that the API can tell a lag from a quiet chain."""
    await connection.execute(
        "INSERT INTO backend.heartbeat (chain_id, head_number, seen_at) VALUES (%s, %s, clock_timestamp())"
        " ON CONFLICT (chain_id) DO UPDATE"
        " SET head_number = excluded.head_number, seen_at = excluded.seen_at",
        (chain_id, head_number),
    )
