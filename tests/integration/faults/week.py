"""A simulated week of twenty Mesa homes as a running community, and what must be true of it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from benchmarks.community import RunningCommunity, running_community
from protocol.ledger import compiler
from simulation.settings import HomesSettings
from tests.conftest import short_directory
from tests.integration.faults.ledgers import Stores, read_queue
from tests.integration.faults.model import generation_by_home

HOMES = 20
DAYS = 7
INTERVAL_SECONDS = 1800
READINGS = HOMES * DAYS * 86_400 // INTERVAL_SECONDS
START = date(2025, 3, 3)
QUORUM = 2
RECOVERY_SECONDS = 400


@contextmanager
def running_week(seed: int, pace: int) -> Iterator[RunningCommunity]:
    """Run a week of homes with the given seed, `pace` community seconds a second."""
    compiler.build()
    settings = {
        "ZUVA_HOMES_HOMES": str(HOMES),
        "ZUVA_HOMES_DAYS": str(DAYS),
        "ZUVA_HOMES_INTERVAL_SECONDS": str(INTERVAL_SECONDS),
        "ZUVA_HOMES_START": START.isoformat(),
        "ZUVA_HOMES_SEED": str(seed),
        "ZUVA_HOMES_PACE": str(pace),
    }
    with short_directory() as data, running_community(data, settings) as community:
        community.wait_for("first readings", lambda: readings_visible(community), RECOVERY_SECONDS)
        yield community


def readings_visible(community: RunningCommunity) -> int:
    """Return how many readings have gone the whole way to the API."""
    return int(community.get("/v1/totals")["readings"])


def all_run(community: RunningCommunity) -> bool:
    """Tell whether every service does its work or has done it."""
    return all(service["state"] in ("ready", "done") for service in community.services().values())


def expected_certificates(seed: int) -> Counter[str]:
    """Return what the model alone says of the week: generation by home, Wh."""
    return generation_by_home(
        HomesSettings(homes=HOMES, days=DAYS, start=START, seed=seed, interval_seconds=INTERVAL_SECONDS)
    )


def certified_by_home(community: RunningCommunity) -> Counter[str]:
    """Return every home's certified energy in Wh, as the API has it."""
    meters = community.get("/v1/meters?limit=100")["items"]
    return Counter({meter["name"]: meter["total"]["certified_wh"] for meter in meters})


def check_nothing_lost_or_doubled(community: RunningCommunity) -> None:
    """Assert that what homes were told is stored is stored, and that nothing counts twice."""
    queue, stores = read_queue(community), Stores(community)
    holders = stores.holders()
    assert queue.refused == 0
    lost = sorted(reading for reading in queue.delivered if holders[reading] < QUORUM)
    assert not lost, f"{len(lost)} delivered readings are not with {QUORUM} nodes, the first {lost[0]}"
    invented = [reading for reading in holders if reading[1] > queue.issued[reading[0]]]
    assert not invented, f"{len(invented)} stored readings were never issued"
    assert stores.counted_twice() == []
    community.wait_for(
        "each interval once on both contracts",
        lambda: not stores.reported_otherwise_than_once(),
        RECOVERY_SECONDS,
    )


def check_audit(community: RunningCommunity) -> None:
    """Assert that the community's own audit finds nothing."""
    audit = community.command("audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr
