"""What the contracts' calls cost in gas: whole transactions on anvil, from calldata to receipt.

Beside each figure stands the least that the EVM's price list allows for the same work with the same calldata.
`benchmarks/gas-snapshot.json` holds the figures of the last change that was meant: a test compares them, and
`zuva bench gas --update` writes them anew.
"""

import asyncio
import json
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import Figure, result
from benchmarks.gas.measure import Measure
from benchmarks.gas.peers import PEERS
from benchmarks.gas.scene import measure_all

SNAPSHOT: Final = Path(__file__).resolve().parents[1] / "gas-snapshot.json"


def run() -> dict[str, Any]:
    """Measure and return the bench's JSON object."""
    return result("gas", [_figure(each) for each in measures()])


def update() -> dict[str, Any]:
    """Measure, write the snapshot, and return the bench's JSON object."""
    measured = measures()
    SNAPSHOT.write_text(json.dumps({f"gas.{m.name}": round(m.gas) for m in measured}, indent=2) + "\n")
    return result("gas", [_figure(each) for each in measured])


def measures() -> list[Measure]:
    """Deploy on a chain of its own and measure."""
    return asyncio.run(measure_all())


def _figure(measured: Measure) -> Figure:
    peer = PEERS.get(measured.name)
    return Figure(
        key=f"gas.{measured.name}",
        value=round(measured.gas),
        unit="gas",
        better="lower",
        floor=round(measured.floor),
        peer=peer.gas if peer else None,
        peer_name=peer.name if peer else None,
    )
