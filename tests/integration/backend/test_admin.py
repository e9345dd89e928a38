"""What admins are told: missing data, lags, who signed, what was refused."""

import asyncio
from typing import Any

import httpx
import psycopg

from oracle.store.migration import migrate as migrate_node
from tests.integration.backend.conftest import caught_up
from tests.integration.backend.homes import FIRST, INTERVALS, Homes
from tests.integration.backend.serving import serving


async def test_a_data_set_that_is_missing_is_said_and_not_counted_as_zero(
    day: tuple[Homes, httpx.AsyncClient], connection: psycopg.Connection[Any]
) -> None:
    homes, client = day
    homes.read(FIRST + INTERVALS)
    await homes.send_reports(FIRST + INTERVALS, homes.sets[FIRST + INTERVALS], 1, 1)
    await caught_up(connection, homes)
    community = (await client.get("/v1/community")).json()
    for sums in (community["totals"], community["today"]):
        assert (sums["intervals"], sums["intervals_missing"]) == (6, 1)
    item = (await client.get("/v1/production")).json()["items"][-1]
    assert (item["generated_wh"], item["intervals_missing"]) == (None, 1)
    overview = (await client.get("/v1/admin/overview")).json()
    assert overview["intervals"]["data_sets_missing"] == 1


async def test_admins_see_lags_and_who_signed(day: tuple[Homes, httpx.AsyncClient]) -> None:
    homes, client = day
    overview = (await client.get("/v1/admin/overview")).json()
    assert overview["indexer"]["blocks_behind"] == 0
    assert overview["intervals"] == {
        "reported": 5, "verified": 5, "mismatched": 0, "data_sets_missing": 0, "half_reported": 0,
        "uncertified": 1, "newest": FIRST + 4, "waiting": 0,
    }  # fmt: skip
    assert (overview["meters"]["total"], overview["meters"]["with_reading"]) == (3, 3)
    assert (overview["telemetry"], overview["paused"]) == (None, False)
    assert [one["code"] for one in overview["findings"]] == ["telemetry-silent"]
    assert (overview["verdict"], overview["report"]["interval"]) == ("warning", FIRST + 4)
    assert 0 <= overview["report"]["age_seconds"] < 300
    nodes = (await client.get("/v1/admin/nodes", params={"reports": 4})).json()
    assert [node["missed_intervals"] for node in nodes["items"]] == [0, 0, 4]
    assert (nodes["quorum"], nodes["reports"], nodes["newest_interval"]) == (2, 4, FIRST + 4)
    assert [node["address"] for node in nodes["items"]] == [
        "0x" + key.address.hex() for key in homes.community.oracle_keys
    ]
    assert [(n["possible"], n["signed"], n["signed_permille"]) for n in nodes["items"]] == [
        (8, 8, 1000), (8, 8, 1000), (8, 0, 0)
    ]  # fmt: skip


async def test_refusals_of_nodes_are_counted_where_their_store_can_be_read(
    day: tuple[Homes, httpx.AsyncClient], connection: psycopg.Connection[Any]
) -> None:
    homes, _ = day
    await asyncio.to_thread(migrate_node, homes.database_url, "oracle_7")
    connection.execute(
        "INSERT INTO oracle_7.refusal (topic, status, reason, payload) SELECT 't', s, 'r', '' FROM"
        " unnest(ARRAY[4, 4, 9]) s"
    )
    connection.execute(
        "INSERT INTO oracle_7.refusal (topic, status, reason, payload) VALUES ('t', 2, 'r', '');"
        "INSERT INTO oracle_7.disagreement (interval, words) VALUES (1, 'w')"
    )
    schemas = {"node_schemas": "oracle_7, oracle_8", "admin_missed_intervals": 3, "admin_missed_seconds": 0}
    async with serving(homes.database_url, **schemas) as client:
        findings = (await client.get("/v1/admin/overview")).json()["findings"]
        found = {one["code"]: (one["subjects"], one["numbers"]) for one in findings}
        assert found["unknown-meters-refused"] == (["oracle_7"], {"readings": 1, "recent_seconds": 86_400})
        assert found["disagreements"] == (["oracle_7"], {"disagreements": 1, "recent_seconds": 86_400})
        idle = "0x" + homes.community.oracle_keys[2].address.hex()
        assert found["node-not-signing"] == ([idle], {"nodes": 1, "most_missed": 5, "limit": 3})
        one, other = (await client.get("/v1/admin/refusals")).json()["items"]
        assert [(r["reason"], r["count"]) for r in one["refusals"]] == [
            ("bad signature", 2),
            ("unknown meter", 1),
            ("unknown flags", 1),
        ]
        assert other == {"node": "oracle_8", "readable": False, "refusals": []}
        one, other = (await client.get("/v1/admin/disagreements")).json()["items"]
        assert (one["readable"], len(one["disagreements"]), other["readable"]) == (True, 1, False)
