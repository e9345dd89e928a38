"""A week of homes through every fault in a random order ends whole: nothing lost, nothing doubled."""

from functools import partial

import pytest

from tests.integration.faults.injection import schedule
from tests.integration.faults.ledgers import read_queue
from tests.integration.faults.week import (
    HOMES,
    READINGS,
    RECOVERY_SECONDS,
    all_run,
    certified_by_home,
    check_audit,
    check_nothing_lost_or_doubled,
    expected_certificates,
    readings_visible,
    running_week,
)
from tests.integration.held import HeldPublisher

PACE = 20_000
# readings of the intervals that are under way when one becomes visible
AHEAD = 6 * HOMES


def run_week(seed: int) -> None:
    with running_week(seed, PACE) as community:
        homes = HeldPublisher(community, "homes", AHEAD)

        def run(moment: int) -> bool:
            homes.hold_after(moment)
            return all_run(community)

        def visible(moment: int) -> bool:
            homes.hold_after(moment)
            return readings_visible(community) >= moment

        for moment, fault in schedule(seed, READINGS):
            community.wait_for("services after the fault before", partial(run, moment), RECOVERY_SECONDS)
            community.wait_for(
                f"reading {moment} before: {fault.name}", partial(visible, moment), RECOVERY_SECONDS
            )
            homes.go_on()
            fault.inflict(community)
        community.wait_for("end of the week", lambda: community.state("homes") == "done", RECOVERY_SECONDS)
        community.wait_for("all readings", lambda: readings_visible(community) == READINGS, RECOVERY_SECONDS)
        generated = expected_certificates(seed)
        community.wait_for(
            "all certificates", lambda: +certified_by_home(community) == +generated, RECOVERY_SECONDS
        )
        assert read_queue(community).unacknowledged == frozenset()
        check_nothing_lost_or_doubled(community)
        check_audit(community)


@pytest.mark.parametrize("seed", range(1, 4))
def test_a_week_with_every_fault_ends_whole(seed: int) -> None:
    run_week(seed)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(4, 31))
def test_more_weeks_with_every_fault_end_whole(seed: int) -> None:
    run_week(seed)
