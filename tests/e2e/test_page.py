"""The community page in Chromium against a running community: it shows what the API says, and nothing else.

The `community` fixture gives `.url`, the base URL of a running community. Where it also gives `.advance()`
(something new happens on the chain) and `.stop_api()`/`.start_api()`, the live tests use them.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.answers import agreed, answer, energy_text
from tests.e2e.chromium import SIZES, visit

if TYPE_CHECKING:
    import httpx
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

UNKNOWN = "not known"


def used(flow: dict[str, int | None]) -> int | None:
    generated, imported, exported = flow["generated_wh"], flow["import_wh"], flow["export_wh"]
    if generated is None or imported is None or exported is None:
        return None
    return generated + imported - exported


def expected_numbers(api: httpx.Client) -> dict[str, int | None]:
    """Every energy the page shows without a click, by test id, from the API."""
    community = answer(api, "/v1/community")
    current, today, totals = community["current"], community["today"], community["totals"]
    numbers: dict[str, int | None] = {
        "now-generated": current["generated_wh"],
        "now-exported": current["export_wh"],
        "now-imported": current["import_wh"],
        "now-used": used(current),
        "today-generated": today["generated_wh"],
        "today-exported": today["export_wh"],
        "today-imported": today["import_wh"],
        "today-certified": today["certified_wh"],
        "total-generated": totals["generated_wh"],
        "total-certified": totals["certified_wh"],
        "total-retired": totals["retired_wh"],
    }
    for home in answer(api, "/v1/meters", limit=50)["items"]:
        name = f"home-{home['meter_id']}"
        numbers[f"{name}-now"] = home["last"] and home["last"]["generated_wh"]
        numbers[f"{name}-today"] = home["today"] and home["today"]["generated_wh"]
        numbers[f"{name}-total"] = home["total"]["generated_wh"]
        numbers[f"{name}-certified"] = home["total"]["certified_wh"]
        numbers[f"{name}-register"] = home["registers"]["generated_wh"]
    for item in answer(api, "/v1/intervals", limit=12)["items"]:
        numbers[f"interval-{item['interval']}-generated"] = item["generated_wh"]
    for certificate in answer(api, "/v1/certificates")["items"]:
        for field in ("minted", "retired", "supply"):
            numbers[f"certificate-{certificate['id']}-{field}"] = certificate[f"{field}_wh"]
    return numbers


@pytest.mark.parametrize("size", SIZES)
def test_every_number_on_the_page_is_the_apis(
    browser: Browser, community: Any, api: httpx.Client, size: str
) -> None:
    with visit(browser, community.url, size=size) as opened:
        opened.wait_for_data()
        shown = agreed(opened, lambda: expected_numbers(api))
        summary = answer(api, "/v1/community")

    for name, data in shown.items():
        if "wh" in data:
            assert data["text"].replace("\u00a0", " ") == energy_text(int(data["wh"])), name
    assert shown["community-name"]["text"] == summary["name"]
    assert re.search(
        rf"^{summary['current']['meters_reporting']} of {summary['meters']} ", shown["now-homes"]["text"]
    )
    assert int(shown["total-readings"]["count"]) == summary["totals"]["readings"]
    assert int(shown["total-reports"]["count"]) == summary["totals"]["reports"]


def test_intervals_show_status_root_transaction_and_block(
    browser: Browser, community: Any, api: httpx.Client
) -> None:
    with visit(browser, community.url) as opened:
        opened.wait_for_data()
        shown = agreed(opened, lambda: expected_numbers(api))
        items = {item["interval"]: item for item in answer(api, "/v1/intervals", limit=12)["items"]}

    listed = {int(name.split("-")[1]) for name in shown if re.fullmatch(r"interval-\d+", name)}
    compared = listed & items.keys()
    assert compared
    for interval in compared:
        item, name = items[interval], f"interval-{interval}"
        assert shown[f"{name}-root"]["hash"] == item["production"]["root"]
        assert shown[f"{name}-tx"]["hash"] == item["production"]["tx_hash"]
        assert int(shown[f"{name}-block"]["block"]) == item["production"]["block_number"]
        assert int(shown[f"{name}-homes"]["count"]) == item["meters_reporting"]
        assert shown[f"{name}-status"]["text"].lower() == shown[f"{name}-status"]["status"]
        assert shown[f"{name}-status"]["status"] in {"reported", "verified", "certified"}


def test_older_intervals_are_loaded_on_request(browser: Browser, community: Any, api: httpx.Client) -> None:
    known = len(answer(api, "/v1/intervals", limit=100)["items"])
    assert known > 12, "the replay is too short for a second page"
    with visit(browser, community.url) as opened:
        opened.wait_for_data()
        opened.page.get_by_test_id("load-older").click()
        opened.page.wait_for_function(
            "() => document.querySelectorAll('[data-testid=intervals] tbody tr[data-testid]').length > 12"
        )
        times = [
            int(row.get_attribute("data-testid").split("-")[1])  # type: ignore[union-attr]
            for row in opened.page.locator("[data-testid=intervals] tbody tr[data-testid]").all()
        ]
    assert times == sorted(set(times), reverse=True)


@pytest.mark.parametrize("size", SIZES)
def test_a_homes_detail_shows_its_production_and_its_mints(
    browser: Browser, community: Any, api: httpx.Client, size: str
) -> None:
    homes = answer(api, "/v1/meters", limit=50)["items"]
    home = max(homes, key=lambda each: each["total"]["certified_wh"])
    path = f"/#/home/{home['meter_id']}"
    with visit(browser, community.url, size=size, path=path) as opened:
        page = opened.page
        page.get_by_test_id("home-production-as-table").click()
        page.get_by_role("group", name="Show the last").last.get_by_role("button", name="96").click()
        deadline = time.monotonic() + 60
        while True:
            now = answer(api, f"/v1/meters/{home['meter_id']}")
            mints = answer(api, "/v1/certificates/mints", meter_id=home["meter_id"], limit=10)["items"]
            newest = answer(api, "/v1/community")["current"]["interval"]
            production = answer(
                api,
                f"/v1/meters/{home['meter_id']}/production",
                from_interval=max(0, newest - 95),
                limit=96,
            )["items"]
            shown = opened.shown()
            rows = page.locator("[data-testid=mints] [data-testid=mint-wh]")
            shown_mints = rows.evaluate_all("(cells) => cells.map((cell) => Number(cell.dataset.wh))")
            hashes = page.locator("[data-testid=mint-tx]").evaluate_all(
                "(cells) => cells.map((cell) => cell.dataset.hash)"
            )
            same = (
                shown["home-total"].get("wh") == str(now["total"]["generated_wh"])
                and shown_mints == [mint["wh"] for mint in mints]
                and hashes == [mint["tx_hash"] for mint in mints]
            )
            if same or time.monotonic() > deadline:
                break
            page.wait_for_timeout(300)

    assert mints
    assert shown_mints == [mint["wh"] for mint in mints]
    assert hashes == [mint["tx_hash"] for mint in mints]
    assert shown["home-name"]["text"] == home["name"]
    for name, value in {
        "home-total": now["total"]["generated_wh"],
        "home-certified": now["total"]["certified_wh"],
        "home-register-generated": now["registers"]["generated_wh"],
        "home-register-imported": now["registers"]["import_wh"],
        "home-register-exported": now["registers"]["export_wh"],
    }.items():
        assert int(shown[name]["wh"]) == value, name
    assert production
    for item in production:
        for field, word in (("generated", "generated"), ("export", "exported"), ("import", "imported")):
            row = shown[f"home-production-{item['interval']}-{word}"]
            assert int(row["wh"]) == item[f"{field}_wh"], row


def test_the_page_comes_with_a_strict_policy(community: Any, api: httpx.Client) -> None:
    response = api.get("/")
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    # The first paint does not wait for the script.
    assert '<header class="top">' in response.text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_accessibility_is_clean(
    browser: Browser, community: Any, api: httpx.Client, size: str, scheme: str
) -> None:
    home = answer(api, "/v1/meters", limit=1)["items"][0]
    with visit(browser, community.url, size=size, scheme=scheme) as opened:
        opened.wait_for_data()
        opened.page.get_by_test_id("production-as-table").click()
        opened.page.locator("[data-testid$=-open][aria-expanded]").first.click()
        assert opened.axe() == []
        opened.page.get_by_test_id(f"home-{home['meter_id']}-open").click()
        opened.page.wait_for_selector("[data-testid=home-total]")
        assert opened.axe("dialog") == []


@pytest.mark.parametrize("size", SIZES)
def test_a_home_is_reached_and_left_by_keyboard(browser: Browser, community: Any, size: str) -> None:
    with visit(browser, community.url, size=size) as opened:
        page = opened.page
        opened.wait_for_data()
        page.get_by_test_id("pause").click()
        page.evaluate("document.activeElement.blur()")
        focused = "() => document.activeElement.dataset.testid ?? ''"
        for _ in range(60):
            page.keyboard.press("Tab")
            here = page.evaluate(focused)
            if re.fullmatch(r"home-0x[0-9a-f]{64}-open", here):
                break
        else:
            pytest.fail("no home was reached by the Tab key")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-testid=home-detail][open] [data-testid=home-total]")
        assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
        assert "#/home/0x" in page.url
        page.keyboard.press("Escape")
        page.wait_for_selector("[data-testid=home-detail]", state="detached")
        page.wait_for_function(f"() => ({focused})() === '{here}'")
        assert "#/home/" not in page.url


def test_the_back_button_closes_a_home_and_an_unknown_one_is_told(browser: Browser, community: Any) -> None:
    with visit(browser, community.url) as opened:
        page = opened.page
        opened.wait_for_data()
        page.locator("[data-testid=homes] a").first.click()
        page.wait_for_selector("[data-testid=home-detail][open]")
        page.go_back()
        page.wait_for_selector("[data-testid=home-detail]", state="detached")
        page.goto(f"{community.url.rstrip('/')}/#/home/0x{'00' * 32}")
        page.wait_for_selector("[data-testid=home-unknown]")
        page.get_by_test_id("home-close").click()
        page.wait_for_selector("[data-testid=home-detail]", state="detached")


def test_without_an_api_the_page_says_so_and_invents_no_number(browser: Browser, community: Any) -> None:
    with visit(browser, community.url, blocked="**/v1/**") as opened:
        notice = opened.page.wait_for_selector("[data-testid=notice]")
        assert notice is not None
        assert "The API does not answer" in (notice.text_content() or "")
        shown = opened.shown()
    assert shown["link-state"]["link"] == "lost"
    assert [name for name, data in shown.items() if "wh" in data] == []
    assert shown["today-generated"]["text"] == UNKNOWN


def test_a_lost_network_leaves_the_last_data_with_its_age_and_comes_back_by_itself(
    browser: Browser, community: Any
) -> None:
    with visit(browser, community.url) as opened:
        page = opened.page
        opened.wait_for_data()
        page.wait_for_selector("[data-testid=link-state][data-link=live]")
        page.evaluate("window.sameDocument = true")
        opened.context.set_offline(True)
        page.wait_for_selector("[data-testid=link-state][data-link=lost]", timeout=30_000)
        assert re.search(r"last data \d+ (s|min) old", page.get_by_test_id("notice").inner_text())
        assert page.locator("[data-testid=now-generated][data-wh]").count() == 1
        opened.context.set_offline(False)
        page.wait_for_selector("[data-testid=link-state][data-link=live]", timeout=60_000)
        assert page.get_by_test_id("notice").count() == 0
        assert page.evaluate("window.sameDocument")


def test_a_stopped_api_is_told_and_its_return_is_noticed(browser: Browser, community: Any) -> None:
    if not hasattr(community, "stop_api"):
        pytest.skip("this community's API cannot be stopped alone")
    with visit(browser, community.url) as opened:
        page = opened.page
        opened.wait_for_data()
        page.wait_for_selector("[data-testid=link-state][data-link=live]")
        community.stop_api()
        try:
            page.wait_for_selector("[data-testid=link-state][data-link=lost]", timeout=30_000)
            assert page.locator("[data-testid=now-generated][data-wh]").count() == 1
        finally:
            community.start_api()
        page.wait_for_selector("[data-testid=link-state][data-link=live]", timeout=60_000)


def test_a_new_block_arrives_without_a_reload(browser: Browser, community: Any, api: httpx.Client) -> None:
    if not hasattr(community, "advance"):
        pytest.skip("this community has no way to make something happen")
    with visit(browser, community.url) as opened:
        page = opened.page
        opened.wait_for_data()
        page.wait_for_selector("[data-testid=link-state][data-link=live]")
        page.evaluate("window.sameDocument = true")
        before = int(page.get_by_test_id("block-number").get_attribute("data-block") or "0")
        community.advance()
        page.wait_for_function(
            "(before) => Number(document.querySelector('[data-testid=block-number]').dataset.block) > before",
            arg=before,
            timeout=60_000,
        )
        assert page.evaluate("window.sameDocument")
        agreed(opened, lambda: expected_numbers(api))


def test_pausing_stops_the_questions(browser: Browser, community: Any) -> None:
    with visit(browser, community.url) as opened:
        page = opened.page
        opened.wait_for_data()
        page.get_by_test_id("pause").click()
        page.wait_for_selector("[data-testid=link-state][data-link=paused]")
        page.wait_for_load_state("networkidle")
        asked = len(opened.requests)
        page.wait_for_timeout(2_500)
        assert len(opened.requests) == asked
        page.get_by_test_id("pause").click()
        page.wait_for_selector("[data-testid=link-state][data-link=live]")
        assert len(opened.requests) > asked


def test_the_page_can_be_installed(browser: Browser, community: Any) -> None:
    with visit(browser, community.url) as opened:
        opened.wait_for_data()
        session = opened.context.new_cdp_session(opened.page)
        manifest = session.send("Page.getAppManifest")
        installable = session.send("Page.getInstallabilityErrors")
    assert manifest["errors"] == []
    assert '"Zuva' in manifest["data"]
    problems = {error["errorId"] for error in installable["installabilityErrors"]}
    # A fresh context is an incognito one, which alone forbids installing.
    assert problems <= {"in-incognito"}
