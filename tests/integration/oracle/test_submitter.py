"""What sending reports costs while the contracts take none."""

import pytest

from oracle.quorum.signing import ReportSigner
from oracle.standing import Side
from oracle.submitter import SignedReport, Submitter
from protocol.keys import address_text
from protocol.ledger.errors import TransactionReverted
from protocol.ledger.rpc import quantity
from protocol.ledger.transactions import Sender
from protocol.report import FIRST, Report
from tests.conftest import short_directory
from tests.integration.oracle.community import GENESIS, HOUR, oracle_community


async def test_paused_contracts_cost_one_transaction_and_take_the_report_later(
    artefacts: None, database_url: str, broker_url: str
) -> None:
    with short_directory() as data:
        async with oracle_community(data, database_url, broker_url, meters=0) as community:
            key = community.nodes[0].key
            sender = Sender(community.rpc, key, 31337)
            submitter = Submitter(sender, community.book, lambda: GENESIS + 2 * HOUR)
            signer = ReportSigner(key, community.book)
            message = Report(GENESIS // HOUR, b"\x01" * 32, b"\x02" * 32, 100, 1).following(FIRST)
            digest = signer.digest(Side.PRODUCTION, message)
            report = SignedReport(message, digest, (signer.sign(Side.PRODUCTION, message),))

            async def sent() -> int:
                count = await community.rpc.call(
                    "eth_getTransactionCount", address_text(key.address), "latest"
                )
                return quantity(count)

            await community.govern("setPaused", True)
            for _ in range(3):
                with pytest.raises(TransactionReverted, match="paused"):
                    await submitter.land(Side.PRODUCTION, [report])
            assert await sent() == 1
            await community.govern("setPaused", False)
            assert await submitter.land(Side.PRODUCTION, [report]) == 1
            assert await sent() == 2
