"""The faults a community must live through, and a seeded order in which to inflict them."""

import shutil
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.community import RunningCommunity

NODES = ("oracle-1", "oracle-2", "oracle-3")
SILENCE_SECONDS = 4.0


@dataclass(frozen=True)
class Fault:
    """Something bad that happens to a running community.

    Attributes:
        name: what happens.
        inflict: makes it happen and returns while the community suffers from it.
    """

    name: str
    inflict: Callable[[RunningCommunity], None]


def kill(*services: str) -> Fault:
    """Return the fault that processes are killed by signal 9 at the same moment, with all their children."""

    def inflict(community: RunningCommunity) -> None:
        for service in services:
            community.kill(service)

    return Fault(f"kill -9 of {', '.join(services)}", inflict)


def _silence(service: str) -> Fault:
    def inflict(community: RunningCommunity) -> None:
        stop, go_on = signal.SIGSTOP, signal.SIGCONT
        community.signal_family(service, stop)
        time.sleep(SILENCE_SECONDS)
        community.signal_family(service, go_on)

    return Fault(f"{service} hangs", inflict)


def _forgetful_broker() -> Fault:
    def inflict(community: RunningCommunity) -> None:
        community.kill("broker")
        shutil.rmtree(community.data / "broker", ignore_errors=True)

    return Fault("the broker loses what it retained", inflict)


def _restart(service: str) -> Fault:
    def inflict(community: RunningCommunity) -> None:
        community.process_of(service).send_signal(signal.SIGTERM)

    return Fault(f"{service} is restarted in order", inflict)


FAULTS: Sequence[Fault] = (
    *(kill(node) for node in NODES),
    *(kill(service) for service in ("indexer", "api", "telemetry", "broker", "db", "chain", "homes")),
    kill("oracle-1", "oracle-3"),
    kill(*NODES, "indexer", "api", "telemetry", "broker", "db", "chain", "homes"),
    _silence("oracle-2"),
    _forgetful_broker(),
    _restart("db"),
    _restart("chain"),
)


def schedule(seed: int, issued: int) -> list[tuple[int, Fault]]:
    """Return every fault once, at a random number of readings that the homes issued, ascending.

    Args:
        seed: the same seed gives the same schedule.
        issued: how many readings the homes issue in all.
    """
    random = Random(seed)
    moments = sorted(random.sample(range(issued // 50, issued * 9 // 10), len(FAULTS)))
    return list(zip(moments, random.sample(FAULTS, len(FAULTS)), strict=True))
