"""Every bench, one after the other; writes the README's table and the picture of the replay's stages."""

import importlib
import pkgutil
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import benchmarks

ROOT: Final = Path(benchmarks.__file__).parents[1]
README: Final = ROOT / "README.md"
PICTURE: Final = ROOT / "docs" / "pictures" / "replay-stages.svg"
NOT_A_BENCH: Final = frozenset({"all", "community", "figures"})
_TABLE: Final = re.compile(r"(<!-- bench -->\n).*?(<!-- /bench -->)", re.DOTALL)
_COLOURS: Final = (
    "#f0a81c",
    "#0f6f67",
    "#4d45b3",
    "#6f68c9",
    "#918bdc",
    "#9a5b00",
    "#2b6f2f",
    "#8a2f4f",
    "#3c6e9a",
    "#5f5a50",
)
_SHARE: Final = "replay.cpu_share."


def run() -> dict[str, Any]:
    """Run every bench, write table and picture, and return one JSON object with all figures."""
    names = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name not in NOT_A_BENCH)
    results = [importlib.import_module(f"benchmarks.{name}").run() for name in names]
    README.write_text(_TABLE.sub(lambda m: m[1] + table(results) + m[2], README.read_text()))
    shares = {
        figure["key"].removeprefix(_SHARE): figure["value"]
        for result in results
        for figure in result["figures"]
        if figure["key"].startswith(_SHARE)
    }
    PICTURE.write_text(stages(shares))
    figures = [figure for result in results for figure in result["figures"]]
    return {"bench": "all", "machine": results[0]["machine"], "date": results[0]["date"], "figures": figures}


def table(results: Sequence[Mapping[str, Any]]) -> str:
    """Return the benches' figures as a Markdown table, shares left to the picture."""
    lines = ["| figure | measured | floor or peer in the same run |", "|---|---|---|"]
    for result in results:
        for figure in result["figures"]:
            if figure["key"].startswith(_SHARE):
                continue
            beside = f"{figure['floor']:,} {figure['unit']} (floor)" if figure["floor"] else ""
            if figure["peer"]:
                beside = f"{figure['peer']:,} {figure['unit']} ({figure['peer_name']})"
            lines.append(f"| `{figure['key']}` | {figure['value']:,} {figure['unit']} | {beside} |")
    lines += ["", f"Measured {results[0]['date']} on {results[0]['machine']}.", ""]
    return "\n".join(lines)


def stages(shares: Mapping[str, float]) -> str:
    """Return an SVG bar of each stage's share of the CPU time of a replay."""
    bars, labels, left = [], [], 0.0
    for number, (stage, share) in enumerate(shares.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        bars.append(f'<rect x="{left:.1f}" y="8" width="{share * 880:.1f}" height="34" fill="{colour}"/>')
        x, y = 4 + number % 4 * 220, 66 + number // 4 * 24
        labels.append(
            f'<rect x="{x}" y="{y - 11}" width="12" height="12" fill="{colour}"/>'
            f'<text x="{x + 20}" y="{y}">{stage} {share:.0%}</text>'
        )
        left += share * 880
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 880 104" role="img" '
        'aria-label="share of CPU time by stage" font-family="system-ui, sans-serif" font-size="15">\n'
        "<style>text{fill:#1d1b16}@media(prefers-color-scheme:dark){text{fill:#f2efe6}}</style>\n"
        + "\n".join(bars + labels)
        + "\n</svg>\n"
    )
