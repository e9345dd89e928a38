"""What the community has to remember from one interval to the next, and its form on disk. Integers only.

Energy is counted in joules, so a register shows whole watt-hours of 3,600 J and the rest is carried; money in
nano-units, so whole micro-units are shown and the rest is carried.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

from simulation.errors import StateError
from simulation.model.pool import NANO_PER_MICRO

JOULES_PER_WH: Final = 3600
_VERSION: Final = 1
_HEADER: Final = struct.Struct(">BQIQQQq")
_HOME: Final = struct.Struct(">6Q")


@dataclass(slots=True)
class Meter:
    """A home's counters since the community began.

    `import - export = load - generated` holds exactly, in joules.

    Attributes:
        import_joules: taken from the grid.
        export_joules: given to the grid.
        generated_joules: made by the panels.
        load_joules: used in the home.
        charge_nano: what the pool charged for import, nano-units of the currency.
        payout_nano: what the pool pays for export, nano-units of the currency.
    """

    import_joules: int = 0
    export_joules: int = 0
    generated_joules: int = 0
    load_joules: int = 0
    charge_nano: int = 0
    payout_nano: int = 0

    @property
    def import_wh(self) -> int:
        """The import register, Wh."""
        return self.import_joules // JOULES_PER_WH

    @property
    def export_wh(self) -> int:
        """The export register, Wh."""
        return self.export_joules // JOULES_PER_WH

    @property
    def generated_wh(self) -> int:
        """The generation register, Wh."""
        return self.generated_joules // JOULES_PER_WH

    @property
    def charge_micro(self) -> int:
        """What the pool charged, whole micro-units."""
        return self.charge_nano // NANO_PER_MICRO

    @property
    def payout_micro(self) -> int:
        """What the pool pays, whole micro-units."""
        return self.payout_nano // NANO_PER_MICRO


@dataclass(slots=True)
class State:
    """The whole community after some intervals.

    Attributes:
        intervals: how many are over.
        meters: one a home, by number.
        pool_wh: energy traded within the community.
        grid_import_wh: energy that the grid sold to the community.
        grid_export_wh: energy that the grid bought from it.
        grid_nano: what the grid got from the pool, less what it paid, nano-units.
    """

    intervals: int = 0
    meters: list[Meter] = field(default_factory=list)
    pool_wh: int = 0
    grid_import_wh: int = 0
    grid_export_wh: int = 0
    grid_nano: int = 0

    @property
    def remainder_micro(self) -> int:
        """Charges less payouts less the grid's part, in whole micro-units.

        In nano-units it is zero; so this is only what rounding down to whole micro-units leaves, less than
        one micro-unit a home and side.
        """
        charges = sum(meter.charge_micro for meter in self.meters)
        payouts = sum(meter.payout_micro for meter in self.meters)
        return charges - payouts - self.grid_nano // NANO_PER_MICRO

    def encode(self) -> bytes:
        """Return the state's form on disk."""
        header = _HEADER.pack(
            _VERSION, self.intervals, len(self.meters),
            self.pool_wh, self.grid_import_wh, self.grid_export_wh, self.grid_nano,
        )  # fmt: skip
        return header + b"".join(
            _HOME.pack(
                m.import_joules, m.export_joules, m.generated_joules, m.load_joules,
                m.charge_nano, m.payout_nano,
            )
            for m in self.meters
        )  # fmt: skip


def decode_state(content: bytes, homes: int) -> State:
    """Return a state from its form on disk; the state at the beginning for nothing.

    Args:
        content: what `State.encode` returned, or nothing.
        homes: how many homes there are.

    Raises:
        StateError: damaged, of another version, or of another number of homes.
    """
    if not content:
        return State(meters=[Meter() for _ in range(homes)])
    try:
        version, intervals, count, *pool = _HEADER.unpack_from(content)
        if version != _VERSION or count != homes or len(content) != _HEADER.size + count * _HOME.size:
            raise StateError(
                f"the kept state is of version {version} with {count} homes in {len(content)} bytes, "
                f"here are version {_VERSION} and {homes} homes; use the program and the number of homes "
                "that made it"
            )
        meters = [Meter(*fields) for fields in _HOME.iter_unpack(content[_HEADER.size :])]
    except struct.error as error:
        raise StateError("the kept state is damaged; restore the outbox from a backup") from error
    return State(intervals, meters, *pool)
