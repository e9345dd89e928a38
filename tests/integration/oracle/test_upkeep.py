"""What a node keeps, caps and reads again: clock, refusals, enrolments, the store of the version before."""

from collections.abc import AsyncIterator

import psycopg
import pytest_asyncio
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from oracle.store import migration
from oracle.store.repository import OracleStore
from protocol.ack import Status
from protocol.eip712 import Domain
from protocol.keccak import keccak256
from protocol.keys import SigningKey
from protocol.reading import Reading
from protocol.secrets import Enrolment, seal
from protocol.topics import reading_topic
from tests.conftest import running, short_directory
from tests.integration.oracle.community import (
    GENESIS,
    HOUR,
    OracleCommunity,
    eventually,
    oracle_community,
    register,
)
from zuva.processes import free_port

T0 = GENESIS // HOUR


@pytest_asyncio.fixture
async def community(artefacts: None, database_url: str, broker_url: str) -> AsyncIterator[OracleCommunity]:
    with short_directory() as data:
        async with oracle_community(data, database_url, broker_url, meters=1, refusals_kept=50) as built:
            yield built


async def test_a_broker_that_forgot_the_clock_leaves_no_interval_open(community: OracleCommunity) -> None:
    await community.govern("setPaused", True)
    async with community.node_running():
        community.step_clock(GENESIS + HOUR)
        signed = community.sign(community.meters[0], community.meters[0].advance(100))
        community.publish(signed)
        await community.acknowledged(signed)
        community.step_clock(GENESIS + 2 * HOUR)

        async def stored() -> bool:
            return await community.rows("SELECT unix_seconds FROM oracle_1.community_clock") == [
                (GENESIS + 2 * HOUR,)
            ]

        await eventually(stored, "the clock in the store")
    await community.govern("setPaused", False)
    port = free_port()
    with (
        short_directory() as data,
        running("broker", {"ZUVA_DATA_DIR": str(data), "ZUVA_BROKER_PORT": str(port)}),
    ):
        url = f"mqtt://127.0.0.1:{port}"
        community.settings = community.settings.model_copy(update={"broker_url": url})
        async with community.node_running():

            async def reported() -> bool:
                return (await community.ask("EnergyConsumption", "head"))[0] == T0

            await eventually(reported, "the report")


async def test_a_flood_of_bad_messages_cannot_fill_the_disk(community: OracleCommunity) -> None:
    topic = reading_topic(community.meters[0].last.meter_id)
    async with community.node_running():
        community.step_clock(GENESIS + HOUR)
        community.link.publish_all([(topic, b"flood")] * 400)
        signed = community.sign(community.meters[0], community.meters[0].advance(100))
        community.publish(signed)
        await community.acknowledged(signed)
        ((count, newest),) = await community.rows("SELECT count(*), max(id) FROM oracle_1.refusal")
        assert newest == 400
        assert count <= 50 + 50


async def test_an_enrolment_that_changed_on_disk_is_read_again(community: OracleCommunity) -> None:
    async with community.node_running():
        community.step_clock(GENESIS + HOUR)
        newcomer = await register(community, 77)
        stranger = SigningKey.generate()
        path = community.settings.enrolment_dir
        # sealed to somebody else at first
        Enrolment(newcomer.last.meter_id, {stranger.address: seal(bytes(32), stranger.public_key)}).save(path)
        signed = community.sign(newcomer, newcomer.advance(42))
        community.publish(signed)
        assert (await community.acknowledged(signed))[0].status is Status.UNKNOWN_METER
        node = community.nodes[0].key
        sealed = {node.address: seal(newcomer.secret, node.public_key)}
        Enrolment(newcomer.last.meter_id, sealed).save(path)

        async def taken() -> bool:
            community.acks.clear()
            community.publish(signed)
            return (await community.acknowledged(signed))[0].status is Status.ACCEPTED

        await eventually(taken, "the reading accepted")


async def test_what_a_single_node_had_proposed_becomes_reported(database_url: str) -> None:
    schema = "oracle_7"
    signed = Reading(b"\x05" * 32, 3, GENESIS, HOUR, 1, 2, 3).sign(
        SigningKey.generate(), Domain(31337, b"\x11" * 20)
    )
    data_hash, root = keccak256(b"data"), keccak256(b"root")
    _migrate_to_first(database_url, schema)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            f"INSERT INTO {schema}.reading VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (*signed.reading.values(), signed.record()),
        )
        connection.execute(
            f"INSERT INTO {schema}.proposal VALUES (%s, %s, %s, %s, 3, 1, 1)", (T0, data_hash, root, root)
        )
        connection.execute(f"INSERT INTO {schema}.proposal_leaf VALUES (%s, %s, 3)", (T0, b"\x05" * 32))
    store = await OracleStore.open(database_url, schema)
    assert [(s.side, s.report.interval, s.report.data_hash) for s in await store.data_sets.standing()] == [
        ("production", T0, data_hash),
        ("consumption", T0, data_hash),
    ]
    assert await store.data_sets.readings(T0, data_hash) == [signed]
    assert (await store.data_sets.registers_reported([b"\x05" * 32]))[b"\x05" * 32].seq == 3
    assert await store.data_sets.cursor() is None
    await store.close()


def _migrate_to_first(database_url: str, schema: str) -> None:
    engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
        configuration = Config()
        configuration.set_main_option(
            "script_location", migration.__file__.replace("migration.py", "migrations")
        )
        configuration.attributes["connection"] = connection
        configuration.attributes["schema"] = schema
        command.upgrade(configuration, "0001")
        connection.commit()
    engine.dispose()
