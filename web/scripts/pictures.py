"""Takes the pictures of docs/pictures from a running community: `python web/scripts/pictures.py URL`."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]
SHOTS = (("community", 1280, 1240, "light"), ("community-phone", 412, 915, "dark"))


def take(url: str) -> None:
    """Write one picture per size and colour scheme."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for name, width, height, scheme in SHOTS:
            page = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
            )
            page.goto(url)
            page.wait_for_selector("[data-testid=link-state][data-link=live]")
            page.wait_for_selector("[data-testid=now-generated][data-wh]")
            page.wait_for_timeout(500)
            page.screenshot(path=PICTURES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1])
