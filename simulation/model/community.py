"""The Mesa model of a community: homes with and without panels around a grid with a pool.

One step is one settlement interval, in stages: all homes use, the grid clears, all homes settle. Everything
random comes from the seed and the interval's number, so the model's memory is a few counters a home, and a
model restored from them goes on exactly as one that never stopped.

Written for Mesa 3.3 to 3.5: `rng=`, no schedulers, and an interval counter of its own.
"""

from collections.abc import Sequence

import mesa

from protocol.telemetry import MeterState
from simulation.model.agents import Consumer, Grid, HouseholdAgent, Producer
from simulation.model.households import Household
from simulation.model.nature import Day, Nature
from simulation.model.pool import Prices
from simulation.model.state import State
from simulation.model.telemetry import Wavering, meter_states


class Community(mesa.Model):  # type: ignore[misc]
    """The homes of one community, from an interval on.

    Args:
        households: the homes, by number from 0.
        seed: of weather and habits.
        first: unix seconds UTC at which the first interval begins.
        interval_seconds: length of an interval; whole minutes that divide an hour.
        offset_seconds: local time less UTC.
        state: where to go on; it is changed from then on.
        prices: the grid's.

    Attributes:
        state: the counters.
        homes: all homes' agents, by number.
        grid: the grid's agent.
        today: the day of the interval that is over last.
        minutes: the interval's minutes in `today`.
    """

    def __init__(
        self,
        households: Sequence[Household],
        *,
        seed: int,
        first: int,
        interval_seconds: int,
        offset_seconds: int,
        state: State,
        prices: Prices | None = None,
    ) -> None:
        super().__init__(rng=seed)
        self.prices = prices or Prices()
        self.state = state
        self._first = first
        self._interval_seconds = interval_seconds
        self._nature = Nature(seed, households, offset_seconds)
        self._wavering = Wavering(seed)
        self.today: Day = self._nature.day_at(self.next_begin)
        self.minutes = slice(0, 0)
        self._create(Producer, [home for home in households if home.is_producer])
        self._create(Consumer, [home for home in households if not home.is_producer])
        self.homes: list[HouseholdAgent] = sorted(
            self.agents.select(agent_type=HouseholdAgent), key=lambda agent: agent.household.number
        )
        self.grid = Grid(self)

    def _create(self, kind: type[HouseholdAgent], households: Sequence[Household]) -> None:
        meters = [self.state.meters[home.number] for home in households]
        kind.create_agents(self, len(households), list(households), meters)

    @property
    def next_begin(self) -> int:
        """Unix seconds UTC at which the next interval begins."""
        return self._first + self.state.intervals * self._interval_seconds

    @property
    def next_end(self) -> int:
        """Unix seconds UTC at which the next interval ends."""
        return self.next_begin + self._interval_seconds

    def step(self) -> None:
        """Let one interval pass."""
        begin = self.next_begin
        self.today = self._nature.day_at(begin)
        minute = (begin - self.today.first) // 60
        self.minutes = slice(minute, minute + self._interval_seconds // 60)
        homes = self.agents.select(agent_type=HouseholdAgent)
        homes.do("use")
        self.grid.clear()
        homes.do("settle")
        self.state.intervals += 1

    def observe(self, second: int, homes: Sequence[int] | None = None) -> list[MeterState]:
        """Return what meters show at a time, unix seconds UTC; it changes nothing.

        At the end of a minute the power is that minute's, which the registers count as well; in between it
        wavers on the way there.

        Args:
            second: when.
            homes: whose, by number; everybody's if None.
        """
        day = self._nature.day_at(second - 1)
        asked = range(len(self.homes)) if homes is None else homes
        return meter_states(day, second, asked, self._wavering)

    def free(self) -> None:
        """Let go of everything; Mesa 3.3 would keep the model in a table of its class for ever."""
        self.remove_all_agents()
        getattr(mesa.Agent, "_ids", {}).pop(self, None)
