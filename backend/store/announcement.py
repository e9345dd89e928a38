"""What writers announce to the API in the transaction that writes."""

from typing import Final

CHANNEL: Final = "zuva_block"
"""Channel of pg_notify; the payload is JSON: block_number, timestamp, counts of reports, mints, meters."""

TELEMETRY_CHANNEL: Final = "zuva_telemetry"
"""Channel of pg_notify; no payload: whoever wants to know asks once for all that changed."""
