"""How many measured readings a second go all the way: signed, published, stored, reported, minted, visible.

The homes are tiled to 200, before three oracle nodes of which two must sign. `ZUVA_BENCH_HOMES` names a CSV
of measured homes (with `ZUVA_BENCH_ZONE`), a week of which is replayed; without it the built-in days are. The
floor is what one core needs for the curve alone: one signature and one recovery a reading.
"""

import json
import os
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.community import RunningCommunity, running_community
from benchmarks.figures import Figure, result
from protocol.eip712 import Domain
from protocol.keys import SigningKey
from protocol.reading import Reading
from simulation.day import DAY_FILE, DAY_ZONE

HOMES: Final = 200
DAYS: Final = 7
PATIENCE_SECONDS: Final = 600.0
NODES: Final = ("oracle-1", "oracle-2", "oracle-3")
STAGES: Final = ("replay", "broker", *NODES, "db", "chain", "indexer", "telemetry", "api")


def run() -> dict[str, Any]:
    """Measure and return the bench's JSON object."""
    measured = os.environ.get("ZUVA_BENCH_HOMES")
    settings = {
        "ZUVA_REPLAY_FILE": str(Path(measured or DAY_FILE).resolve()),
        "ZUVA_REPLAY_ZONE": os.environ.get("ZUVA_BENCH_ZONE", DAY_ZONE),
        "ZUVA_REPLAY_SIMULATED": str(measured is None).lower(),
        "ZUVA_REPLAY_HOMES": str(HOMES),
    }
    if measured:
        settings["ZUVA_REPLAY_DAYS"] = str(DAYS)
    with tempfile.TemporaryDirectory(prefix="zuva-bench-", dir="/tmp") as directory:
        folder = Path(directory)
        folder.chmod(0o755)
        curve = _curve_per_second()
        started = time.monotonic()
        with running_community(folder / "data", settings) as community:
            community.wait_for("page", lambda: community.get("/health"), PATIENCE_SECONDS)
            warm_seconds = time.monotonic() - started
            readings, seconds, stages = _measure(community)
        with running_community(folder / "data", settings) as community:
            started = time.monotonic()
            community.wait_for("page", lambda: community.get("/health"), PATIENCE_SECONDS)
            again_seconds = time.monotonic() - started
    total = sum(stages.values())
    figures = [
        Figure(
            "replay.readings_per_s", round(readings / seconds, 1), "readings/s", "higher", round(curve, 1)
        ),
        Figure("up.warm_s", round(warm_seconds, 2), "s", "lower"),
        Figure("up.again_s", round(again_seconds, 2), "s", "lower"),
        *(
            Figure(f"replay.cpu_share.{stage}", round(cpu / total, 3), "of CPU time", "lower")
            for stage, cpu in stages.items()
        ),
        Figure("replay.cpu_us_per_reading", round(total / readings * 1e6, 1), "us", "lower"),
    ]
    return result("replay", figures, readings=readings, homes=HOMES, seconds=round(seconds, 2))


def _measure(community: RunningCommunity) -> tuple[int, float, dict[str, float]]:
    """Return readings, seconds from first published to all certified and visible, CPU seconds by stage."""
    before = {stage: _cpu_seconds(community, stage) for stage in STAGES if stage != "replay"}
    community.wait_for(
        "replay", lambda: community.state("replay") in ("ready", "done"), PATIENCE_SECONDS, 0.01
    )
    began = time.time()
    replay_cpu = 0.0

    def everything() -> dict[str, Any] | None:
        nonlocal replay_cpu
        replay_cpu = max(replay_cpu, _cpu_seconds(community, "replay"))
        totals: dict[str, Any] = community.get("/v1/totals")
        whole = community.state("replay") == "done" and totals["certified_wh"] == totals["generated_wh"]
        return totals if whole and totals["readings"] == _acknowledged(community) else None

    totals = community.wait_for("certificates", everything, PATIENCE_SECONDS)
    seconds = time.time() - min(began, _replay_started(community))
    stages = {stage: _cpu_seconds(community, stage) - cpu for stage, cpu in before.items()}
    return int(totals["readings"]), seconds, {"replay": replay_cpu, **stages}


def _replay_log(community: RunningCommunity, event: str) -> dict[str, Any]:
    for line in (community.data / "logs" / "replay.log").read_text().splitlines():
        if f'"{event}"' in line:
            found: dict[str, Any] = json.loads(line)
            return found
    return {}


def _replay_started(community: RunningCommunity) -> float:
    text = _replay_log(community, "replay_started").get("timestamp", "")
    return datetime.fromisoformat(text).timestamp() if text else time.time()


def _acknowledged(community: RunningCommunity) -> int:
    return int(_replay_log(community, "replay_complete").get("readings", -1))


def _cpu_seconds(community: RunningCommunity, service: str) -> float:
    """Return the CPU seconds of a service with its live children; of finished ones what they handed over."""
    pid = community.services().get(service, {}).get("pid")
    if pid is None:
        return 0.0
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(sum(each.cpu_times()[:4]) for each in family)
    except psutil.NoSuchProcess:
        return 0.0


def _curve_per_second(count: int = 2000) -> float:
    """Return how many readings one core signs and recovers in a second, doing nothing else."""
    key, domain = SigningKey(b"\x01" * 32), Domain(31337, b"\x11" * 20)
    reading = Reading(b"\x02" * 32, 1, 1_700_000_000, 3600, 1, 2, 3)
    started = time.perf_counter()
    for _ in range(count):
        reading.sign(key, domain).signer(domain)
    return count / (time.perf_counter() - started)
