"""What a leader counts and sends, whatever its peers are like."""

from types import SimpleNamespace
from typing import Any

from oracle.peers.client import Peers
from oracle.quorum.messages import MAX_EVIDENCE
from oracle.quorum.proposer import Proposer
from oracle.quorum.signing import ReportSigner
from oracle.standing import CONTRACT_OF, Side
from protocol.eip712 import Domain
from protocol.keys import SigningKey
from protocol.ledger.address_book import AddressBook, DeployedContract
from protocol.report import FIRST, Report

BOOK = AddressBook.model_construct(
    chain_id=31337,
    contracts={
        name: DeployedContract.model_construct(address=bytes([number]) * 20)
        for number, name in enumerate(CONTRACT_OF.values(), 1)
    },
)
ME, PEER = SigningKey(b"\x01" * 32), SigningKey(b"\x02" * 32)
MESSAGE = Report(7, b"\x01" * 32, b"\x02" * 32, 100, 1).following(FIRST)


def proposer(**parts: Any) -> Proposer:
    watch = SimpleNamespace(oracles=[ME.address, PEER.address, b"\x03" * 20], quorum=3)
    names = (
        "signer", "backlog", "settlement", "adoption", "set_aside", "secrets", "disputes", "submitter",
        "peers", "watch", "last_due", "metrics",
    )  # fmt: skip
    given = {"signer": ReportSigner(ME, BOOK), "watch": watch} | parts
    return Proposer(**{name: given.get(name) for name in names})


async def test_a_node_at_two_urls_signs_once() -> None:
    leader = proposer()
    signatures = leader._own(Side.PRODUCTION, [MESSAGE])
    peers = Peers(["http://127.0.0.1:1", "http://localhost:1"], ME, Domain(31337, b"\x11" * 20))
    said = ReportSigner(PEER, BOOK).sign(Side.PRODUCTION, MESSAGE)
    for peer in peers:
        peer.address = PEER.address
        leader._count(Side.PRODUCTION, [MESSAGE], [said], peer, signatures)
    assert [set(each) for each in signatures] == [{ME.address, PEER.address}]
    assert leader._with_quorum(Side.PRODUCTION, [MESSAGE], signatures) == []
    await peers.close()


def test_evidence_that_no_proposal_holds_is_sent_in_turns() -> None:
    everything = list(range(MAX_EVIDENCE + 500))
    leader = proposer(set_aside=SimpleNamespace(evidence=lambda: everything))
    first, second = leader._next_evidence(), leader._next_evidence()
    assert len(first) == len(second) == MAX_EVIDENCE
    assert {*first, *second} == set(everything)
