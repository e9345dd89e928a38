"""What the API answers equals what the contracts and the signed readings say."""

import json
from typing import Any

import httpx
import psycopg

from backend.indexer.event_tables import MIRRORED
from protocol.intervals import day_of, interval_end
from protocol.leaf import production_leaf
from protocol.ledger.bindings import contract
from protocol.ledger.transactions import read
from protocol.merkle import verify
from protocol.reading import Reading
from tests.integration.backend.homes import FIRST, INTERVALS, Homes
from tests.integration.backend.serving import assert_problem, pages, serving


def moved(homes: Homes, field: str, interval: int, meter_id: bytes) -> int:
    """Growth of a register in an interval, from the signed readings."""
    register = {signed.reading.meter_id: getattr(signed.reading, field) for signed in homes.sets[interval]}[
        meter_id
    ]
    if interval == FIRST:
        return int(register - {"generated_wh": 12_345, "import_wh": 5_000, "export_wh": 700}[field])
    return int(register) - next(
        getattr(signed.reading, field)
        for signed in homes.sets[interval - 1]
        if signed.reading.meter_id == meter_id
    )


def total(homes: Homes, field: str, intervals: range) -> int:
    return sum(moved(homes, field, interval, home.meter_id) for interval in intervals for home in homes.homes)


WHOLE = range(FIRST, FIRST + INTERVALS)
CERTIFIED = range(FIRST, FIRST + INTERVALS - 1)
FIELDS = ("generated_wh", "import_wh", "export_wh")


async def test_the_community_is_the_sum_of_its_readings(day: tuple[Homes, httpx.AsyncClient]) -> None:
    homes, client = day
    community = (await client.get("/v1/community")).json()
    head = await homes.community.rpc.call("eth_getBlockByNumber", "latest", False)
    newest = FIRST + INTERVALS - 1
    assert community["current"] == {
        "interval": newest,
        "start": newest * 3600,
        "end": interval_end(newest, 3600),
        "meters_reporting": 3,
    } | {field: total(homes, field, range(newest, newest + 1)) for field in FIELDS}
    sums = {field: total(homes, field, WHOLE) for field in FIELDS}
    certified = total(homes, "generated_wh", CERTIFIED)
    assert community["totals"] == sums | {
        "readings": 15,
        "reports": 5,
        "intervals": 5,
        "intervals_missing": 0,
        "certified_wh": certified,
        "retired_wh": 0,
    }
    assert community["block"] == {
        "number": int(head["number"], 16),
        "hash": head["hash"],
        "timestamp": int(head["timestamp"], 16),
    }
    assert community["now"] == community["block"]["timestamp"]
    assert community["contracts"] == {
        name: "0x" + homes.community.book.address(name).hex() for name in MIRRORED
    }
    assert (await client.get("/v1/totals")).json() == community["totals"]


async def test_today_is_the_local_day_of_the_newest_interval(day: tuple[Homes, httpx.AsyncClient]) -> None:
    homes, client = day
    today = (await client.get("/v1/community")).json()["today"]
    # the test's chain begins at midnight UTC, which is two o'clock in Harare
    assert today["start"] == FIRST * 3600 - 2 * 3600
    assert today["generated_wh"] == total(homes, "generated_wh", WHOLE)
    assert today["certified_wh"] == total(homes, "generated_wh", CERTIFIED)


