"""Write the built-in days to standard output: `python -m simulation.day > simulation/day/homes.csv`."""

import sys

from simulation.day.generator import generate

sys.stdout.reconfigure(newline="")  # type: ignore[union-attr]
sys.stdout.write(generate())
