"""One oracle node on a real chain, broker and database: readings in; acks, reports, certificates out."""

from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio

from oracle.data_set import consumption_tree, production_tree
from protocol.ack import Status
from protocol.errors import ConfigurationError
from protocol.keys import SigningKey
from protocol.leaf import interval_salt
from protocol.reading import parse_record
from protocol.topics import reading_topic
from tests.conftest import short_directory
from tests.integration.oracle.community import (
    GENESIS,
    HOUR,
    OracleCommunity,
    eventually,
    oracle_community,
    register,
)

T0 = GENESIS // HOUR


@pytest_asyncio.fixture
async def community(artefacts: None, database_url: str, broker_url: str) -> AsyncIterator[OracleCommunity]:
    with short_directory() as data:
        async with oracle_community(data, database_url, broker_url, meters=3) as built:
            yield built


def hour_of_readings(community: OracleCommunity, *generated: int):
    return [
        community.sign(meter, meter.advance(wh, imported=10, exported=5))
        for meter, wh in zip(community.meters, generated, strict=True)
    ]


async def certified(community: OracleCommunity) -> list[int]:
    return [
        (await community.ask("EnergyProduction", "claimOf", meter.last.meter_id))[0]
        for meter in community.meters
    ]


async def test_readings_become_acknowledged_reported_and_certified(community: OracleCommunity) -> None:
    async with community.node_running():
        community.step_clock(GENESIS + HOUR)
        first = hour_of_readings(community, 1000, 2000, 0)
        community.publish(*first)
        assert [a.status for a in await community.acknowledged(*first)] == [Status.ACCEPTED] * 3
        community.step_clock(GENESIS + 2 * HOUR)
        await eventually(lambda: _head_is(community, T0), "the report of the first hour")
        expected = [1000, 2000, 0]
        await eventually(lambda: _equals(certified(community), expected), "certificates")
    root, meta = await community.ask("EnergyProduction", "reportOf", T0)
    readings = sorted(first, key=lambda s: s.reading.meter_id)
    assert root == production_tree(readings).root
    assert (meta["totalWh"], meta["count"]) == (3000, 3)
    salts = {m.last.meter_id: interval_salt(m.secret, T0) for m in community.meters}
    consumption_root, meta = await community.ask("EnergyConsumption", "reportOf", T0)
    assert consumption_root == consumption_tree(readings, salts).root
    assert meta["totalWh"] == 30
    balances = [
        (await community.ask("EnergyProduction", "balanceOf", m.account, 20_000))[0] for m in community.meters
    ]
    assert balances == expected


async def test_a_node_that_starts_anew_goes_on_where_it_was(community: OracleCommunity) -> None:
    async with community.node_running():
        community.step_clock(GENESIS + HOUR)
        first = hour_of_readings(community, 100, 100, 100)
        community.publish(*first)
        await community.acknowledged(*first)
    community.step_clock(GENESIS + 2 * HOUR)
    second = hour_of_readings(community, 11, 12, 13)
    async with community.node_running():
        community.publish(*second, *first)
        await community.acknowledged(*second)
        community.step_clock(GENESIS + 3 * HOUR)
        await eventually(lambda: _head_is(community, T0 + 1), "both reports")
        await eventually(lambda: _equals(certified(community), [111, 112, 113]), "certificates")
    assert await community.rows("SELECT count(*) FROM oracle_1.reading") == [(6,)]
    assert await community.rows("SELECT interval, leaf_count FROM oracle_1.proposal ORDER BY 1") == [
        (T0, 3),
        (T0 + 1, 3),
    ]


async def test_proposals_stored_before_a_crash_are_sent_after_it_and_not_twice(community) -> None:
    async with community.node_running():
        community.step_clock(GENESIS + HOUR)
        first = hour_of_readings(community, 1, 2, 3)
        community.publish(*first)
        await community.acknowledged(*first)
        await community.govern("setPaused", True)
        community.step_clock(GENESIS + 2 * HOUR)
        await eventually(lambda: _count(community, "proposal", 1), "the stored proposal")
        await eventually(lambda: any("contracts paused" in t for t in community.trouble), "a clear status")
    assert (await community.ask("EnergyProduction", "head"))[0] == 0
    await community.govern("setPaused", False)
    async with community.node_running():
        await eventually(lambda: _head_is(community, T0), "the report")
        await eventually(lambda: _equals(certified(community), [1, 2, 3]), "certificates")
    async with community.node_running():
        pass
    assert await community.rows("SELECT count(*) FROM oracle_1.proposal") == [(1,)]


