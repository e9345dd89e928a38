"""The admin's page against a running community: what it shows is what the API says."""

from __future__ import annotations

import csv
import io
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.answers import agreed, answer, money_text
from tests.e2e.chromium import visit

if TYPE_CHECKING:
    import httpx
    from playwright.sync_api import Browser

    from tests.e2e.chromium import Visit

pytestmark = pytest.mark.browser


def counts(api: httpx.Client) -> dict[str, int | None]:
    overview, nodes = answer(api, "/v1/admin/overview"), answer(api, "/v1/admin/nodes")
    numbers: dict[str, int | None] = {
        "admin-online": overview["meters"]["online"],
        "admin-with-reading": overview["meters"]["with_reading"],
        "admin-waiting": overview["intervals"]["waiting"],
        "admin-reported": overview["intervals"]["reported"],
        "admin-verified": overview["intervals"]["verified"],
        "admin-uncertified": overview["intervals"]["uncertified"],
        "admin-behind": overview["indexer"]["blocks_behind"],
        "admin-suspended": overview["meters"]["suspended"],
        "nodes-quorum": nodes["quorum"],
    }
    for node in nodes["items"]:
        numbers[f"node-{node['address']}-signed"] = node["signed"]
        numbers[f"node-{node['address']}-possible"] = node["possible"]
    for each in answer(api, "/v1/admin/refusals")["items"]:
        for refusal in each["refusals"]:
            numbers[f"refused-{each['node']}-{refusal['reason']}"] = refusal["count"]
    return numbers


def energy_and_money(api: httpx.Client) -> dict[str, int | None]:
    totals, payouts = answer(api, "/v1/totals"), answer(api, "/v1/payouts")
    numbers: dict[str, int | None] = {
        "admin-generated": totals["generated_wh"],
        "admin-exported": totals["export_wh"],
        "admin-imported": totals["import_wh"],
        "admin-certified": totals["certified_wh"],
    }
    for home in answer(api, "/v1/meters", limit=100)["items"]:
        name = f"admin-home-{home['meter_id']}"
        numbers[f"{name}-today"] = home["today"]["generated_wh"]
        numbers[f"{name}-total"] = home["total"]["generated_wh"]
    rows = {f"payout-{meter['meter_id']}": meter for meter in payouts["meters"]}
    for name, row in (rows | {"payout-community": payouts["community"]}).items():
        numbers[f"{name}-exported"] = row["export_wh"]
        numbers[f"{name}-imported"] = row["import_wh"]
        numbers[f"{name}-amount"] = row["payout_micro"]
        numbers[f"{name}-cost"] = row["cost_micro"]
        numbers[f"{name}-net"] = row["net_micro"]
    return numbers


def test_every_number_is_the_apis(browser: Browser, community: Any, api: httpx.Client) -> None:
    with visit(browser, community.url, path="/#/admin") as opened:
        opened.page.wait_for_selector("[data-testid=payouts]", timeout=60_000)
        agreed(opened, lambda: counts(api), ("count",))
        shown = agreed(opened, lambda: energy_and_money(api), ("wh", "micro"))
        homes = answer(api, "/v1/meters", limit=100)["items"]
    interval = answer(api, "/v1/community")["interval_seconds"]

    for home in homes:
        name = f"admin-home-{home['meter_id']}"
        assert shown[f"{name}-live"]["state"] == "live"
        assert shown[f"{name}-status"]["state"] == "reporting"
        assert 0 <= int(shown[f"{name}-age"]["seconds"]) < 3 * interval
    shares = {node["address"]: node["signed_permille"] for node in answer(api, "/v1/admin/nodes")["items"]}
    assert {
        address: int(shown[f"node-{address}-share"]["permille"])
        for address in shares
        if shares[address] is not None
    } == {address: share for address, share in shares.items() if share is not None}
    states = {
        name: data["state"]
        for name, data in shown.items()
        if name.startswith("node-") and name.endswith("-state")
    }
    assert set(states.values()) == {"signs"}
    payouts = answer(api, "/v1/payouts")
    known = shown["payouts-known"]
    assert int(known["expected"]) == payouts["intervals_expected"]
    assert int(known["known"]) == payouts["community"]["intervals_known"] > 0
    total = shown["payout-community-amount"]
    assert total["text"].replace("\u00a0", " ") == money_text(
        int(total["micro"]), payouts["tariff"]["currency"]
    )
    tariff = shown["tariff"]
    assert int(tariff["export"]) == payouts["tariff"]["export_micro_per_kwh"]
    assert int(tariff["import"]) == payouts["tariff"]["import_micro_per_kwh"]


