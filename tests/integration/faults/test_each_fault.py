"""After each fault in turn, under load: the community goes on by itself, and the counts are right."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.community import RunningCommunity
from tests.integration.faults.injection import FAULTS, Fault
from tests.integration.faults.ledgers import Stores, read_queue
from tests.integration.faults.week import (
    HOMES,
    INTERVAL_SECONDS,
    RECOVERY_SECONDS,
    all_run,
    check_audit,
    check_nothing_lost_or_doubled,
    readings_visible,
    running_week,
)

# slow enough for all faults to fall into one week, fast enough to be a load
PACE = 4_000
GRACE_SECONDS = 120


@pytest.fixture(scope="module")
def community() -> Iterator[RunningCommunity]:
    with running_week(seed=0, pace=PACE) as community:
        yield community


@contextmanager
def quiet(community: RunningCommunity) -> Iterator[None]:
    """Stop the homes and wait until all that they surely sent has gone the whole way.

    What they had just written to their queue, the newest step of the clock too, may not be on its way yet.
    """
    community.signal_family("homes", signal.SIGSTOP)
    try:
        published = read_queue(community).clock - INTERVAL_SECONDS
        due = (published - GRACE_SECONDS) // INTERVAL_SECONDS * INTERVAL_SECONDS
        community.wait_for(
            "reports up to the clock",
            lambda: Stores(community).newest_reported_end(INTERVAL_SECONDS) >= due,
            RECOVERY_SECONDS,
        )
        yield
    finally:
        community.signal_family("homes", signal.SIGCONT)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_community_goes_on_and_counts_right_after(fault: Fault, community: RunningCommunity) -> None:
    before = readings_visible(community)
    fault.inflict(community)
    community.wait_for(
        "ten more intervals of readings",
        lambda: readings_visible(community) > before + 10 * HOMES,
        RECOVERY_SECONDS,
    )
    community.wait_for("all services", lambda: all_run(community), RECOVERY_SECONDS)
    assert community.state("homes") == "ready", "the week was over before the fault"
    with quiet(community):
        check_nothing_lost_or_doubled(community)
        check_audit(community)
