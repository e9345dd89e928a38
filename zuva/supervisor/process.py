"""One service as a process: output in its log, a group of its own, gone when the supervisor is gone."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from pathlib import Path

from zuva.processes import dies_with_parent
from zuva.supervisor.logfile import Rotation, open_log
from zuva.supervisor.policy import Spec


def command_of(spec: Spec) -> list[str]:
    """Return a service's command line; -P keeps the working directory's modules out of it."""
    return [sys.executable, *(spec.command or ("-P", "-m", "zuva", spec.name))]


async def start(spec: Spec, log: Path, rotation: Rotation, environment: Mapping[str, str]) -> Process:
    """Start a service; its standard output and error go to `log`."""
    with open_log(log, rotation) as output:
        return await asyncio.create_subprocess_exec(
            *command_of(spec), stdin=DEVNULL, stdout=output, stderr=output, env=dict(environment),
            start_new_session=True, preexec_fn=dies_with_parent(signal.SIGTERM),
        )  # fmt: skip


async def stop(process: Process, patience: float, hurry: asyncio.Event) -> bool:
    """Stop a process: SIGTERM, then after `patience` seconds or in a hurry SIGKILL to its whole group.

    Returns:
        Whether it stopped by itself.
    """
    if process.returncode is not None:
        return True
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    ended = asyncio.ensure_future(process.wait())
    hurried = asyncio.ensure_future(hurry.wait())
    await asyncio.wait({ended, hurried}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    if ended.done():
        return True
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # the group is the service's own: it began as its leader
    await ended
    return False