async def test_meters_show_registers_growth_and_certificates(day: tuple[Homes, httpx.AsyncClient]) -> None:
    homes, client = day
    items = await pages(client, "/v1/meters", 2)
    assert [item["name"] for item in items] == ["Home 1", "Home 2", "Home 3"]
    newest = FIRST + INTERVALS - 1
    for home, item in zip(homes.homes, items, strict=True):
        assert item["meter_id"] == "0x" + home.meter_id.hex()
        assert item["account"] == "0x" + home.account.hex()
        assert (item["kind"], item["source"], item["category"]) == ("generation", "solar", "residential")
        assert item["registers"] == {
            "timestamp": interval_end(newest, 3600),
            "seq": home.seq,
            "generated_wh": home.generated_wh,
            "import_wh": home.import_wh,
            "export_wh": home.export_wh,
        }
        assert item["last"] == {"interval": newest} | {
            field: moved(homes, field, newest, home.meter_id) for field in FIELDS
        }
        grown = {field: sum(moved(homes, field, t, home.meter_id) for t in WHOLE) for field in FIELDS}
        assert item["today"] == grown
        certified = sum(moved(homes, "generated_wh", t, home.meter_id) for t in CERTIFIED)
        assert item["total"] == grown | {"certified_wh": certified}
        assert item["certified"] == {"seq": home.seq - 1, "timestamp": interval_end(newest - 1, 3600)}
        alone = (await client.get(f"/v1/meters/{item['meter_id']}")).json()
        for aged in (alone, item):
            assert 0 <= aged.pop("reading_indexed_age_seconds") < 300
        assert alone == item


async def test_a_meters_production_is_complete_over_pages_and_within_bounds(
    day: tuple[Homes, httpx.AsyncClient],
) -> None:
    homes, client = day
    home = homes.homes[1]
    path = f"/v1/meters/0x{home.meter_id.hex()}/production"
    items = await pages(client, path, 2)
    assert [item["interval"] for item in items] == list(WHOLE)
    assert [item["generated_wh"] for item in items] == [
        moved(homes, "generated_wh", t, home.meter_id) for t in WHOLE
    ]
    assert [item["status"] for item in items] == ["certified"] * 4 + ["verified"]
    within = await pages(client, path, 1, from_interval=FIRST + 1, to_interval=FIRST + 2)
    assert within == items[1:3]


async def test_intervals_carry_their_reports_as_the_contracts_have_them(
    day: tuple[Homes, httpx.AsyncClient],
) -> None:
    homes, client = day
    items = await pages(client, "/v1/intervals", 2)
    assert [item["interval"] for item in items] == list(reversed(WHOLE))
    assert [item["status"] for item in items] == ["verified"] + ["certified"] * 4
    for item in items:
        for side, name in (("production", "EnergyProduction"), ("consumption", "EnergyConsumption")):
            function = contract(name).functions["reportOf"]
            answer = await read(
                homes.community.rpc, homes.community.book.address(name), function.encode(item["interval"])
            )
            root, meta = function.decode(answer)
            report = item[side]
            assert report["root"] == "0x" + root.hex()
            assert (report["total_wh"], report["count"]) == (meta["totalWh"], meta["count"])
            assert report["final"] is True
            receipt = await homes.community.rpc.call("eth_getTransactionReceipt", report["tx_hash"])
            assert (report["block_hash"], report["block_number"]) == (
                receipt["blockHash"],
                int(receipt["blockNumber"], 16),
            )
        assert item["generated_wh"] == item["production"]["total_wh"]
        assert item["import_wh"] == item["consumption"]["total_wh"]
        assert (await client.get(f"/v1/intervals/{item['interval']}")).json() == item
    production = (await client.get("/v1/production")).json()["items"]
    assert [one["interval"] for one in production] == list(WHOLE)
    assert [one["generated_wh"] for one in production] == [item["generated_wh"] for item in reversed(items)]


async def test_leaves_prove_themselves_against_the_root_on_chain(
    day: tuple[Homes, httpx.AsyncClient],
) -> None:
    _, client = day
    interval = FIRST + 1
    leaves = await pages(client, f"/v1/intervals/{interval}/leaves", 2)
    root = (await client.get(f"/v1/intervals/{interval}")).json()["production"]["root"]
    assert len(leaves) == 3
    for leaf in leaves:
        meter_id = bytes.fromhex(leaf["meter_id"][2:])
        reading = Reading(
            meter_id, leaf["seq"], leaf["timestamp"], 0, 0, 0, leaf["generated_wh"], leaf["flags"]
        )
        hashed = production_leaf(reading)
        assert leaf["leaf"] == "0x" + hashed.hex()
        proof = [bytes.fromhex(sibling[2:]) for sibling in leaf["proof"]]
        assert verify(bytes.fromhex(root[2:]), hashed, proof)
        assert leaf["certified"] is True


