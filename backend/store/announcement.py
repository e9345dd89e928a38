"""What the indexer announces to the API in the transaction that writes a window."""

from typing import Final

CHANNEL: Final = "zuva_block"
"""Channel of pg_notify; the payload is JSON: block_number, timestamp, counts of reports, mints, meters."""
