"""A node that holds a valid key and does not keep to the rules."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response

from oracle.peers.client import HELLO_PATH, Peers
from oracle.quorum.messages import Hello, Message, ProposalMessage, Vote
from protocol.keccak import keccak256
from protocol.keys import recover
from protocol.peers import ANYONE, SIGNATURE_HEADER, TIME_HEADER, PeerRequest, response_digest
from tests.integration.oracle.community import NodeUnderTest, OracleCommunity
from zuva.http import serve_http

Behaviour = Callable[[bytes], Awaitable[bytes]]


class Liar:
    """Stands at a node's URL with its key; answers greetings well and everything else as it likes.

    `answer` gets a proposal's body and returns the body of its signed answer.
    """

    def __init__(self, community: OracleCommunity, node: NodeUnderTest) -> None:
        self.node = node
        self.asked = 0
        self.answer: Behaviour = silent
        self.domain = community.book.domain("Registry")
        self.peers = Peers(node.settings.peer_urls, node.key, self.domain)
        self.head = 0
        self.honest = {other.key.address for other in community.nodes if other is not node}

    @asynccontextmanager
    async def standing(self) -> AsyncIterator["Liar"]:
        serving = asyncio.create_task(
            serve_http(
                self._app(), self.node.settings.host, self.node.settings.port, lambda _: None, setting="-"
            )
        )
        greeting = asyncio.create_task(self._greet())
        try:
            yield self
        finally:
            for task in (serving, greeting):
                task.cancel()
            await asyncio.gather(serving, greeting, return_exceptions=True)
            await self.peers.close()

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v1/peers/{question}")
        async def ask(question: str, request: Request) -> Response:
            body = await request.body()
            if question == "hello":
                content = self._hello().model_dump_json().encode()
            else:
                self.asked += 1
                content = await self.answer(body)
            recipients = (self.node.key.address, ANYONE)
            path, time = request.url.path, int(request.headers[TIME_HEADER])
            for recipient in recipients if question == "hello" else recipients[:1]:
                digest = PeerRequest("POST", path, keccak256(body), time, recipient).digest(self.domain)
                if recipient != ANYONE and question == "hello" and not self._is_from_peer(digest, request):
                    continue
                break
            signature = self.node.key.sign(response_digest(digest, 200, content, self.domain))
            return Response(content, headers={SIGNATURE_HEADER: signature.hex()})

        return app

    def _is_from_peer(self, digest: bytes, request: Request) -> bool:
        signer = recover(digest, bytes.fromhex(request.headers[SIGNATURE_HEADER]))
        return signer in self.honest

    def _hello(self) -> Hello:
        return Hello(name="liar", production_head=self.head, consumption_head=self.head, mints=False)

    async def _greet(self) -> None:
        while True:
            for peer in self.peers:
                try:
                    await peer.ask(HELLO_PATH, self._hello(), Hello, lambda _: True)
                except Exception:  # noqa: BLE001 - the honest node may be away
                    await asyncio.sleep(0.1)
            await asyncio.sleep(0.5)

    async def propose(self, message: ProposalMessage) -> list[Vote]:
        """Propose something to both honest nodes."""
        return [await self.ask(peer, "/v1/peers/proposals", message) for peer in self.peers]

    async def ask(self, peer, path: str, message: Message) -> Vote:
        return await peer.ask(path, message, Vote, lambda _: True)


async def silent(_: bytes) -> bytes:
    """Never answer."""
    await asyncio.sleep(3600)
    return b""


async def garbage(_: bytes) -> bytes:
    """Answer something that is no answer."""
    return b"\xff garbage"


async def signs_garbage(body: bytes) -> bytes:
    """Answer with signatures over nothing."""
    wanted = len(ProposalMessage.model_validate_json(body).intervals) if b"leaves" in body else 1
    return Vote(production_head=0, signatures=[b"\x01" * 65] * wanted).model_dump_json().encode()


async def late(body: bytes) -> bytes:
    """Answer after everybody has gone."""
    await asyncio.sleep(3)
    return await signs_garbage(body)