async def test_hours_and_days_add_up_the_intervals_that_end_in_them(
    day: tuple[Homes, httpx.AsyncClient],
) -> None:
    homes, client = day
    home = homes.homes[1]
    start = FIRST * 3600
    hours = (await client.get("/v1/production?bucket=hour")).json()
    assert (hours["bucket"], len(hours["items"])) == ("hour", 48)
    assert [one["generated_wh"] for one in hours["items"][-5:]] == [
        total(homes, "generated_wh", range(t, t + 1)) for t in WHOLE
    ]
    assert (hours["items"][-6]["generated_wh"], hours["items"][-6]["intervals"]) == (None, 0)
    # two o'clock in Harare: both lie in one local day
    days = (await client.get(f"/v1/production?bucket=day&from={start}&to={start + 5 * 3600}")).json()["items"]
    assert [(one["start"], one["end"]) for one in days] == [(start - 7200, start - 7200 + 86_400)]
    whole = {field: total(homes, field, WHOLE) for field in FIELDS}
    assert {field: days[0][field] for field in FIELDS} == whole
    assert (days[0]["intervals"], days[0]["intervals_missing"], days[0]["meters_reporting"]) == (5, 0, 3)
    path = f"/v1/meters/0x{home.meter_id.hex()}/production?bucket=day&from={start - 86_400}&to={start + 1}"
    empty, full = (await client.get(path)).json()["items"]
    assert (empty["generated_wh"], empty["seq"], empty["status"], empty["intervals"]) == (None, None, None, 0)
    assert full["generated_wh"] == sum(moved(homes, "generated_wh", t, home.meter_id) for t in WHOLE)
    assert (full["seq"], full["status"], full["intervals"]) == (home.seq, "verified", 5)
    too_long = await client.get("/v1/production?bucket=hour&from=0&to=99999999")
    assert_problem(too_long, 422, "range-too-long")


async def test_payouts_are_exports_at_the_tariff_and_add_up(day: tuple[Homes, httpx.AsyncClient]) -> None:
    homes, client = day
    payouts = (await client.get("/v1/payouts")).json()
    assert (payouts["from"], payouts["to"]) == (FIRST * 3600 - 7200, FIRST * 3600 - 7200 + 86_400)
    assert (payouts["intervals"], payouts["intervals_missing"]) == (5, 0)
    tariff, community = payouts["tariff"], payouts["community"]
    assert tariff["currency"] == "USD"
    assert community["export_wh"] == total(homes, "export_wh", WHOLE)
    for one in (*payouts["meters"], *payouts["accounts"], community):
        paid = one["payout_micro"] * 1000 + one["payout_remainder"]
        assert paid == one["export_wh"] * tariff["export_micro_per_kwh"]
        cost = one["cost_micro"] * 1000 + one["cost_remainder"]
        assert cost == one["import_wh"] * tariff["import_micro_per_kwh"]
        assert one["net_micro"] == one["payout_micro"] - one["cost_micro"]
        assert one["contribution_permille"] == one["export_wh"] * 1000 // community["export_wh"]
    home = homes.homes[2]
    own = (await client.get("/v1/payouts", params={"account": "0x" + home.account.hex().upper()})).json()
    assert [one["meter_id"] for one in own["meters"]] == ["0x" + home.meter_id.hex()]
    assert own["meters"][0]["export_wh"] == sum(moved(homes, "export_wh", t, home.meter_id) for t in WHOLE)
    assert own["accounts"] == [
        {name: own["meters"][0][name] for name in own["accounts"][0] if name != "meters"} | {"meters": 1}
    ]
    assert own["community"] == community
    part = (await client.get(f"/v1/payouts?from={FIRST * 3600}&to={(FIRST + 1) * 3600}")).json()
    assert part["community"]["export_wh"] == total(homes, "export_wh", range(FIRST, FIRST + 1))


