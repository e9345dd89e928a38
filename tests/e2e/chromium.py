"""Chromium for the page's tests: how it is started, and what an opened page remembers about itself."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = Path(os.environ.get("ZUVA_CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"phone": (412, 915), "desktop": (1280, 900)}
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Before any script of the page: what the policy refused, and how far things moved by themselves.
WATCH = """
window.watched = { violations: [], shift: 0 };
document.addEventListener('securitypolicyviolation', (event) => {
  window.watched.violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.watched.shift += entry.value;
}).observe({ type: 'layout-shift', buffered: true });
"""


@dataclass
class Visit:
    """One opened page with everything it asked for and complained about."""

    page: Page
    context: BrowserContext
    origin: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, dict[str, str]]:
        """Every tested element by test id: its data attributes and text, read in one go."""
        found: dict[str, dict[str, str]] = self.page.evaluate(
            """() => Object.fromEntries([...document.querySelectorAll('[data-testid]')].map((element) =>
                 [element.dataset.testid, { ...element.dataset, text: element.textContent.trim() }]))"""
        )
        return found

    def wait_for_data(self) -> None:
        """Until the first round of answers is on the page."""
        self.page.wait_for_selector("[data-testid=now-generated][data-wh]", timeout=60_000)
        self.page.wait_for_selector("[data-testid=intervals]")

    def strangers(self) -> list[str]:
        """Requests that left the origin."""
        return [url for url in self.requests if urlsplit(url)[:2] != urlsplit(self.origin)[:2]]

    def axe(self, within: str = "html") -> list[str]:
        """Accessibility violations inside the first element of this selector, one line each."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        result: dict[str, Any] = self.page.evaluate(
            "([within, tags]) =>"
            " axe.run(document.querySelector(within), { runOnly: { type: 'tag', values: tags } })",
            [within, AXE_TAGS],
        )
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in result["violations"]
            for node in violation["nodes"]
        ]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def visit(
    browser: Browser,
    url: str,
    *,
    size: str = "desktop",
    scheme: str = "light",
    path: str = "/",
    blocked: str | None = None,
) -> Iterator[Visit]:
    """Opens the page in a fresh context; requests matching `blocked` fail as if nobody answered."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        # Far from the community's zone: its times must not follow the device's.
        timezone_id="America/Los_Angeles",
        has_touch=size == "phone",
    )
    try:
        context.add_init_script(WATCH)
        if blocked is not None:
            context.route(blocked, lambda route: route.abort())
        page = context.new_page()
        opened = Visit(page=page, context=context, origin=url)
        page.on("request", lambda request: opened.requests.append(request.url))
        page.on("pageerror", lambda error: opened.complaints.append(f"uncaught: {error}"))
        page.on(
            "console",
            lambda message: (
                opened.complaints.append(f"{message.type}: {message.text}")
                if message.type in {"error", "warning"}
                else None
            ),
        )
        page.goto(url.rstrip("/") + path, wait_until="domcontentloaded")
        yield opened
    finally:
        context.close()
