"""Two built-in days of synthetic homes, shipped as `homes.csv` with the generator that made it."""

from pathlib import Path
from typing import Final

from simulation.replay.measurements import Measurements, read_measurements

DAY_FILE: Final = Path(__file__).with_name("homes.csv")
DAY_ZONE: Final = "Africa/Harare"


def built_in_day() -> Measurements:
    """Return the shipped days: twelve homes, hourly, Harare local time."""
    return read_measurements(DAY_FILE, DAY_ZONE)
