"""Signatures of reports: this node's own, and those of peers."""

from collections.abc import Iterable

from oracle.standing import CONTRACT_OF, Side
from protocol.eip712 import Domain
from protocol.errors import BadSignature
from protocol.keys import SigningKey, recover
from protocol.ledger.address_book import AddressBook
from protocol.report import Report, ReportMessage


class ReportSigner:
    """Signs reports with the node's key.

    Args:
        key: the node's key.
        book: where the contracts are, whose domains the signatures are for.
    """

    def __init__(self, key: SigningKey, book: AddressBook) -> None:
        self._key = key
        self._domains: dict[Side, Domain] = {side: book.domain(name) for side, name in CONTRACT_OF.items()}

    @property
    def address(self) -> bytes:
        """The node's address."""
        return self._key.address

    def digest(self, side: Side, message: ReportMessage) -> bytes:
        """Return what is signed of a report to one of the contracts."""
        return message.digest(self._domains[side])

    def sign(self, side: Side, message: ReportMessage) -> bytes:
        """Return this node's signature."""
        return self._key.sign(self.digest(side, message))


def is_signed_by(address: bytes, digest: bytes, signature: bytes) -> bool:
    """Tell whether a signature over a digest is the address's."""
    try:
        return recover(digest, signature) == address
    except BadSignature:
        return False


def chained(reports: Iterable[Report], link: bytes) -> list[ReportMessage]:
    """Return the messages of consecutive reports, the first one following the report with that link."""
    messages = []
    for report in reports:
        messages.append(report.following(link))
        link = report.link
    return messages