async def test_certificates_equal_the_contracts_totals(day: tuple[Homes, httpx.AsyncClient]) -> None:
    homes, client = day
    items = (await client.get("/v1/certificates")).json()["items"]
    functions = contract("EnergyProduction").functions
    address = homes.community.book.address("EnergyProduction")
    assert sum(item["minted_wh"] for item in items) == total(homes, "generated_wh", CERTIFIED)
    for item in items:
        for field, name in (("minted_wh", "totalMinted"), ("supply_wh", "totalSupply")):
            answer = await read(homes.community.rpc, address, functions[name].encode(int(item["id"])))
            assert functions[name].decode(answer) == (item[field],)
        assert (item["source"], item["simulated"]) == ("solar", True)
        assert item["day"] == day_of(interval_end(FIRST, 3600))
        metadata = (await client.get(f"/v1/certificates/{item['id']}.json")).json()
        by_hex = (await client.get(f"/v1/certificates/{int(item['id']):064x}.json")).json()
        assert metadata == by_hex
        assert metadata["properties"]["day"] == item["day"]
    home = homes.homes[0]
    held = (await client.get("/v1/certificates", params={"account": "0x" + home.account.hex()})).json()[
        "items"
    ]
    expected = sum(moved(homes, "generated_wh", t, home.meter_id) for t in CERTIFIED)
    assert [item["supply_wh"] for item in held] == [expected]


async def test_mints_are_listed_once_each_newest_first(day: tuple[Homes, httpx.AsyncClient]) -> None:
    homes, client = day
    items = await pages(client, "/v1/certificates/mints", 5)
    keys = [(item["block_number"], item["log_index"]) for item in items]
    assert keys == sorted(set(keys), reverse=True)
    assert len(items) == 12
    home = homes.homes[2]
    own = await pages(client, "/v1/certificates/mints", 3, meter_id="0x" + home.meter_id.hex())
    assert own == [item for item in items if item["meter_id"] == "0x" + home.meter_id.hex()]
    receipt = await homes.community.rpc.call("eth_getTransactionReceipt", own[0]["tx_hash"])
    assert int(receipt["blockNumber"], 16) == own[0]["block_number"]


async def test_unchanged_data_costs_a_304(day: tuple[Homes, httpx.AsyncClient]) -> None:
    _, client = day
    for path in ("/v1/totals", "/v1/payouts", "/v1/intervals", "/v1/certificates", "/v1/production"):
        first = await client.get(path)
        again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        other = await client.get(path, headers={"If-None-Match": '"another"'})
        assert (other.status_code, other.json()) == (200, first.json())


