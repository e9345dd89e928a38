"""The homes' service as a process of its own, so that a test can stop and kill it."""

import asyncio
import contextlib
import signal
import sys
from datetime import date
from pathlib import Path

from simulation.homes.service import serve
from simulation.settings import HomesSettings


async def main(data_dir: str, broker_url: str, start: str, node: str, days: str, pace: str) -> None:
    settings = HomesSettings(
        data_dir=Path(data_dir),
        broker_url=broker_url,
        start=date.fromisoformat(start),
        nodes=(node,),
        homes=4,
        days=int(days),
        pace=float(pace),
    )
    task = asyncio.ensure_future(
        serve(settings, ready=lambda: print("ready", flush=True), status=lambda line: print(line, flush=True))
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
