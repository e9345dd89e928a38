"""The shape of a measurement, and the machine it was made on."""

import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Attributes:
        key: name of the figure, such as `replay.readings_per_s`.
        value: what was measured.
        unit: its unit.
        better: which direction is better.
        floor: what physics allows, measured in the same run; None if there is no such bound.
        peer: what a peer does, measured in the same run; None if there is none.
        peer_name: who the peer is.
    """

    key: str
    value: float
    unit: str
    better: Literal["higher", "lower"]
    floor: float | None = None
    peer: float | None = None
    peer_name: str | None = None


def result(bench: str, figures: list[Figure], **details: object) -> dict[str, Any]:
    """Return the JSON object of one bench."""
    return {
        "bench": bench,
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "figures": [asdict(figure) for figure in figures],
        **details,
    }


def machine() -> str:
    """Return processor, cores, memory and Python of this machine in one line."""
    processor = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} x {processor}, {memory_gib:.0f} GiB, Python {platform.python_version()}"
