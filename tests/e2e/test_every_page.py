"""What holds for every page: accessibility, policy, width, targets, colours; words when something fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.answers import answer
from tests.e2e.chromium import SIZES, visit

if TYPE_CHECKING:
    import httpx
    from playwright.sync_api import Browser, Page

    from tests.e2e.chromium import Visit

pytestmark = pytest.mark.browser

READY = {
    "overview": "[data-testid=homes]",
    "home": "[data-testid=home-total]",
    "producers": "[data-testid=producers]",
    "producer": "[data-testid=power]",
    "admin": "[data-testid=payouts]",
    "unknown": "[data-testid=page-unknown]",
}


@pytest.fixture(scope="module")
def paths(api: httpx.Client) -> dict[str, str]:
    home = answer(api, "/v1/meters", limit=1)["items"][0]["meter_id"]
    return {
        "overview": "/#/",
        "home": f"/#/home/{home}",
        "producers": "/#/producer",
        "producer": f"/#/producer/{home}",
        "admin": "/#/admin",
        "unknown": "/#/nowhere",
    }


def go(opened: Visit, paths: dict[str, str], name: str) -> Page:
    opened.page.goto(opened.origin.rstrip("/") + paths[name])
    opened.page.wait_for_selector(READY[name], timeout=60_000)
    return opened.page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_accessibility_is_clean(
    browser: Browser, community: Any, paths: dict[str, str], size: str, scheme: str
) -> None:
    with visit(browser, community.url, size=size, scheme=scheme) as opened:
        for name in ("producers", "producer", "admin", "unknown"):
            page = go(opened, paths, name)
            if name == "producer":
                page.get_by_test_id("power-as-table").click()
                page.get_by_test_id("producer-bars-as-table").click()
            assert (name, opened.axe()) == (name, [])


@pytest.mark.parametrize("size", SIZES)
def test_nothing_leaves_the_origin_complains_or_scrolls_sideways(
    browser: Browser, community: Any, paths: dict[str, str], size: str
) -> None:
    for name in paths:
        with visit(browser, community.url, size=size, path=paths[name]) as opened:
            page = opened.page
            page.wait_for_selector(READY[name], timeout=60_000)
            page.wait_for_timeout(300)
            watched = page.evaluate("window.watched")
            assert (name, opened.strangers(), opened.complaints) == (name, [], [])
            assert (name, watched["violations"]) == (name, [])
            assert watched["shift"] < 0.1, f"{name}: things moved by themselves"
            for width in (SIZES[size][0], 320):
                page.set_viewport_size({"width": width, "height": SIZES[size][1]})
                beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert beyond <= 0, f"{name} scrolls sideways at {width} px"
            if size == "phone":
                assert (name, small_targets(page)) == (name, [])


def small_targets(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('button, a:not(.skip)')]
             .map((element) => [element.textContent.trim(), element.getBoundingClientRect()])
             .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 44))
             .map(([text, box]) => `${text} ${box.width}x${box.height}`)"""
    )
    return found


GROUND = "getComputedStyle(document.body).backgroundColor"


def test_colours_follow_the_system_until_chosen_and_the_choice_is_kept(
    browser: Browser, community: Any, paths: dict[str, str]
) -> None:
    with visit(browser, community.url, scheme="light", path=paths["producers"]) as opened:
        page = opened.page
        button = page.get_by_test_id("theme")
        light = page.evaluate(GROUND)
        assert button.get_attribute("aria-pressed") == "false"
        page.emulate_media(color_scheme="dark")
        page.wait_for_selector("[data-testid=theme][aria-pressed=true]")
        dark = page.evaluate(GROUND)
        assert dark != light
        page.emulate_media(color_scheme="light")
        page.wait_for_selector("[data-testid=theme][aria-pressed=false]")

        button.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-testid=theme][aria-pressed=true]")
        assert page.evaluate(GROUND) == dark
        page.reload()
        page.wait_for_selector("[data-testid=theme][aria-pressed=true]")
        assert page.evaluate(GROUND) == dark

        # What the system says anyhow is no choice: the page follows the system again.
        page.get_by_test_id("theme").click()
        assert page.evaluate("localStorage.length") == 0
        page.emulate_media(color_scheme="dark")
        page.wait_for_selector("[data-testid=theme][aria-pressed=true]")


def test_a_kept_choice_is_there_before_the_pages_own_script(
    browser: Browser, community: Any, paths: dict[str, str]
) -> None:
    with visit(browser, community.url, scheme="light") as opened:
        page = opened.page
        opened.wait_for_data()
        page.get_by_test_id("theme").click()
        dark = page.evaluate(GROUND)
        # The script never comes: what is painted now is the first paint.
        opened.context.route("**/assets/*.js", lambda route: route.abort())
        page.goto(community.url, wait_until="load")
        assert page.get_by_test_id("theme").count() == 0
        assert page.evaluate(GROUND) == dark


def test_a_page_whose_code_does_not_come_says_so(
    browser: Browser, community: Any, paths: dict[str, str]
) -> None:
    with visit(browser, community.url, path=paths["admin"], blocked="**/assets/Admin-*.js") as opened:
        opened.page.wait_for_selector("[data-testid=page-failed]")
        opened.page.get_by_role("link", name="Producers").click()
        opened.page.wait_for_selector("[data-testid=producers]")


@pytest.mark.parametrize("name", ["producers", "producer", "admin"])
def test_without_an_api_no_number_is_invented(
    browser: Browser, community: Any, paths: dict[str, str], name: str
) -> None:
    with visit(browser, community.url, path=paths[name], blocked="**/v1/**") as opened:
        notice = opened.page.wait_for_selector("[data-testid=notice]")
        assert notice is not None
        assert "The API does not answer" in (notice.text_content() or "")
        shown = opened.shown()
    kinds = {"wh", "micro", "permille", "value", "count"}
    assert [test_id for test_id, data in shown.items() if kinds & data.keys()] == []


def test_a_lost_network_leaves_a_producer_the_last_figures_with_their_age(
    browser: Browser, community: Any, paths: dict[str, str]
) -> None:
    with visit(browser, community.url, path=paths["producer"]) as opened:
        page = opened.page
        page.wait_for_selector(READY["producer"])
        opened.context.set_offline(True)
        page.wait_for_selector("[data-testid=link-state][data-link=lost]", timeout=30_000)
        assert page.locator("[data-testid=producer-generated][data-wh]").count() == 1
        assert "last data" in page.get_by_test_id("notice").inner_text()
