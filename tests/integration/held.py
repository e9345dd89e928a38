"""Publishers that get no farther ahead of what is visible than a test wants, on any machine."""

import sqlite3
from contextlib import closing, suppress

import psutil

from benchmarks.community import RunningCommunity


class HeldPublisher:
    """A service of homes, stopped while it has published enough.

    A slow machine would otherwise run out of readings before all that shall happen meanwhile has happened.
    """

    def __init__(self, community: RunningCommunity, service: str, ahead: int) -> None:
        """Hold `service` at most about `ahead` readings beyond a moment."""
        self._community = community
        self._service = service
        self._ahead = ahead
        self._held = False

    def hold_after(self, moment: int) -> None:
        """Stop the service once it delivered enough for reading `moment` to become visible; ask often."""
        known = self._community.services().get(self._service, {})
        # Stopped while it is being started it would never be ready; and what is known may be of a killed one.
        if self._held or known.get("state") != "ready" or not psutil.pid_exists(known["pid"] or 0):
            return
        if self._delivered() >= moment + self._ahead:
            with suppress(psutil.NoSuchProcess):
                psutil.Process(known["pid"]).suspend()
                self._held = True

    def go_on(self) -> None:
        """Let it publish again."""
        if self._held:
            self._community.process_of(self._service).resume()
            self._held = False

    def _delivered(self) -> int:
        address = f"file:{self._community.data / self._service / 'outbox.sqlite'}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=1)) as queue:
                issued = queue.execute("SELECT coalesce(sum(last_seq), 0) FROM meter").fetchone()[0]
                waiting = queue.execute("SELECT count(*) FROM unacknowledged").fetchone()[0]
                return int(issued) - int(waiting)
        except sqlite3.Error:
            return 0  # it is being made, or its writer was just killed
