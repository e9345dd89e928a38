"""Takes the pictures of docs/pictures from a running community: `python web/scripts/pictures.py URL`."""

import sys
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]
OVERVIEW, PRODUCER, ADMIN = "#/", "#/producer/{meter_id}", "#/admin"
READY = {
    OVERVIEW: "[data-testid=now-generated][data-wh]",
    PRODUCER: "[data-testid=producer-bars-chart]",
    ADMIN: "[data-testid=payouts]",
}
SHOTS = (
    ("community", OVERVIEW, 1280, 1240, "light"),
    ("community-phone", OVERVIEW, 412, 915, "dark"),
    ("producer", PRODUCER, 1280, 1560, "light"),
    ("producer-phone", PRODUCER, 412, 1240, "dark"),
    ("admin", ADMIN, 1280, 1240, "light"),
)


def largest_producer(url: str) -> str:
    """Return the meter id of the home that exported most."""
    homes = httpx.get(f"{url.rstrip('/')}/v1/meters").raise_for_status().json()["items"]
    return str(max(homes, key=lambda home: int(home["total"]["export_wh"]))["meter_id"])


def take(url: str) -> None:
    """Write one picture per page, size and colour scheme."""
    meter_id = largest_producer(url)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for name, path, width, height, scheme in SHOTS:
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
                reduced_motion="reduce",
            )
            page.goto(f"{url.rstrip('/')}/{path.format(meter_id=meter_id)}")
            page.wait_for_selector("[data-testid=link-state][data-link=live]")
            page.wait_for_selector(READY[path])
            page.wait_for_timeout(500)
            page.screenshot(path=PICTURES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1])
