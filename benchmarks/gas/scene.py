"""All measures, one after the other on one chain."""

from typing import Final

from benchmarks.gas import energy
from benchmarks.gas.measure import Measure
from benchmarks.gas.stage import CHAIN_ID, INTERVAL_SECONDS, RING, Stage, chain, key
from protocol.keys import address_text
from protocol.ledger.deployment import deploy
from protocol.ledger.rpc import hexed
from protocol.ledger.transactions import Sender

GOVERNOR: Final = key("governor")


async def measure_all() -> list[Measure]:
    """Deploy and measure everything."""
    async with chain() as rpc:
        await rpc.call("anvil_setBalance", address_text(GOVERNOR.address), hexed(10**20))
        sender = Sender(rpc, GOVERNOR, CHAIN_ID, set_time_method="evm_setNextBlockTimestamp")
        oracles = sorted((key("oracle", i) for i in range(5)), key=lambda each: each.address)
        book = await deploy(
            sender,
            interval_seconds=INTERVAL_SECONDS,
            ring_size=RING,
            finality_seconds=0,
            oracles=[each.address for each in oracles],
            quorum=3,
            guardian=key("guardian").address,
        )
        stage = Stage(rpc, book, oracles)
        homes = energy.homes()
        await energy.register(stage, GOVERNOR.address, homes)
        return await energy.measure(stage, homes)
