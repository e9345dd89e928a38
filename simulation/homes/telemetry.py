"""Telemetry of the homes over the connection that carries their readings: state, status, discovery.

All homes share one connection, and a connection has one last will. So each home's status says `online` from
the connection on and `offline` after an orderly stop, and one status of the whole group is the last will.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Final

from protocol.mqtt import BrokerLink, Will
from protocol.telemetry import MeterState
from protocol.topics import HOMES_STATUS_TOPIC, state_topic, status_topic
from simulation.homes.discovery import discovery_payload, discovery_topic
from simulation.identities import Home

ONLINE: Final = b"online"
OFFLINE: Final = b"offline"
STATES_PER_SECOND: Final = 400
"""How many states may go out a second while the community catches up."""
CATCHING_UP_SECONDS: Final = 1.0
"""How often a home shows its state while it catches up, seconds of this machine; the API takes no more."""
_TICK_SECONDS: Final = 0.2
# time that goes on with this machine's may still jump by so much between two looks at it
_JITTER_SECONDS: Final = 2.0
_NOBODY_HEARD: Final = float("-inf")


class Telemetry:
    """What goes along with the readings; see `simulation.publishing.feed.Company`.

    Args:
        homes: the homes, by number.
        observe: returns the states of some homes, by number, at a time in unix seconds UTC.
        state_seconds: how often states go out while time passes as it does, seconds of this machine.
        steady: seconds of a clock that only goes forward.
    """

    def __init__(
        self,
        homes: Sequence[Home],
        observe: Callable[[int, Sequence[int]], Sequence[MeterState]],
        state_seconds: float,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._homes = homes
        self._observe = observe
        self._state_seconds = state_seconds
        self._hasty_seconds = max(CATCHING_UP_SECONDS, len(homes) / STATES_PER_SECOND)
        self._steady = steady
        self._looked_at = float("-inf")
        self._looked = 0
        self._turns = _NOBODY_HEARD

    @property
    def will(self) -> Will | None:
        """The status of the whole group if the process or its network dies."""
        return Will(HOMES_STATUS_TOPIC, OFFLINE)

    def arrive(self, link: BrokerLink) -> None:
        """Introduce every home and say that it is there."""
        for home in self._homes:
            link.publish(
                discovery_topic(home.meter_id), discovery_payload(home.meter_id, home.name), retain=True
            )
            link.publish(status_topic(home.meter_id), ONLINE, retain=True)
        link.publish(HOMES_STATUS_TOPIC, ONLINE, retain=True)
        self._turns = _NOBODY_HEARD

    def accompany(self, link: BrokerLink, now: int) -> None:
        """Publish the states of the homes whose turn it is.

        All at once after `arrive`, as a broker that was restarted may have lost them; then they take turns,
        so that no two of a home come close together.
        """
        steady = self._steady()
        since = steady - self._looked_at
        if since < _TICK_SECONDS and self._turns != _NOBODY_HEARD:
            return
        now = max(now, self._looked)
        hastens = now - self._looked > since + _JITTER_SECONDS
        due = self._due(since / (self._hasty_seconds if hastens else self._state_seconds))
        self._looked_at, self._looked = steady, now
        if not due:
            return
        for number, state in zip(due, self._observe(now, due), strict=True):
            link.publish(state_topic(self._homes[number].meter_id), state.encode(), retain=True)

    def _due(self, rounds: float) -> list[int]:
        """Return the homes whose turn comes in so many rounds through all homes."""
        count = len(self._homes)
        if self._turns == _NOBODY_HEARD:
            self._turns = -float(count)
            return list(range(count))
        before = max(0, math.ceil(self._turns))
        self._turns += count * min(rounds, 1.0)
        return [turn % count for turn in range(before, math.ceil(self._turns))]

    def leave(self, link: BrokerLink) -> None:
        """Say that every home goes."""
        for home in self._homes:
            link.publish(status_topic(home.meter_id), OFFLINE, retain=True)
        link.publish(HOMES_STATUS_TOPIC, OFFLINE, retain=True)
