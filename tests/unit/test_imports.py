"""Imports run downhill only: zuva -> {oracle, market, backend, simulation, edge} -> protocol."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("oracle", "market", "backend", "simulation", "edge")
ABOVE = ("zuva", "benchmarks")
ALL = (*ABOVE, *ROOMS, "protocol")
PURE = "market.clearing"
"""Pure functions over values, which backend and simulation may import."""


def imported(source: str, package: str) -> Iterator[str]:
    """Yield the absolute names of the modules that a module of `package` imports, also inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = (
                ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            )
            base = ".".join(part for part in (parent, node.module) if part)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def is_allowed(room: str, name: str) -> bool:
    target = name.split(".")[0]
    if target not in ALL or target == room or room in ABOVE:
        return target not in ABOVE or room in ABOVE
    if room in {"backend", "simulation"} and (name == PURE or name.startswith(f"{PURE}.")):
        return True
    return room != "protocol" and target == "protocol"


def uphill(room: str) -> list[str]:
    found = []
    for path in sorted((ROOT / room).rglob("*.py")):
        package = ".".join(path.parent.relative_to(ROOT).parts)
        found += [
            f"{path.relative_to(ROOT)} imports {name}"
            for name in imported(path.read_text(), package)
            if not is_allowed(room, name)
        ]
    return found


@pytest.mark.parametrize("room", [room for room in ALL if (ROOT / room).is_dir()])
def test_a_room_imports_only_what_is_below_it(room: str) -> None:
    assert uphill(room) == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("protocol", "import oracle.service"),
        ("protocol", "def f():\n    from zuva.cli import main"),
        ("oracle", "from backend.store import tables"),
        ("backend", "from market import book"),
        ("simulation", "import zuva"),
        ("backend", "from .. import oracle\nimport simulation"),
        ("oracle", "from market.clearing import clear"),
    ],
)
def test_the_rule_sees_an_import_uphill_or_across(room: str, source: str) -> None:
    assert not all(is_allowed(room, name) for name in imported(source, f"{room}.part"))


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("zuva", "import backend.api.app, oracle.service, protocol.keys"),
        ("oracle", "from protocol import keys\nfrom . import judge\nimport asyncio"),
        ("backend", "from market.clearing import clear"),
        ("simulation", "from ..replay import homes"),
    ],
)
def test_the_rule_lets_imports_downhill_pass(room: str, source: str) -> None:
    assert all(is_allowed(room, name) for name in imported(source, f"{room}.part"))
