"""The keeper on a real chain: finality, suspended meters, days that nobody closed, mints lost in a fork."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest

from protocol.ledger.rpc import Rpc
from tests.conftest import short_directory
from tests.integration.oracle.community import (
    GENESIS,
    HOUR,
    OracleCommunity,
    eventually,
    oracle_community,
)

RING = 96
Open = Callable[..., AbstractAsyncContextManager[OracleCommunity]]


@pytest.fixture
def opened(artefacts: None, database_url: str, broker_url: str) -> Open:
    @asynccontextmanager
    async def open_community(**settings: int) -> AsyncIterator[OracleCommunity]:
        with short_directory() as data:
            async with oracle_community(data, database_url, broker_url, **settings) as community:
                yield community

    return open_community


async def run_hours(community: OracleCommunity, first: int, last: int, wh: int = 100) -> None:
    """Publish the readings of hours first..last (counted from 1) and let the clock close each."""
    for hour in range(first, last + 1):
        community.step_clock(GENESIS + hour * HOUR)
        signed = [community.sign(meter, meter.advance(wh)) for meter in community.meters]
        community.publish(*signed)
        await community.acknowledged(*signed)
    community.step_clock(GENESIS + (last + 1) * HOUR)


async def claimed(community: OracleCommunity) -> list[int]:
    return [
        (await community.ask("EnergyProduction", "claimOf", meter.last.meter_id))[0]
        for meter in community.meters
    ]


async def claims_become(community: OracleCommunity, *expected: int) -> None:
    found: list[int] = []

    async def reached() -> bool:
        found[:] = await claimed(community)
        return found == list(expected)

    try:
        await eventually(reached, "claims")
    except TimeoutError:
        assert found == list(expected)


async def test_only_final_reports_are_claimed_and_all_of_them(opened: Open) -> None:
    async with opened(meters=2, finality_seconds=2 * HOUR) as community, community.node_running():
        for hour in range(1, 7):
            await run_hours(community, hour, hour)
            await eventually(lambda h=hour: _head(community, h), "the hour's reports")
        # the sixth hour's report was made an hour after its end; four reports are two hours old by then
        await claims_become(community, 400, 400)
        await run_hours(community, 7, 7)
        await claims_become(community, 500, 500)


async def test_a_suspended_meter_waits_and_is_claimed_once_it_is_reinstated(opened: Open) -> None:
    async with opened(meters=2) as community, community.node_running():
        await run_hours(community, 1, 2)
        await claims_become(community, 200, 200)
        suspended = community.meters[0].last.meter_id
        signed = [community.sign(meter, meter.advance(100)) for meter in community.meters]
        community.step_clock(GENESIS + 3 * HOUR)
        community.publish(*signed)
        await community.acknowledged(*signed)
        await community.govern("suspendMeter", suspended)
        community.step_clock(GENESIS + 4 * HOUR)
        await claims_become(community, 200, 300)
        await community.govern("reinstateMeter", suspended)
        await claims_become(community, 300, 300)


async def test_mints_that_a_fork_takes_back_are_made_again(opened: Open) -> None:
    async with opened(meters=2) as community, Rpc(community.anvil_url()) as anvil:
        community.settings = community.settings.model_copy(update={"mint": False})
        async with community.node_running():
            await run_hours(community, 1, 2)
            await eventually(lambda: _head(community, 2), "reports")
        snapshot = await anvil.call("evm_snapshot")
        community.settings = community.settings.model_copy(update={"mint": True})
        async with community.node_running():
            await claims_become(community, 200, 200)
            assert await anvil.call("evm_revert", snapshot)
            assert await claimed(community) == [0, 0]
            await claims_become(community, 200, 200)


async def test_energy_over_a_midnight_without_a_reading_is_certified(opened: Open) -> None:
    async with opened(meters=1) as community, community.node_running():
        await run_hours(community, 1, 22)
        (meter,) = community.meters
        # out from 22:00 until 02:00, then five readings at once
        meter.last = replace(meter.last, timestamp=meter.last.timestamp + 3 * HOUR)
        back = [community.sign(meter, meter.advance(50)) for _ in range(5)]
        community.step_clock(GENESIS + 30 * HOUR)
        community.publish(*back)
        await community.acknowledged(*back)
        community.step_clock(GENESIS + 31 * HOUR)
        await claims_become(community, 22 * 100 + 5 * 50)
        minted = [
            (await community.ask("EnergyProduction", "totalMinted", day))[0]
            for day in (20_000, 20_001, 0xFFFF_FFFF)
        ]
        assert minted == [2200, 200, 50]


async def test_energy_behind_a_gap_in_the_sequence_is_freed_after_a_ring(opened: Open) -> None:
    async with opened(meters=1) as community, community.node_running():
        await run_hours(community, 1, 22)
        await claims_become(community, 2200)
        (meter,) = community.meters
        # no reading at midnight, and numbers lost in a crash of the meter: who knows what lay between
        meter.last = replace(meter.last, seq=meter.last.seq + 5, timestamp=meter.last.timestamp + 3 * HOUR)
        await run_hours(community, 26, 21 + RING)
        await eventually(lambda: _head(community, 21 + RING), "reports")
        assert await claimed(community) == [2200]
        await run_hours(community, 22 + RING, 25 + RING)
        await claims_become(community, 2200 + RING * 100)


async def _head(community: OracleCommunity, hours: int) -> bool:
    heads = [(await community.ask(name, "head"))[0] for name in ("EnergyProduction", "EnergyConsumption")]
    return min(heads) >= GENESIS // HOUR + hours - 1
