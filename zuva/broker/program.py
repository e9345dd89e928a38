"""A broker as a child process, from its start to its end."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from zuva.broker.settings import BrokerSettings
from zuva.errors import ServiceEnded
from zuva.processes import dies_with_parent

_STOP_SECONDS = 10


@asynccontextmanager
async def running(name: str, command: Sequence[str], settings: BrokerSettings) -> AsyncIterator[Process]:
    """Run a broker; yields its process once it listens.

    Raises:
        ServiceEnded: It ended while starting.
    """
    process = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=sys.stderr, stderr=sys.stderr,
        start_new_session=True, preexec_fn=dies_with_parent(signal.SIGTERM),
    )  # fmt: skip
    try:
        await _wait_until_listening(name, process, settings)
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), _STOP_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _wait_until_listening(name: str, process: Process, settings: BrokerSettings) -> None:
    while process.returncode is None:
        try:
            _, writer = await asyncio.open_connection(settings.host, settings.port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise ServiceEnded(
        f"broker: {name} ended with code {process.returncode} while starting; see the log of broker"
    )
