"""One table of all services, live on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from zuva.supervisor.record import Record, ServiceRecord

_COLOURS = {
    "ready": "green",
    "done": "green",
    "starting": "yellow",
    "waiting": "dim",
    "backing off": "red",
    "stopping": "yellow",
    "stopped": "dim",
    "refused": "bold red",
    "ended": "red",
}
_WIDE = 10_000
"""Columns enough for every line; what reads a pipe has no width."""


def duration(seconds: float) -> str:
    """Return a duration in words as short as they can be: 42 s, 3 min, 2 h 5 min."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def service_table(services: Iterable[ServiceRecord], now: float, *, whole: bool = False) -> Table:
    """Return the table of services: name, state, pid, time in that state, restarts, words.

    Args:
        services: The rows.
        now: Unix seconds.
        whole: Fold long words into further lines instead of cutting them.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0), expand=not whole)
    columns: tuple[tuple[str, int, Literal["left", "right"]], ...] = (
        ("service", 9, "left"), ("state", 11, "left"), ("pid", 7, "right"), ("for", 9, "right"),
        ("restarts", 8, "right"),
    )  # fmt: skip
    for heading, width, side in columns:
        table.add_column(heading, justify=side, no_wrap=True, min_width=width)
    if whole:
        table.add_column("", overflow="fold")
    else:
        table.add_column("", overflow="ellipsis", no_wrap=True, ratio=1)
    for service in services:
        table.add_row(
            service.name,
            Text(service.state, style=_COLOURS.get(service.state, "")),
            str(service.pid) if service.pid else "",
            duration(now - service.since),
            str(service.restarts) if service.restarts else "",
            Text(service.status),
        )
    return table


def print_services(console: Console, services: Iterable[ServiceRecord]) -> None:
    """Print the table with every word: folded on a terminal, one line a service elsewhere."""
    if not console.is_terminal:
        console.width = _WIDE
    console.print(service_table(services, time.time(), whole=True))


def print_lags(console: Console, lags: Iterable[tuple[str, str]]) -> None:
    """Print what each service says of how far behind it is."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("lag", no_wrap=True, min_width=9)
    table.add_column("", overflow="fold")
    for name, words in lags:
        table.add_row(name, Text(words))
    console.print(table)


class Display:
    """Shows a supervisor's record as it changes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._record: Record | None = None
        self._shown: dict[str, str] = {}
        self._url_shown = False

    def __enter__(self) -> "Display":
        if self._console.is_terminal:
            self._live = Live(
                get_renderable=self._render, console=self._console, refresh_per_second=4, transient=False
            )
            self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.__exit__(None, None, None)

    def show(self, record: Record) -> None:
        """Take a new record; on a terminal the table follows, elsewhere each change of state is a line."""
        self._record = record
        if self._live is not None:
            return
        for service in record.services:
            if self._shown.get(service.name) != service.state and service.state != "waiting":
                self._shown[service.name] = service.state
                words = f"  {service.status}" if service.status else ""
                clock = datetime.now(UTC).strftime("%H:%M:%S")
                self._console.print(
                    f"{clock} {service.name:<10} {service.state}{escape(words)}",
                    highlight=False,
                    soft_wrap=True,
                )
        if record.url and not self._url_shown:
            self._url_shown = True
            self._console.print(f"open {record.url}", highlight=False, soft_wrap=True)

    def _render(self) -> RenderableType:
        if self._record is None:
            return Text("")
        parts: list[RenderableType] = [service_table(self._record.services, time.time())]
        if self._record.url:
            parts.append(
                Text.from_markup(
                    f"\nopen [bold]{self._record.url}[/]   (Ctrl-C stops everything, nothing is lost)"
                )
            )
        return Group(*parts)
