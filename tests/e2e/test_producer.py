"""The producers' pages against a running community: figures, payouts, live values, ways through."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.answers import agreed, answer, energy_text, money_text
from tests.e2e.chromium import visit

if TYPE_CHECKING:
    import httpx
    from playwright.sync_api import Browser, Page

    from tests.e2e.chromium import Visit

pytestmark = pytest.mark.browser

KINDS = ("wh", "micro", "permille")
DAYS = {"today": 1, "week": 7, "month": 30}


@pytest.fixture(scope="module")
def producer(api: httpx.Client) -> dict[str, Any]:
    """The home that exported most."""
    homes: list[dict[str, Any]] = answer(api, "/v1/meters", limit=50)["items"]
    return max(homes, key=lambda home: int(home["total"]["export_wh"]))


def days_of(api: httpx.Client, days: int) -> tuple[int, int]:
    """The local days the page should ask for: so many, the newest reported one the last."""
    community = answer(api, "/v1/community")
    zone = ZoneInfo(community["zone"])
    newest = datetime.fromtimestamp(community["today"]["start"], zone).date()
    first, last = newest - timedelta(days=days - 1), newest + timedelta(days=1)
    midnights = [datetime(day.year, day.month, day.day, tzinfo=zone) for day in (first, last)]
    return int(midnights[0].timestamp()), int(midnights[1].timestamp())


def expected_figures(api: httpx.Client, meter: dict[str, Any], days: int) -> dict[str, int | None]:
    """Every number of the page except the bars and the live values."""
    begin, end = days_of(api, days)
    payouts = api.get(
        "/v1/payouts", params={"from": begin, "to": end, "account": meter["account"]}
    ).raise_for_status()
    tariff = payouts.json()["tariff"]
    (figures,) = (each for each in payouts.json()["meters"] if each["meter_id"] == meter["meter_id"])
    return {
        "producer-generated": figures["generated_wh"],
        "producer-exported": figures["export_wh"],
        "producer-imported": figures["import_wh"],
        "producer-share": figures["contribution_permille"],
        "producer-payout-amount": figures["payout_micro"],
        "producer-cost": figures["cost_micro"],
        "producer-net": figures["net_micro"],
        "payout-export-price": tariff["export_micro_per_kwh"],
        "payout-import-price": tariff["import_micro_per_kwh"],
    }


def open_page(opened: Visit) -> Page:
    opened.page.wait_for_selector("[data-testid=producer-payout-amount]", timeout=60_000)
    return opened.page


@pytest.mark.parametrize("range_", DAYS)
def test_every_figure_is_the_apis_and_follows_the_chosen_days(
    browser: Browser, community: Any, api: httpx.Client, producer: dict[str, Any], range_: str
) -> None:
    with visit(browser, community.url, path=f"/#/producer/{producer['meter_id']}") as opened:
        page = open_page(opened)
        page.get_by_test_id(f"range-{range_}").click()
        shown = agreed(opened, lambda: expected_figures(api, producer, DAYS[range_]), KINDS)

    begin, end = days_of(api, DAYS[range_])
    assert (int(shown["producer-range"]["from"]), int(shown["producer-range"]["to"])) == (begin, end)
    assert shown["producer-name"]["text"] == producer["name"]
    currency = answer(api, "/v1/community")["tariff"]["currency"]
    for name, data in shown.items():
        text = data["text"].replace("\u00a0", " ")
        if "wh" in data:
            assert text == energy_text(int(data["wh"])), name
        if "permille" in data:
            assert text == f"{Decimal(data['permille']) / 10:.1f} %", name
        if "micro" in data and not name.endswith("-price"):
            assert text == money_text(int(data["micro"]), currency), name
    price = Decimal(shown["payout-export-price"]["micro"]) / 10**6
    assert re.fullmatch(
        rf"{currency} {price}0* per kWh", shown["payout-export-price"]["text"].replace("\u00a0", " ")
    )


def test_the_bars_are_the_apis_hours(
    browser: Browser, community: Any, api: httpx.Client, producer: dict[str, Any]
) -> None:
    path = f"/v1/meters/{producer['meter_id']}/production"

    def hours() -> dict[str, int | None]:
        begin, end = days_of(api, 1)
        buckets = api.get(path, params={"bucket": "hour", "from": begin, "to": end}).json()["items"]
        known = [index for index, bucket in enumerate(buckets) if bucket["generated_wh"] is not None]
        return {
            f"producer-bars-{row}-{word}": bucket[f"{field}_wh"]
            for row, bucket in enumerate(buckets[known[0] : known[-1] + 1])
            for field, word in (("generated", "generated"), ("export", "exported"), ("import", "imported"))
        }

    with visit(browser, community.url, path=f"/#/producer/{producer['meter_id']}") as opened:
        page = open_page(opened)
        page.get_by_test_id("producer-bars-as-table").click()
        agreed(opened, lambda: hours() | figures_of_energy(api, producer))


def figures_of_energy(api: httpx.Client, producer: dict[str, Any]) -> dict[str, int | None]:
    figures = expected_figures(api, producer, 1)
    return {name: figures[name] for name in ("producer-generated", "producer-exported", "producer-imported")}


def test_an_account_finds_its_page_and_a_stranger_is_told(
    browser: Browser, community: Any, api: httpx.Client, producer: dict[str, Any]
) -> None:
    with visit(browser, community.url, path=f"/#/producer/{producer['account']}") as opened:
        open_page(opened)
        agreed(opened, lambda: expected_figures(api, producer, 1), KINDS)
        opened.page.goto(f"{community.url.rstrip('/')}/#/producer/0x{'22' * 20}")
        opened.page.wait_for_selector("[data-testid=producer-unknown]")
        shown = opened.shown()
    assert [name for name, data in shown.items() if "wh" in data or "micro" in data] == []


def test_the_age_of_the_data_is_told_in_words(
    browser: Browser, community: Any, api: httpx.Client, producer: dict[str, Any]
) -> None:
    with visit(browser, community.url, path=f"/#/producer/{producer['meter_id']}") as opened:
        page = open_page(opened)
        age = page.get_by_test_id("producer-reading-age")
        text, seconds = age.inner_text(), int(age.get_attribute("data-seconds") or "-1")
    interval = answer(api, "/v1/community")["interval_seconds"]
    assert 0 <= seconds < 3 * interval
    assert re.fullmatch(
        r"Newest reported reading: \d+ \w{3} \d\d:\d\d, reported \d+ (s|min|hours?) ago", text
    )


def live_numbers(api: httpx.Client, meter_id: str) -> dict[str, int | None]:
    (state,) = (item for item in answer(api, "/v1/telemetry")["items"] if item["meter_id"] == meter_id)
    return {
        "meter-live-generation": state["generation_w"],
        "meter-live-power": state["power_w"],
        "meter-live-voltage": state["voltage_decivolt"],
        "meter-live-frequency": state["frequency_millihertz"],
        "meter-live-factor": state["power_factor_permille"],
        "meter-live-temperature": state["temperature_decicelsius"],
    }


def test_live_values_are_the_apis_and_move_by_themselves(
    browser: Browser, community: Any, api: httpx.Client, producer: dict[str, Any]
) -> None:
    meter_id = producer["meter_id"]
    with visit(browser, community.url, path=f"/#/producer/{meter_id}") as opened:
        page = open_page(opened)
        first = agreed(opened, lambda: live_numbers(api, meter_id), ("value",))
        assert first["meter-live-state"]["state"] == "live"
        # Without any question from the page: the stream says it.
        page.evaluate("window.sameDocument = true")
        shown = page.get_by_test_id("meter-live-frequency")
        page.wait_for_function(
            "([element, before]) => element.dataset.value !== before",
            arg=[shown.element_handle(), first["meter-live-frequency"]["value"]],
            timeout=60_000,
        )
        agreed(opened, lambda: live_numbers(api, meter_id), ("value",))
        assert page.evaluate("window.sameDocument")


def test_the_overview_shows_the_communitys_power(browser: Browser, community: Any, api: httpx.Client) -> None:
    def power() -> dict[str, int | None]:
        telemetry = answer(api, "/v1/telemetry")
        live = telemetry["community"]
        homes = {
            f"home-{state['meter_id']}-power": state["power_w"]
            for state in telemetry["items"]
            if state["fresh"]
        }
        return {"live-generation": live["generation_w"], "live-power": live["power_w"], **homes}

    with visit(browser, community.url) as opened:
        opened.wait_for_data()
        shown = agreed(opened, power, ("value",))
    assert int(shown["live-homes"]["count"]) == answer(api, "/v1/community")["meters"]


def test_the_list_shows_every_home_and_leads_to_its_page_by_keyboard(
    browser: Browser, community: Any, api: httpx.Client
) -> None:
    def everybody() -> dict[str, int | None]:
        numbers: dict[str, int | None] = {}
        for meter in answer(api, "/v1/payouts")["meters"]:
            name = f"producer-{meter['meter_id']}"
            numbers[f"{name}-generated"] = meter["generated_wh"]
            numbers[f"{name}-exported"] = meter["export_wh"]
            numbers[f"{name}-share"] = meter["contribution_permille"]
            numbers[f"{name}-payout"] = meter["payout_micro"]
        return numbers

    focused = "document.activeElement.dataset.testid ?? document.activeElement.textContent.trim()"

    def tab_to(page: Page, wanted: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if re.fullmatch(wanted, page.evaluate(focused)):
                return
        pytest.fail(f"{wanted} was not reached by the Tab key")

    with visit(browser, community.url) as opened:
        page = opened.page
        opened.wait_for_data()
        tab_to(page, "Producers")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-testid=producers]")
        # A screen reader reads the new page's title.
        assert page.evaluate(focused) == "producers-title"
        agreed(opened, everybody, KINDS)
        tab_to(page, r"producer-0x[0-9a-f]{64}-open")
        page.keyboard.press("Enter")
        open_page(opened)
        assert page.evaluate(focused) == "producer-name"
        tab_to(page, "range-week")
        page.keyboard.press("Space")
        page.wait_for_function(
            "(begin) => document.querySelector('[data-testid=producer-range]').dataset.from === begin",
            arg=str(days_of(api, 7)[0]),
        )
        page.go_back()
        page.wait_for_selector("[data-testid=producers]")
        assert page.evaluate(focused) == "producers-title"
