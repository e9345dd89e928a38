"""Telemetry of the homes over the connection that carries their readings: state, status, discovery.

All homes share one connection, and a connection has one last will. So each home's status says `online` from
the connection on and `offline` after an orderly stop, and one status of the whole group is the last will.
"""

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


class Telemetry:
    """What goes along with the readings; see `simulation.publishing.feed.Company`.

    Args:
        homes: the homes, by number.
        observe: returns every home's state at a time, unix seconds UTC.
        interval_seconds: a step of the community.
        state_seconds: how often states go out while time passes as it does, seconds of this machine.
        steady: seconds of a clock that only goes forward.
    """

    def __init__(
        self,
        homes: Sequence[Home],
        observe: Callable[[int], Sequence[MeterState]],
        interval_seconds: int,
        state_seconds: float,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._homes = homes
        self._observe = observe
        self._interval_seconds = interval_seconds
        self._state_seconds = state_seconds
        self._step_seconds = min(len(homes) / STATES_PER_SECOND, state_seconds)
        self._steady = steady
        self._told_at = float("-inf")
        self._told = 0

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
        # a broker that was restarted may have lost the states
        self._told_at = float("-inf")

    def accompany(self, link: BrokerLink, now: int) -> None:
        """Publish every home's state if it is time: at every step, else every `state_seconds`."""
        since = self._steady() - self._told_at
        stepped = now - self._told >= self._interval_seconds
        if since < (self._step_seconds if stepped else self._state_seconds):
            return
        self._told_at, self._told = self._steady(), now
        for home, state in zip(self._homes, self._observe(now), strict=True):
            link.publish(state_topic(home.meter_id), state.encode(), retain=True)

    def leave(self, link: BrokerLink) -> None:
        """Say that every home goes."""
        for home in self._homes:
            link.publish(status_topic(home.meter_id), OFFLINE, retain=True)
        link.publish(HOMES_STATUS_TOPIC, OFFLINE, retain=True)
