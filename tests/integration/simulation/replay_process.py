"""The replay service as a process of its own, so that a test can kill it."""

import asyncio
import sys
from pathlib import Path

from simulation.replay.service import serve
from simulation.settings import ReplaySettings


def main(data_dir: str, broker_url: str, file: str, node: str, pace: str) -> None:
    settings = ReplaySettings(
        data_dir=Path(data_dir),
        broker_url=broker_url,
        file=Path(file),
        nodes=(node,),
        pace_seconds=float(pace),
    )
    asyncio.run(serve(settings, ready=lambda: None, status=lambda line: print(line, flush=True)))


if __name__ == "__main__":
    main(*sys.argv[1:])
