"""A week of homes through every fault in a random order ends whole: nothing lost, nothing doubled."""

import signal
from functools import partial

import pytest

from benchmarks.community import RunningCommunity
from tests.integration.faults.injection import schedule
from tests.integration.faults.ledgers import issued_readings, read_queue
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

PACE = 20_000
# readings of the intervals that are under way when one becomes visible
AHEAD = 6 * HOMES


class Homes:
    """Homes that publish no farther than wanted, so that on any machine some are left for every fault."""

    def __init__(self, community: RunningCommunity) -> None:
        self._community = community
        self._held = False

    def hold_after(self, moment: int) -> None:
        """Stop the homes once they issued enough for reading `moment` to become visible."""
        if not self._held and issued_readings(self._community) >= moment + AHEAD:
            self._community.signal_family("homes", signal.SIGSTOP)
            self._held = True

    def go_on(self) -> None:
        """Let them publish again."""
        if self._held:
            self._community.signal_family("homes", signal.SIGCONT)
            self._held = False


def run_week(seed: int) -> None:
    with running_week(seed, PACE) as community:
        homes = Homes(community)

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
