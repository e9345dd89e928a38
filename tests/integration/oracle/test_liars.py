"""Two honest nodes and a third with a valid key that lies: never a false report, never a stop."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import psycopg
import pytest_asyncio

from oracle.data_set import Proposal, propose
from oracle.meters import point_of
from oracle.peers.client import HELLO_PATH
from oracle.quorum.messages import Hello, ProposalMessage, ProposedInterval, pack_claims, pack_records
from protocol.keccak import keccak256
from protocol.peers import ANYONE, BODY_HASH_HEADER, SIGNATURE_HEADER, TIME_HEADER, PeerRequest
from protocol.reading import Reading, SignedReading
from tests.conftest import short_directory
from tests.integration.oracle import liar as ways
from tests.integration.oracle.community import (
    GENESIS,
    HOUR,
    NodeUnderTest,
    OracleCommunity,
    eventually,
    oracle_community,
)
from tests.integration.oracle.liar import Liar
from tests.integration.oracle.test_quorum import T0, publish_hour, reported


@pytest_asyncio.fixture
async def pair(artefacts: None, database_url: str, broker_url: str) -> AsyncIterator[OracleCommunity]:
    """Two honest nodes of three, and two meters."""
    with short_directory() as data:
        async with oracle_community(
            data, database_url, broker_url, meters=2, nodes=3, quorum=2, round_seconds=0.5
        ) as built:
            yield built


def false_proposal(
    community: OracleCommunity, interval: int, readings: list[SignedReading], before: list[Reading]
) -> ProposalMessage:
    """Return a well-formed proposal of the third node over any readings."""
    points = {reading.meter_id: point_of(reading) for reading in before}
    secrets = {meter.last.meter_id: meter.secret for meter in community.meters}
    ordered = sorted(readings, key=lambda s: (s.reading.meter_id, s.reading.seq))
    made: Proposal = propose(interval, ordered, points, secrets)
    item = ProposedInterval(
        interval=interval,
        data_hash=made.production.data_hash,
        production_root=made.production.root,
        consumption_root=made.consumption.root,
        leaves=pack_claims(ordered),
    )
    return ProposalMessage(previous=0, intervals=[item], records=pack_records(ordered))


async def true_reports(community: OracleCommunity, hours: int, wh: int = 100) -> None:
    """Check that every report states exactly what the meters signed."""
    await reported(community, hours)
    for hour in range(hours):
        _, meta = await community.ask("EnergyProduction", "reportOf", T0 + hour)
        assert (meta["totalWh"], meta["count"]) == (wh * len(community.meters), len(community.meters))


async def test_no_false_proposal_gets_a_signature_and_each_is_shown_with_its_leaf(
    pair: OracleCommunity,
) -> None:
    before = [meter.last for meter in pair.meters]
    liar = Liar(pair, pair.nodes[2])
    async with pair.nodes_running(0, 1), liar.standing():
        await publish_hour(pair, 1, by=2)
        # due, and the honest nodes keep from reporting while the contracts are paused
        await pair.govern("setPaused", True)
        pair.step_clock(GENESIS + 2 * HOUR)
        true = [pair.sign(meter, meter.last) for meter in pair.meters]
        inflated = [SignedReading(replace(true[0].reading, generated_wh=5000), true[0].signature), true[1]]
        forged = [replace(true[0].reading, generated_wh=5000).sign(liar.node.key, liar.domain), true[1]]
        await eventually(lambda: all(peer.is_alive for peer in liar.peers), "greetings")

        async def due() -> bool:
            health = [await node.get("/health") for node in pair.nodes[:2]]
            return all(each["clock"] == GENESIS + 2 * HOUR for each in health)

        await eventually(due, "the clock at both")
        for readings in (inflated, forged):
            votes = await liar.propose(false_proposal(pair, T0, readings, before))
            assert [(vote.signatures, vote.problem) for vote in votes] == [([], "missing")] * 2
        for _ in range(3):
            votes = await liar.propose(false_proposal(pair, T0, true[:1], before))
            assert [(vote.signatures, vote.problem) for vote in votes] == [([], "offers")] * 2
        wrong_root = false_proposal(pair, T0, true, before)
        item = wrong_root.intervals[0].model_copy(update={"production_root": b"\x07" * 32})
        votes = await liar.propose(wrong_root.model_copy(update={"intervals": [item]}))
        assert [(vote.signatures, vote.problem) for vote in votes] == [([], "refused")] * 2
        later = false_proposal(pair, T0 + 1, true, before)
        votes = await liar.propose(later)
        assert [vote.signatures for vote in votes] == [[], []]
        for node in pair.nodes[:2]:
            shown = await node.get("/v1/disagreements")
            words = {each["words"].split(",")[0] for each in shown}
            assert "a leaf is not acceptable here" in words
            assert "a reading that belongs to the interval is left out" in words
            leaf = next(each for each in shown if each["theirs"] == "0x" + forged[0].record().hex())
            assert leaf["meter_id"] == "0x" + true[0].reading.meter_id.hex()
            assert leaf["seq"] == true[0].reading.seq
            assert leaf["ours"] == "0x" + true[0].record().hex()
            assert leaf["peer"].lower() == "0x" + liar.node.key.address.hex()
        await pair.govern("setPaused", False)
        await true_reports(pair, 1)


async def test_whatever_a_liar_answers_reports_go_on_and_are_true(pair: OracleCommunity) -> None:
    liar = Liar(pair, pair.nodes[2])
    async with pair.nodes_running(0, 1), liar.standing():
        for hour, way in enumerate((ways.silent, ways.garbage, ways.signs_garbage, ways.late), 1):
            liar.answer = way
            await publish_hour(pair, hour, by=2)
            pair.step_clock(GENESIS + (hour + 1) * HOUR)
            await asyncio.wait_for(reported(pair, hour), 20)
        assert liar.asked > 0
        await true_reports(pair, 4)


async def announced(node: NodeUnderTest, question: str, length: str) -> int:
    """Announce a body, send none, and return the status of the answer."""
    reader, writer = await asyncio.open_connection(node.settings.host, node.settings.port)
    writer.write(
        f"POST /v1/peers/{question} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n".encode()
    )
    answer = await reader.readuntil(b"\r\n\r\n")
    assert await reader.read() == b""
    writer.close()
    return int(answer.split()[1])


async def test_who_is_no_node_gets_nothing(pair: OracleCommunity) -> None:
    async with pair.nodes_running(0, 1), httpx.AsyncClient(trust_env=False) as client:
        url = pair.nodes[0].url
        for question in ("hello", "proposals", "consumptions", "data-sets"):
            answer = await client.post(f"{url}/v1/peers/{question}", content=b"{}")
            assert answer.status_code == 401
            # nothing is read of what a stranger announces
            longest = {"hello": 4096, "proposals": 32 << 20}.get(question, 65_536)
            assert await announced(pair.nodes[0], question, str(longest)) == 401
            assert await announced(pair.nodes[0], question, str(longest + 1)) == 413
        assert (await client.post(f"{url}/v1/peers/else", content=b"{}")).status_code == 404
        key, domain = pair.nodes[2].key, pair.book.domain("Registry")
        hello = Hello(name="x", production_head=0, consumption_head=0, mints=False).model_dump_json().encode()
        for body, age, expected in ((hello, 0, 200), (hello + b" ", 0, 401), (hello, 60, 401)):
            asked = PeerRequest("POST", HELLO_PATH, keccak256(hello), int(time.time()) - age, ANYONE)
            headers = {
                TIME_HEADER: str(asked.time),
                BODY_HASH_HEADER: asked.body_hash.hex(),
                SIGNATURE_HEADER: key.sign(asked.digest(domain)).hex(),
            }
            answer = await client.post(url + HELLO_PATH, content=body, headers=headers)
            assert answer.status_code == expected

        async def counted() -> bool:
            return "zuva_oracle_peers_alive 1.0" in (await client.get(f"{url}/metrics")).text

        await eventually(counted, "a peer in the metrics")


async def test_a_node_with_an_empty_store_catches_up_past_a_silent_peer(pair: OracleCommunity) -> None:
    async with pair.nodes_running(1, 2):
        for hour in (1, 2):
            await publish_hour(pair, hour, by=2)
            pair.step_clock(GENESIS + (hour + 1) * HOUR)
            await reported(pair, hour)
        await pair.nodes[1].stop()
        async with await psycopg.AsyncConnection.connect(pair.settings.database_url) as connection:
            await connection.execute("DROP SCHEMA oracle_2 CASCADE")
        # the liar is the first one that the node knows
        async with Liar(pair, pair.nodes[0]).standing():
            await pair.nodes[1].start()

            async def caught_up() -> bool:
                found = await pair.rows("SELECT count(*) FROM oracle_2.reported_leaf")
                return found == [(2 * len(pair.meters),)]

            await eventually(caught_up, "the data sets from the honest peer", 10)