async def test_late_readings_go_into_the_next_report_and_back_fill_is_kept(community) -> None:
    late = community.meters[2]
    async with community.node_running():
        community.step_clock(GENESIS + HOUR)
        punctual = [community.sign(m, m.advance(100)) for m in community.meters[:2]]
        community.publish(*punctual)
        await community.acknowledged(*punctual)
        community.step_clock(GENESIS + 2 * HOUR)
        await eventually(lambda: _head_is(community, T0), "the first report")
        missed = community.sign(late, late.advance(70))
        newest = community.sign(late, late.advance(30))
        community.publish(newest)
        await community.acknowledged(newest)
        community.publish(missed)
        assert (await community.acknowledged(missed))[0].status is Status.ACCEPTED
        community.step_clock(GENESIS + 3 * HOUR)
        await eventually(lambda: _head_is(community, T0 + 1), "the second report")
        await eventually(lambda: _equals(certified(community), [100, 100, 100]), "certificates")
    counts = await community.rows("SELECT leaf_count FROM oracle_1.proposal ORDER BY interval")
    assert counts == [(2,), (1,)]


async def test_bad_input_is_refused_with_its_reason_and_harms_nobody(community: OracleCommunity) -> None:
    honest, victim, _ = community.meters
    async with community.node_running():
        community.step_clock(GENESIS + HOUR)
        good = community.sign(honest, honest.advance(500))
        topic = reading_topic(honest.last.meter_id)
        forged = good.reading.sign(SigningKey.generate(), community.book.domain("Registry"))
        # the longest of them is no message of ours by its size, and leaves nothing behind
        for payload in (
            b"", b"\x01" * 20, good.record()[:-1], b"x" * 1_500, b"x" * 60_000, forged.record(),
        ):  # fmt: skip
            community.link.publish(topic, payload)
        community.publish(good)
        await community.acknowledged(good)
        contradiction = parse_record(good.record()).reading
        liar = community.sign(honest, type(contradiction)(
            contradiction.meter_id, contradiction.seq, contradiction.timestamp,
            contradiction.period_seconds, 0, 0, 501,
        ))  # fmt: skip
        community.acks.clear()
        community.publish(liar)
        assert (await community.acknowledged(liar))[0].status is Status.CONTRADICTS_STORED
        early = community.sign(victim, victim.advance(5, hours=3))
        community.publish(early)
        assert (await community.acknowledged(early))[0].status is Status.BEYOND_CLOCK
        community.step_clock(GENESIS + 2 * HOUR)
        await eventually(lambda: _equals(certified(community), [500, 0, 0]), "the honest certificate")
    reasons = await community.rows("SELECT status, count(*) FROM oracle_1.refusal GROUP BY 1 ORDER BY 1")
    assert reasons == [
        (Status.MALFORMED, 4),
        (Status.BAD_SIGNATURE, 1),
        (Status.CONTRADICTS_STORED, 1),
        (Status.BEYOND_CLOCK, 1),
    ]
    assert await community.rows("SELECT max(length(payload)) FROM oracle_1.refusal") == [(256,)]


async def test_a_topic_that_no_database_can_store_harms_nobody(community: OracleCommunity) -> None:
    async with community.node_running():
        community.step_clock(GENESIS + HOUR)
        community.link.publish("zuva/1/a\0b/c/reading", b"x")
        community.link.publish("zuva/1/" + "a" * 1_500 + "/c/reading", b"x")
        good = community.sign(community.meters[0], community.meters[0].advance(7))
        community.publish(good)
        assert (await community.acknowledged(good))[0].status is Status.ACCEPTED
    assert await community.rows("SELECT count(*), max(length(topic)) FROM oracle_1.refusal") == [(2, 200)]


async def test_a_meter_registered_later_is_taken_without_a_restart(community: OracleCommunity) -> None:
    async with community.node_running():
        community.step_clock(GENESIS + HOUR)
        newcomer = await register(community, 77)
        signed = community.sign(newcomer, newcomer.advance(42))
        community.publish(signed)
        assert (await community.acknowledged(signed))[0].status is Status.ACCEPTED


async def test_stored_readings_cannot_be_changed(community: OracleCommunity) -> None:
    async with community.node_running():
        community.step_clock(GENESIS + HOUR)
        signed = community.sign(community.meters[0], community.meters[0].advance(42))
        community.publish(signed)
        await community.acknowledged(signed)
    for statement in ("UPDATE oracle_1.reading SET generated_wh = 0", "DELETE FROM oracle_1.reading"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            async with await psycopg.AsyncConnection.connect(community.settings.database_url) as connection:
                await connection.execute(statement)


async def test_a_second_node_on_the_same_schema_is_refused(community: OracleCommunity) -> None:
    async with community.node_running():
        with pytest.raises(ConfigurationError, match="another oracle node"):
            async with community.node_running():
                pass


async def _head_is(community: OracleCommunity, interval: int) -> bool:
    heads = [(await community.ask(name, "head"))[0] for name in ("EnergyProduction", "EnergyConsumption")]
    return heads == [interval, interval]


async def _equals(value, expected) -> bool:
    return await value == expected


async def _count(community: OracleCommunity, table: str, count: int) -> bool:
    return await community.rows(f"SELECT count(*) FROM oracle_1.{table}") == [(count,)]
