"""The agents: producers and consumers meter their energy, the grid clears the pool, then all settle."""

from typing import TYPE_CHECKING

import mesa
import numpy as np

from simulation.model.households import Household
from simulation.model.nature import Watts
from simulation.model.pool import Clearing, clear
from simulation.model.state import Meter

if TYPE_CHECKING:
    from simulation.model.community import Community


class HouseholdAgent(mesa.Agent):  # type: ignore[misc]
    """A home with a meter.

    Attributes:
        household: what it is.
        meter: its counters.
        imported_wh: growth of the import register in the last interval.
        exported_wh: growth of the export register in the last interval.
    """

    model: "Community"

    def __init__(self, model: "Community", household: Household, meter: Meter) -> None:
        super().__init__(model)
        self.household = household
        self.meter = meter
        self.imported_wh = 0
        self.exported_wh = 0

    def use(self) -> None:
        """Count the interval's energy: use, make where there are panels, give or take the rest."""
        meter = self.meter
        imported, exported = meter.import_wh, meter.export_wh
        row = self.household.number
        minutes = self.model.minutes
        load_w = self.model.today.load_w[row, minutes]
        generation_w = self.generation_w(minutes)
        balance_w = load_w - generation_w
        # a minute's power in W lasts 60 s, so all of this is whole joules
        meter.load_joules += 60 * int(load_w.sum())
        meter.generated_joules += 60 * int(generation_w.sum())
        meter.import_joules += 60 * int(balance_w[balance_w > 0].sum())
        meter.export_joules -= 60 * int(balance_w[balance_w < 0].sum())
        self.imported_wh = meter.import_wh - imported
        self.exported_wh = meter.export_wh - exported

    def settle(self) -> None:
        """Take the pool's charge and payout."""
        clearing = self.model.grid.clearing
        if clearing is not None:
            self.meter.charge_nano += clearing.charges_nano[self.household.number]
            self.meter.payout_nano += clearing.payouts_nano[self.household.number]

    def generation_w(self, minutes: slice) -> Watts:
        """Return the panels' power in some minutes of today, W."""
        raise NotImplementedError


class Producer(HouseholdAgent):
    """A home with panels: uses what they make, contributes the excess, buys when the sun is away."""

    def generation_w(self, minutes: slice) -> Watts:
        """See `HouseholdAgent`."""
        return self.model.today.generation_w[self.household.number, minutes]


class Consumer(HouseholdAgent):
    """A home without panels: buys what it uses."""

    def generation_w(self, minutes: slice) -> Watts:
        """See `HouseholdAgent`."""
        return np.zeros(minutes.stop - minutes.start, dtype=np.int64)


class Grid(mesa.Agent):  # type: ignore[misc]
    """The pool between the homes and the grid behind it: balances, prices, pays."""

    model: "Community"

    def __init__(self, model: "Community") -> None:
        super().__init__(model)
        self.clearing: Clearing | None = None

    def clear(self) -> None:
        """Clear the pool for the interval that was metered last."""
        homes, state = self.model.homes, self.model.state
        self.clearing = clear(
            [home.imported_wh for home in homes],
            [home.exported_wh for home in homes],
            self.model.prices,
            turn=state.intervals,
        )
        state.pool_wh += self.clearing.pool_wh
        state.grid_import_wh += self.clearing.grid_import_wh
        state.grid_export_wh += self.clearing.grid_export_wh
        state.grid_nano += self.clearing.grid_nano
