"""The local chain's figures."""

from collections.abc import Iterable

from prometheus_client.core import Metric

from zuva.chain.front import Front
from zuva.chain.ledger import Ledger
from zuva.chain.snapshots import Snapshots
from zuva.metrics import counter, gauge


def figures(ledger: Ledger, front: Front, snapshots: Snapshots, repeated: int) -> Iterable[Metric]:
    """Return the chain's figures as they are now.

    Args:
        ledger: what has been mined.
        front: what was asked.
        snapshots: what the last snapshot covers.
        repeated: transactions that the start repeated from the journal.
    """
    return (
        gauge("zuva_chain_transactions", "Transactions in the journal.", ledger.transactions),
        gauge("zuva_chain_journal_bytes", "Length of the journal.", ledger.journal_bytes),
        gauge("zuva_chain_time_seconds", "The chain's time, unix seconds.", ledger.now),
        gauge("zuva_chain_snapshot_transactions", "Of those, in the last snapshot.", snapshots.covered),
        gauge("zuva_chain_repeated_transactions", "Repeated from the journal by the last start.", repeated),
        counter("zuva_chain_sent", "Transactions taken since the start.", front.sent),
        counter("zuva_chain_refused", "Transactions refused since the start.", front.refused),
        counter("zuva_chain_requests", "Requests handed to the chain since the start.", front.passed),
    )
