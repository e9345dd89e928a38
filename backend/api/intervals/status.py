"""What is known of an interval, in words."""

from typing import Final

from backend.api.meters.schemas import Status

STATUSES: Final[tuple[Status, ...]] = ("reported", "verified", "mismatch", "certified")
"""By number: as stored, and 3 for verified with all leaves claimed."""
