"""How oracle nodes know each other over HTTP: every request and every answer is signed by who made it.

A request is bound to its method, path, body, moment and recipient, an answer to the request it answers, so
neither can be used for anything else. Both are EIP-712 messages in the Registry's domain, whose list of
oracles says who a peer is. The signature, the time and the body's hash travel in headers, so who asks is
known before a body is read.
"""

from dataclasses import dataclass
from typing import Final

from protocol.eip712 import Domain, address_word, type_hash, word
from protocol.keccak import keccak256
from protocol.keys import ADDRESS_BYTES

REQUEST_TYPE: Final = "PeerRequest(string method,string path,bytes32 bodyHash,uint64 time,address recipient)"
RESPONSE_TYPE: Final = "PeerResponse(bytes32 requestDigest,uint16 status,bytes32 bodyHash)"
TIME_HEADER: Final = "x-zuva-time"
SIGNATURE_HEADER: Final = "x-zuva-signature"
BODY_HASH_HEADER: Final = "x-zuva-body-hash"
# an older request may be somebody's repetition
LIFETIME_SECONDS: Final = 30
ANYONE: Final = bytes(ADDRESS_BYTES)
"""The recipient of a first greeting, when the address behind a URL is not known yet."""

_REQUEST_HASH = type_hash(REQUEST_TYPE)
_RESPONSE_HASH = type_hash(RESPONSE_TYPE)


@dataclass(frozen=True, slots=True)
class PeerRequest:
    """What a node asks of a peer.

    Attributes:
        method: HTTP method in capitals.
        path: path of the URL with its leading slash.
        body_hash: keccak256 of the body as it is sent.
        time: unix seconds of the machine's clock, not of the community's.
        recipient: 20-byte address of the node that is asked, or `ANYONE`.
    """

    method: str
    path: str
    body_hash: bytes
    time: int
    recipient: bytes

    def digest(self, domain: Domain) -> bytes:
        """Return the EIP-712 digest in the Registry's domain."""
        encoded = (
            _REQUEST_HASH
            + keccak256(self.method.encode())
            + keccak256(self.path.encode())
            + self.body_hash
            + word(self.time)
            + address_word(self.recipient)
        )
        return domain.digest(keccak256(encoded))

    def is_fresh(self, now: int) -> bool:
        """Tell whether the request was made within `LIFETIME_SECONDS` of `now`, unix seconds."""
        return abs(now - self.time) <= LIFETIME_SECONDS


def response_digest(request_digest: bytes, status: int, body: bytes, domain: Domain) -> bytes:
    """Return the EIP-712 digest of an answer with an HTTP status and a body to the request of that digest."""
    return domain.digest(keccak256(_RESPONSE_HASH + request_digest + word(status) + keccak256(body)))
