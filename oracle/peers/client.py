"""Asks other nodes, and knows which of them are there."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

import httpx
from pydantic import ValidationError

from oracle.peers.errors import PeerMisbehaved, PeerUnavailable
from oracle.quorum.messages import ConsumptionVote, DataSetsAnswer, Hello, Message, Vote
from protocol.eip712 import Domain
from protocol.errors import BadSignature
from protocol.keccak import keccak256
from protocol.keys import SigningKey, address_text, recover
from protocol.peers import (
    ANYONE,
    BODY_HASH_HEADER,
    SIGNATURE_HEADER,
    TIME_HEADER,
    PeerRequest,
    response_digest,
)

CONNECT_SECONDS: Final = 1.0
# under a full processor an answer takes its time; whoever is slower than this is away
PATIENCE_SECONDS: Final = 15.0
AWAY_SECONDS: Final = 6.0
HELLO_PATH: Final = "/v1/peers/hello"
# what the longest honest answer takes, with room: hex doubles, 100,000 readings are 29 MB
ANSWER_BYTES: Final[dict[type[Message], int]] = {
    Hello: 4 * 1024,
    Vote: 48 * 1024 * 1024,
    ConsumptionVote: 64 * 1024,
    DataSetsAnswer: 48 * 1024 * 1024,
}

_NOT_NOW: Final = frozenset({httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.TOO_MANY_REQUESTS})
_DIGITS: Final = 12

Answer = TypeVar("Answer", bound=Message)


class Peer:
    """Another node behind a URL.

    Attributes:
        url: where it answers.
        address: who answered there with a signature; None before the first contact.
        mints: whether it says that it can keep.
    """

    def __init__(self, url: str, client: httpx.AsyncClient, key: SigningKey, domain: Domain) -> None:
        self.url = url.rstrip("/")
        self.address: bytes | None = None
        self.mints = False
        self.trouble = "not met yet"
        self._client = client
        self._key = key
        self._domain = domain
        self._contact: float | None = None
        self._away = True

    @property
    def is_alive(self) -> bool:
        """Whether it was there a moment ago."""
        contact = self.seconds_since_contact
        return not self._away and contact is not None and contact < AWAY_SECONDS

    @property
    def seconds_since_contact(self) -> float | None:
        """Seconds since it last proved to be there."""
        return None if self._contact is None else time.monotonic() - self._contact

    def heard(self) -> None:
        """Note that it just proved to be there."""
        self._contact = time.monotonic()
        self._away = False
        self.trouble = ""

    async def ask(
        self,
        path: str,
        message: Message,
        answer: type[Answer],
        is_oracle: Callable[[bytes], bool],
        patience: float = PATIENCE_SECONDS,
    ) -> Answer:
        """Send a message and return the answer.

        Args:
            path: path of the endpoint.
            message: what to ask.
            answer: kind of the answer.
            is_oracle: tells whether an address is an oracle node's.
            patience: seconds to wait for the answer.

        Raises:
            PeerUnavailable: nothing answers, or it cannot at the moment.
            PeerMisbehaved: the answer is not a signed answer of an oracle node.
        """
        try:
            async with asyncio.timeout(patience):
                return await self._ask(path, message, answer, is_oracle)
        except (TimeoutError, httpx.HTTPError) as error:
            self._away = True
            self.trouble = str(error) or type(error).__name__
            raise PeerUnavailable(f"{self.url} does not answer: {self.trouble}") from error
        except (PeerUnavailable, PeerMisbehaved) as error:
            self._away = True
            self.trouble = str(error)
            raise

    async def _ask(
        self, path: str, message: Message, answer: type[Answer], is_oracle: Callable[[bytes], bool]
    ) -> Answer:
        body = message.model_dump_json().encode()
        recipient = self.address or ANYONE
        request = PeerRequest("POST", path, keccak256(body), int(time.time()), recipient)
        digest = request.digest(self._domain)
        headers = {
            "content-type": "application/json",
            "accept-encoding": "identity",
            TIME_HEADER: str(request.time),
            BODY_HASH_HEADER: request.body_hash.hex(),
            SIGNATURE_HEADER: self._key.sign(digest).hex(),
        }
        async with self._client.stream("POST", self.url + path, content=body, headers=headers) as response:
            content = await self._read(response, ANSWER_BYTES[answer])
        if response.status_code in _NOT_NOW:
            raise PeerUnavailable(f"{self.url} cannot answer yet")
        if response.status_code == httpx.codes.UNAUTHORIZED:
            # another node may answer there than before: the next greeting finds out
            self.address = None
            raise PeerMisbehaved(f"{self.url} does not know this node, or another node answers there now")
        self._verify(response, content, digest, recipient, is_oracle)
        if response.status_code != httpx.codes.OK:
            raise PeerMisbehaved(f"{self.url} refuses {path} with HTTP {response.status_code}")
        try:
            said = answer.model_validate_json(content)
        except ValidationError as error:
            raise PeerMisbehaved(f"{self.url} answers {path} with something else") from error
        self.heard()
        return said

    async def _read(self, response: httpx.Response, limit: int) -> bytes:
        """Return the answer's body as it was sent; no more than `limit` bytes are ever held of it."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise PeerMisbehaved(f"{self.url} answers with something packed")
        announced = response.headers.get("content-length", "0")
        size = int(announced) if announced.isdecimal() and len(announced) < _DIGITS else limit + 1
        parts = []
        if size <= limit:
            size = 0
            async for part in response.aiter_raw():
                size += len(part)
                if size > limit:
                    break
                parts.append(part)
        if size > limit:
            raise PeerMisbehaved(f"the answer of {self.url} is longer than {limit:,} bytes")
        return b"".join(parts)

    def _verify(
        self,
        response: httpx.Response,
        content: bytes,
        request_digest: bytes,
        recipient: bytes,
        is_oracle: Callable[[bytes], bool],
    ) -> None:
        digest = response_digest(request_digest, response.status_code, content, self._domain)
        try:
            signer = recover(digest, bytes.fromhex(response.headers.get(SIGNATURE_HEADER, "")))
        except (BadSignature, ValueError) as error:
            raise PeerMisbehaved(
                f"the answer of {self.url} (HTTP {response.status_code}) is not signed by a node"
            ) from error
        if recipient not in (ANYONE, signer):
            raise PeerMisbehaved(f"{self.url} answers in the name of {address_text(signer)}")
        if not is_oracle(signer):
            raise PeerMisbehaved(f"{address_text(signer)} at {self.url} is no oracle node of the Registry")
        self.address = signer


class Peers:
    """The other nodes.

    Args:
        urls: where they answer.
        key: the node's key, which signs what is asked.
        domain: EIP-712 domain of the Registry.
    """

    def __init__(self, urls: Sequence[str], key: SigningKey, domain: Domain) -> None:
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(PATIENCE_SECONDS, connect=CONNECT_SECONDS), trust_env=False
        )
        self._peers = tuple(Peer(url, self._client, key, domain) for url in urls)

    def __iter__(self) -> Iterator[Peer]:
        return iter(self._peers)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def alive(self) -> list[Peer]:
        """Return the peers that are there and known by their address."""
        return [peer for peer in self._peers if peer.is_alive and peer.address is not None]

    def addresses(self) -> set[bytes]:
        """Return the addresses of the peers that are there."""
        return {peer.address for peer in self.alive() if peer.address is not None}

    def heard_from(self, address: bytes) -> None:
        """Note that a node of this address asked something."""
        for peer in self._peers:
            if peer.address == address:
                peer.heard()
