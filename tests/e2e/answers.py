"""What the API says and how the page should write it, worked out apart from the page's code."""

from __future__ import annotations

import time
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import httpx

    from tests.e2e.chromium import Visit


def answer(api: httpx.Client, path: str, **query: Any) -> Any:
    response = api.get(path, params=query)
    assert response.status_code == 200, f"{response.url}: {response.status_code} {response.text}"
    return response.json()


def energy_text(wh: int) -> str:
    """Energy as the page should write it."""
    for unit, size, decimals, below in (
        ("Wh", 1, 0, 1_000),
        ("kWh", 10**3, 2, 10**5),
        ("kWh", 10**3, 1, 10**7),
        ("MWh", 10**6, 2, 10**9),
        ("MWh", 10**6, 1, 10**10),
        ("GWh", 10**9, 2, 10**30),
    ):
        value = (Decimal(wh) / size).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
        if value * size < below:
            return f"{value:,} {unit}"
    raise AssertionError(wh)


def money_text(micro: int, currency: str) -> str:
    """Money as the page should write it: cut to cents; less than a cent never reads as nothing."""
    amount = Decimal(micro) / 10**6
    if 0 < abs(micro) < 100:
        shown = amount.normalize()
    else:
        shown = amount.quantize(Decimal("0.0001" if 0 < abs(micro) < 10_000 else "0.01"), ROUND_DOWN)
    return f"{currency} {shown:,f}".replace("-", "\u2212")


def agreed(
    opened: Visit, expected: Callable[[], Mapping[str, int | None]], kinds: Collection[str] = ("wh",)
) -> dict[str, dict[str, str]]:
    """What the page shows at a moment at which the API says the same before and after.

    Args:
        opened: the visited page.
        expected: asks the API for the page's numbers, by test id; None is left out of the page.
        kinds: the data attributes that carry raw integers: all that the page has of these are compared.
    """
    deadline = time.monotonic() + 90
    differences: dict[str, Any] = {}
    while time.monotonic() < deadline:
        before = expected()
        shown = opened.shown()
        if expected() != before:
            continue  # The community moved on between the two looks.
        numbers = {name: int(data[kind]) for name, data in shown.items() for kind in kinds if kind in data}
        wanted = {name: number for name, number in before.items() if number is not None}
        if numbers == wanted:
            return shown
        differences = {
            name: (numbers.get(name), wanted.get(name))
            for name in numbers.keys() | wanted.keys()
            if numbers.get(name) != wanted.get(name)
        }
        opened.page.wait_for_timeout(300)
    pytest.fail(f"the page and the API (page, API) never agreed: {differences}")