BAD_REQUESTS = [
    ("/v1/meters/0x" + "ab" * 32, 404, "unknown-meter"),
    ("/v1/meters/0x" + "ab" * 32 + "/production", 404, "unknown-meter"),
    ("/v1/meters/home", 422, "invalid-input"),
    ("/v1/intervals/1", 404, "unknown-interval"),
    ("/v1/intervals/1/leaves", 404, "unknown-interval"),
    ("/v1/intervals/-1", 422, "invalid-input"),
    ("/v1/intervals/99999999999999999999", 422, "invalid-input"),
    ("/v1/intervals?limit=1001", 422, "invalid-input"),
    ("/v1/intervals?limit=0", 422, "invalid-input"),
    ("/v1/intervals?cursor=%00", 422, "bad-cursor"),
    ("/v1/intervals?cursor=bm9wZQ", 422, "bad-cursor"),
    ("/v1/intervals?cursor=MSwy", 422, "bad-cursor"),
    ("/v1/meters?cursor=MQ", 422, "bad-cursor"),
    ("/v1/certificates?account=0x12", 422, "invalid-input"),
    ("/v1/certificates/" + "9" * 30 + ".json", 404, "unknown-certificate"),
    ("/v1/certificates/x.json", 422, "invalid-input"),
    ("/v1/production?bucket=week", 422, "invalid-input"),
    ("/v1/production?bucket=day&from=9&to=8", 422, "bad-range"),
    ("/v1/production?from=99999999999999", 422, "invalid-input"),
    ("/v1/payouts?from=7&to=7", 422, "bad-range"),
    ("/v1/payouts?account=me", 422, "invalid-input"),
    ("/v1/payouts?from=0&to=99999999", 422, "range-too-long"),
    ("/v1/intervals/1/leaves?cursor=LTE", 422, "bad-cursor"),
    ("/v1/meters/0x" + "ab" * 32 + "/telemetry", 404, "unknown-meter"),
    ("/v1/telemetry?cursor=MQ", 422, "bad-cursor"),
    ("/v1/admin/nodes?reports=0", 422, "invalid-input"),
    ("/v1/nothing", 404, "unknown-path"),
]


async def test_bad_requests_are_answered_with_problems(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    connection.execute(
        "INSERT INTO backend.deployment VALUES (1, 1, '', 0, 3600, 0, '', '', '');"
        "INSERT INTO backend.cursor VALUES (1, 0, '', 0)"
    )
    async with serving(database_url) as client:
        for path, status, kind in BAD_REQUESTS:
            answer = await client.get(path, headers={"X-Request-ID": "mine-7"})
            assert_problem(answer, status, kind)
            assert answer.json()["request_id"] == answer.headers["x-request-id"] == "mine-7"


async def test_requests_are_counted_and_lags_are_measured(day: tuple[Homes, httpx.AsyncClient]) -> None:
    _, client = day
    made, refused = [
        (await client.get("/v1/totals", headers=headers)).headers["x-request-id"]
        for headers in ({}, {"X-Request-ID": "not one\tof ours"})
    ]
    assert len({made, refused, "not one\tof ours"}) == 3
    named = await client.get("/v1/meters/0x" + "ab" * 32, headers={"X-Request-ID": "trace:7"})
    assert named.headers["x-request-id"] == named.json()["request_id"] == "trace:7"
    await client.get("/v1/meters/0x" + "ab" * 32)
    text = (await client.get("/metrics")).text
    assert 'zuva_api_requests_total{method="GET",route="/v1/totals",status="200"} 2.0' in text
    assert 'zuva_api_requests_total{method="GET",route="/v1/meters/{meter_id}",status="404"} 2.0' in text
    assert "zuva_indexer_blocks_behind 0.0" in text
    assert "zuva_api_database_up 1.0" in text


async def test_before_the_indexer_began_the_api_says_so(
    database_url: str, connection: psycopg.Connection[Any]
) -> None:
    async with serving(database_url) as client:
        assert_problem(await client.get("/v1/community"), 503, "not-indexed")
        assert_problem(await client.get("/ready"), 503, "not-indexed")
        assert (await client.get("/v1/meters")).json() == {"items": [], "next_cursor": None}
        assert (await client.get("/health")).json() == {"status": "ok"}


async def test_an_empty_database_is_a_503_not_an_error(database_url: str) -> None:
    async with serving(database_url) as client:
        assert_problem(await client.get("/v1/community"), 503, "database-unavailable")


async def test_the_document_describes_every_answer(database_url: str) -> None:
    async with serving(database_url) as client:
        document = (await client.get("/openapi.json")).json()
    assert json.dumps(document)
    for path, methods in document["paths"].items():
        operation = methods["get"]
        assert operation["summary"], path
        if path.startswith("/v1") and path != "/v1/stream":
            assert "$ref" in operation["responses"]["200"]["content"]["application/json"]["schema"], path
