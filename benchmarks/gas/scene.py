"""All measures, one after the other on one chain."""

from typing import Final

from benchmarks.gas import energy, market, schedule
from benchmarks.gas.measure import Measure
from benchmarks.gas.stage import CHAIN_ID, INTERVAL_SECONDS, RING, Stage, chain, key
from protocol.keys import address_text
from protocol.ledger.artefacts import load_artefact
from protocol.ledger.deployment import deploy
from protocol.ledger.market_rules import MarketRules, Role
from protocol.ledger.rpc import hexed
from protocol.ledger.transactions import Receipt, Sender

GOVERNOR: Final = key("governor")
NOT_OURS: Final = frozenset({"TestDollar"})
"""Deployed on local chains only, in place of a currency."""


class Counting(Sender):
    """A sender that adds up what its transactions took."""

    gas = 0
    floor = 0

    async def transact(
        self, to: bytes | None, data: bytes, *, gas: int | None = None, value: int = 0, at: int | None = None
    ) -> Receipt:
        """Send and count, unless it is not ours."""
        receipt = await super().transact(to, data, gas=gas, value=value, at=at)
        if to is None and any(data.startswith(load_artefact(name).bytecode) for name in NOT_OURS):
            return receipt
        self.gas += receipt.gas_used
        if to is None:
            code = await self.rpc.call("eth_getCode", address_text(receipt.contract_address or b""), "latest")
            self.floor += schedule.creation_floor(data, (len(code) - 2) // 2)
        else:
            self.floor += schedule.floor(data, schedule.Work(first_writes=1, topics=2, log_bytes=32))
        return receipt


async def measure_all() -> list[Measure]:
    """Deploy and measure everything."""
    async with chain() as rpc:
        await rpc.call("anvil_setBalance", address_text(GOVERNOR.address), hexed(10**20))
        sender = Counting(rpc, GOVERNOR, CHAIN_ID, set_time_method="evm_setNextBlockTimestamp")
        oracles = sorted((key("oracle", i) for i in range(5)), key=lambda each: each.address)
        book = await deploy(
            sender,
            interval_seconds=INTERVAL_SECONDS,
            ring_size=RING,
            finality_seconds=0,
            oracles=[each.address for each in oracles],
            quorum=3,
            guardian=key("guardian").address,
            market=MarketRules(silent_intervals=1_000_000, fee_bps=50),
            roles={Role.CLEARING_OPERATOR: [market.OPERATOR]},
        )
        deployment = Measure("deployment", sender.gas, sender.floor)
        stage = Stage(rpc, book, oracles)
        homes = energy.homes()
        await energy.register(stage, GOVERNOR.address, homes)
        await market.prepare(stage, GOVERNOR.address)
        return [
            deployment,
            *await energy.measure(stage, homes),
            *await market.measure(stage, homes, energy.AFTER),
        ]
