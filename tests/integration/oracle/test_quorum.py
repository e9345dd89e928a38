"""Three oracle nodes, of which two must sign: reports go on and stay true whichever of them is not there."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from oracle.quorum.proposer import Proposer
from protocol.ledger.rpc import Rpc
from tests.conftest import short_directory
from tests.integration.oracle.community import GENESIS, HOUR, OracleCommunity, eventually, oracle_community

T0 = GENESIS // HOUR
SCHEMAS = ("oracle_1", "oracle_2", "oracle_3")


@pytest_asyncio.fixture
async def trio(artefacts: None, database_url: str, broker_url: str) -> AsyncIterator[OracleCommunity]:
    """Three nodes that are not started yet, and two meters."""
    with short_directory() as data:
        async with oracle_community(
            data, database_url, broker_url, meters=2, nodes=3, quorum=2, round_seconds=0.5
        ) as built:
            yield built


async def publish_hour(community: OracleCommunity, hour: int, *, by: int, wh: int = 100) -> None:
    """Publish the readings of an hour (counted from 1); wait until `by` nodes have them."""
    community.step_clock(GENESIS + hour * HOUR)
    signed = [community.sign(meter, meter.advance(wh, imported=7)) for meter in community.meters]
    community.publish(*signed)
    await community.acknowledged(*signed, by=by)


async def reported(community: OracleCommunity, hours: int) -> None:
    """Wait until the reports of hours 1..hours stand on both contracts."""

    async def stand() -> bool:
        heads = [(await community.ask(name, "head"))[0] for name in ("EnergyProduction", "EnergyConsumption")]
        return min(heads) >= T0 + hours - 1

    await eventually(stand, f"reports of {hours} hours: {[node.said[-1:] for node in community.nodes]}")


async def claims_become(community: OracleCommunity, *expected: int) -> None:
    async def reached() -> bool:
        found = [
            (await community.ask("EnergyProduction", "claimOf", meter.last.meter_id))[0]
            for meter in community.meters
        ]
        return found == list(expected)

    await eventually(reached, f"claims of {expected}")


async def same_everywhere(community: OracleCommunity, hours: int) -> None:
    """Wait until every node holds the same reports with their readings."""

    async def agree() -> bool:
        found = []
        for schema in SCHEMAS:
            found.append(
                await community.rows(
                    "SELECT r.side, r.interval, r.data_hash, r.root, d.meter_id, d.seq, d.record"
                    f" FROM {schema}.reported r JOIN {schema}.data_set d USING (interval, data_hash)"
                    " ORDER BY 1, 2, 5, 6"
                )
            )
        return found[0] == found[1] == found[2] and len(found[0]) == 2 * hours * len(community.meters)

    await eventually(agree, "three equal stores")


async def test_any_node_may_be_away_and_catches_up_when_it_is_back(trio: OracleCommunity) -> None:
    async with trio.nodes_running(0, 1):
        await publish_hour(trio, 1, by=2)
        trio.step_clock(GENESIS + 2 * HOUR)
        await reported(trio, 1)
        await claims_become(trio, 100, 100)
        # a third node with an empty store, which never heard the first hour
        await trio.nodes[2].start()
        hour = 2
        for away in trio.nodes:
            await away.stop()
            await publish_hour(trio, hour, by=2)
            trio.step_clock(GENESIS + (hour + 1) * HOUR)
            await reported(trio, hour)
            await away.start()
            hour += 1
        await publish_hour(trio, hour, by=2)
        trio.step_clock(GENESIS + (hour + 1) * HOUR)
        await reported(trio, hour)
        await claims_become(trio, 100 * hour, 100 * hour)
        await same_everywhere(trio, hour)
        health = await trio.nodes[2].get("/health")
        assert (health["status"], health["quorum"], health["nodes"]) == ("working", 2, 3)
        assert health["production_head"] == T0 + hour - 1
        await trio.nodes[2].stop()


async def test_readings_that_only_one_node_heard_are_in_the_report(trio: OracleCommunity) -> None:
    first, second = trio.meters
    async with trio.nodes_running(0):
        trio.step_clock(GENESIS + HOUR)
        one = trio.sign(first, first.advance(100))
        trio.publish(one)
        await trio.acknowledged(one)
    async with trio.nodes_running(1):
        other = trio.sign(second, second.advance(200))
        trio.publish(other)
        await trio.acknowledged(other)
    # both must sign, so what either of them heard is in the report; the third catches up
    async with trio.nodes_running(0, 1):
        trio.step_clock(GENESIS + 2 * HOUR)
        await reported(trio, 1)
        _, meta = await trio.ask("EnergyProduction", "reportOf", T0)
        assert (meta["totalWh"], meta["count"]) == (300, 2)
        await trio.nodes[2].start()
        await claims_become(trio, 100, 200)
        await same_everywhere(trio, 1)
        await trio.nodes[2].stop()
    adopted = [(await trio.rows(f"SELECT count(*) FROM {s}.reading WHERE adopted"))[0][0] for s in SCHEMAS]
    assert adopted == [1, 1, 2]


async def test_a_leader_that_dies_between_both_reports_is_followed_by_another(
    trio: OracleCommunity, monkeypatch: pytest.MonkeyPatch
) -> None:
    died: list[int] = []
    whole = Proposer.settle_consumption

    async def die_once(self: Proposer):
        if died:
            return await whole(self)
        (victim,) = [n for n, node in enumerate(trio.nodes) if node.key.address == self._signer.address]
        died.append(victim)
        trio.nodes[victim].task.cancel()
        return await asyncio.sleep(60)

    monkeypatch.setattr(Proposer, "settle_consumption", die_once)
    async with trio.nodes_running():
        await publish_hour(trio, 1, by=3)
        trio.step_clock(GENESIS + 2 * HOUR)
        await reported(trio, 1)
        assert len(died) == 1
        await publish_hour(trio, 2, by=2)
        trio.step_clock(GENESIS + 3 * HOUR)
        await reported(trio, 2)


async def test_reports_that_a_fork_takes_back_are_made_again(trio: OracleCommunity) -> None:
    async with trio.nodes_running(), Rpc(trio.anvil_url()) as anvil:
        await publish_hour(trio, 1, by=3)
        snapshot = await anvil.call("evm_snapshot")
        trio.step_clock(GENESIS + 2 * HOUR)
        await reported(trio, 1)
        await claims_become(trio, 100, 100)
        assert await anvil.call("evm_revert", snapshot)
        assert (await trio.ask("EnergyProduction", "head"))[0] == 0
        await reported(trio, 1)
        await claims_become(trio, 100, 100)
        await same_everywhere(trio, 1)


async def test_a_meter_that_contradicts_itself_is_set_aside_and_holds_up_nobody(
    trio: OracleCommunity,
) -> None:
    honest, liar = trio.meters
    before = liar.last
    trio.step_clock(GENESIS + HOUR)
    async with trio.nodes_running(0, 1):
        told = trio.sign(liar, liar.advance(100))
        good = trio.sign(honest, honest.advance(100))
        trio.publish(told, good)
        await trio.acknowledged(told, good, by=2)
    liar.last = before
    async with trio.nodes_running(2):
        trio.step_clock(GENESIS + HOUR)
        otherwise = trio.sign(liar, liar.advance(900))
        trio.acks.clear()
        trio.publish(otherwise)
        await trio.acknowledged(otherwise)
    # the third node is needed: it holds the other statement and brings the evidence
    async with trio.nodes_running(0, 2):
        trio.step_clock(GENESIS + 2 * HOUR)
        await reported(trio, 1)
        _, meta = await trio.ask("EnergyProduction", "reportOf", T0)
        assert (meta["totalWh"], meta["count"]) == (100, 1)
        for node in (trio.nodes[0], trio.nodes[2]):
            (shown,) = await node.get("/v1/set-aside")
            assert shown["meter_id"] == "0x" + liar.last.meter_id.hex()
            assert {told.record().hex(), otherwise.record().hex()} == {s[2:] for s in shown["statements"]}
        await trio.nodes[1].start()
        await trio.govern("suspendMeter", liar.last.meter_id)
        await trio.govern("reinstateMeter", liar.last.meter_id)

        async def is_back() -> bool:
            return [await node.get("/v1/set-aside") for node in trio.nodes] == [[], [], []]

        await eventually(is_back, "the reinstated meter")
        signed = [trio.sign(meter, meter.advance(1000)) for meter in trio.meters]
        trio.publish(*signed)
        await trio.acknowledged(*signed, by=3)
        trio.step_clock(GENESIS + 3 * HOUR)
        await reported(trio, 2)
        _, meta = await trio.ask("EnergyProduction", "reportOf", T0 + 1)
        assert meta["count"] == 2
        await trio.nodes[1].stop()


async def test_a_node_whose_store_is_of_the_version_before_goes_on(trio: OracleCommunity) -> None:
    async with trio.nodes_running(0, 1):
        await publish_hour(trio, 1, by=2)
        trio.step_clock(GENESIS + 2 * HOUR)
        await reported(trio, 1)
    # what the version before had stored: proposals, and nothing of the chain
    await trio.rows("DELETE FROM oracle_1.chain_cursor RETURNING 1")
    await trio.rows("UPDATE oracle_1.reported SET block_number = 0, block_hash = '' RETURNING 1")
    async with trio.nodes_running(0, 1):
        await publish_hour(trio, 2, by=2)
        trio.step_clock(GENESIS + 3 * HOUR)
        await reported(trio, 2)
        await claims_become(trio, 200, 200)

        async def confirmed() -> bool:
            found = await trio.rows("SELECT interval, block_number > 0 FROM oracle_1.reported ORDER BY 1")
            return found == [(T0, True)] * 2 + [(T0 + 1, True)] * 2

        await eventually(confirmed, "reports confirmed by the chain")