def test_payouts_are_saved_as_csv_with_the_apis_integers(
    browser: Browser, community: Any, api: httpx.Client
) -> None:
    with visit(browser, community.url, path="/#/admin") as opened:
        page = opened.page
        page.wait_for_selector("[data-testid=payouts]", timeout=60_000)
        first_day = "[data-testid=payouts-range]"
        before = page.get_attribute(first_day, "data-from")
        page.get_by_test_id("range-week").click()
        page.wait_for_function(
            "([where, before]) => document.querySelector(where).dataset.from !== before",
            arg=[first_day, before],
        )
        with page.expect_download() as caught:
            page.get_by_test_id("payouts-csv").click()
        begin, end = (page.get_attribute(first_day, f"data-{side}") for side in ("from", "to"))
        text = caught.value.path().read_text(encoding="utf-8")
        assert opened.complaints == []

    rows = list(csv.DictReader(io.StringIO(text)))
    wanted = answer(api, "/v1/payouts", **{"from": begin, "to": end})
    assert [row["meter_id"] for row in rows] == [meter["meter_id"] for meter in wanted["meters"]]
    for row, meter in zip(rows, wanted["meters"], strict=True):
        assert row["name"] == meter["name"]
        assert int(row["intervals_known"]) == meter["intervals_known"]
        assert int(row["intervals_expected"]) == wanted["intervals_expected"]
        assert int(row["exported_wh"]) == meter["export_wh"]
        assert int(row["potential_payout_micro"]) == meter["payout_micro"]
        assert int(row["net_micro"]) == meter["net_micro"]
    # meters are cut one by one to whole millionths
    cut = wanted["community"]["payout_micro"] - sum(int(row["potential_payout_micro"]) for row in rows)
    assert 0 <= cut < len(rows)


def findings_of(opened: Visit) -> list[tuple[str, str]]:
    shown = opened.page.locator("[data-testid=admin-findings] > li")
    found: list[list[str]] = shown.evaluate_all(
        "all => all.map((one) => [one.dataset.finding, one.dataset.severity])"
    )
    return [(code, severity) for code, severity in found]


def test_what_needs_attention_is_what_the_api_finds_and_a_dead_service_is_among_it(
    browser: Browser, community: Any, api: httpx.Client
) -> None:
    with visit(browser, community.url, path="/#/admin") as opened:
        page = opened.page
        page.wait_for_selector("[data-testid=payouts]", timeout=60_000)
        if answer(api, "/v1/admin/overview")["verdict"] == "ok":
            page.wait_for_selector("[data-testid=admin-well]")
        telemetry = community.running.process_of("telemetry").pid
        os.kill(telemetry, signal.SIGSTOP)
        try:
            page.wait_for_selector("[data-finding=telemetry-silent]", timeout=180_000)
            assert page.get_by_test_id("admin-well").count() == 0
            found = answer(api, "/v1/admin/overview")["findings"]
            assert ("telemetry-silent", "warning") in [(each["code"], each["severity"]) for each in found]
            words = page.locator("[data-finding=telemetry-silent]").inner_text()
            assert "Warning: The telemetry service has been silent for " in words
            assert ("telemetry-silent", "warning") in findings_of(opened)
        finally:
            os.kill(telemetry, signal.SIGCONT)
        page.wait_for_selector("[data-finding=telemetry-silent]", state="detached", timeout=60_000)


def test_a_finding_about_homes_leads_to_them(browser: Browser, community: Any, api: httpx.Client) -> None:
    """Whatever it finds now: the API's answer is given two findings more."""
    home = answer(api, "/v1/meters", limit=1)["items"][0]
    added = [
        {
            "code": "node-not-signing",
            "severity": "critical",
            "subjects": ["0x" + "a1" * 20],
            "numbers": {"nodes": 1, "most_missed": 12, "limit": 6},
        },
        {
            "code": "homes-offline",
            "severity": "warning",
            "subjects": [home["meter_id"]],
            "numbers": {"homes": 1, "total": 20},
        },
    ]

    def worse(route: Any) -> None:
        response = route.fetch()
        route.fulfill(response=response, json=response.json() | {"verdict": "critical", "findings": added})

    with visit(browser, community.url) as opened:
        page = opened.page
        opened.context.route("**/v1/admin/overview", worse)
        page.goto(f"{community.url.rstrip('/')}/#/admin")
        page.wait_for_selector("[data-testid=admin-findings]", timeout=60_000)
        assert findings_of(opened) == [("node-not-signing", "critical"), ("homes-offline", "warning")]
        assert opened.axe() == []
        page.locator("[data-finding=node-not-signing] a").click()
        assert page.evaluate("document.activeElement.id") == "admin-nodes"
        page.get_by_role("link", name=home["name"]).first.click()
        page.wait_for_selector("[data-testid=producer-name]")
        assert home["meter_id"] in page.url
