"""The HTTP application of a node: signed questions of peers; health, figures and faults for its operator."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

import psycopg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from oracle.node import Node
from oracle.peers.errors import PeerTooEager
from oracle.peers.kept import Kept
from oracle.peers.turns import Turns
from oracle.presence import Presence
from oracle.quorum.messages import (
    ConsumptionRequest,
    DataSetsRequest,
    Hello,
    Message,
    ProposalMessage,
)
from protocol.errors import BadSignature, MalformedRecord
from protocol.keccak import keccak256
from protocol.keys import recover
from protocol.ledger.errors import LedgerError
from protocol.peers import (
    ANYONE,
    BODY_HASH_HEADER,
    SIGNATURE_HEADER,
    TIME_HEADER,
    PeerRequest,
    response_digest,
)

log = structlog.get_logger()

HASH_BYTES: Final = 32
_DIGITS: Final = 12
MEGABYTE: Final = 1024 * 1024
# a body comes at once, or somebody wants the connection held
BODY_SECONDS: Final = 10.0
# whoever watches does not have it made anew more often
KEPT_SECONDS: Final = 1.0
SHOWN: Final = 100
HELLO: Final = "hello"

Handler = Callable[[Node, Any, bytes], Awaitable[Message]]


class Question(NamedTuple):
    """What peers may ask: the kind of message, the longest body, bytes, and who answers."""

    kind: type[Message]
    body_bytes: int
    handle: Handler


class Sender(NamedTuple):
    """Which oracle node asks, the digest of its question, and the hash that its body must have."""

    address: bytes
    digest: bytes
    body_hash: bytes


QUESTIONS: Final = {
    HELLO: Question(Hello, 4 * 1024, lambda node, message, peer: node.greet(message, peer)),
    "proposals": Question(
        ProposalMessage, 32 * MEGABYTE, lambda node, message, peer: node.voter.vote(message, peer)
    ),
    "consumptions": Question(
        ConsumptionRequest, 64 * 1024, lambda node, message, _: node.voter.vote_consumption(message)
    ),
    "data-sets": Question(DataSetsRequest, 64 * 1024, lambda node, message, _: node.serve_data_sets(message)),
}


def create_app(presence: Presence) -> FastAPI:
    """Return the application of one node.

    Args:
        presence: the node as it comes and goes.
    """
    app = FastAPI(title=f"Zuva oracle node {presence.name}", docs_url=None, redoc_url=None, openapi_url=None)
    turns = Turns()
    kept = Kept(KEPT_SECONDS)

    @app.post("/v1/peers/{question}")
    async def ask(question: str, request: Request) -> Response:
        return await _answer(presence, turns, question, request)

    @app.get("/health")
    async def health() -> JSONResponse:
        node = presence.node
        if node is None:
            return JSONResponse({"name": presence.name, "status": "waiting", "words": presence.words})
        return JSONResponse(
            {"name": presence.name, "status": "working", "words": presence.words} | node.health()
        )

    @app.get("/metrics")
    async def metrics() -> Response:
        async def made() -> bytes:
            return presence.metrics.text()

        return Response(await kept.get("metrics", made), media_type="text/plain; version=0.0.4")

    @app.get("/v1/disagreements")
    async def disagreements() -> Response:
        node = presence.node
        if node is None:
            return _waiting(presence)

        async def made() -> bytes:
            return json.dumps(await node.faults.newest_disagreements(SHOWN)).encode()

        return Response(await kept.get("disagreements", made), media_type="application/json")

    @app.get("/v1/set-aside")
    async def set_aside() -> Response:
        node = presence.node
        if node is None:
            return _waiting(presence)

        async def made() -> bytes:
            return json.dumps(
                [
                    {
                        "meter_id": "0x" + found.meter_id.hex(),
                        "words": found.words,
                        "statements": ["0x" + s.record().hex() for s in (found.first, found.second)],
                    }
                    for found in node.set_aside.active.values()
                ]
            ).encode()

        return Response(await kept.get("set-aside", made), media_type="application/json")

    return app


def _waiting(presence: Presence) -> JSONResponse:
    return JSONResponse(
        {"status": "waiting", "words": presence.words}, status_code=503, headers={"retry-after": "2"}
    )


async def _answer(presence: Presence, turns: Turns, question: str, request: Request) -> Response:
    """Answer a peer; nothing is read of a body before it is known that an oracle node sends it."""
    if question not in QUESTIONS:
        return _refused(404)
    node = presence.node
    if node is None:
        return _waiting(presence)
    length = request.headers.get("content-length", "")
    if not (length.isdecimal() and len(length) < _DIGITS):
        return _refused(411)
    if int(length) > QUESTIONS[question].body_bytes:
        return _refused(413)
    known = _sender(node, question, request)
    if known is None:
        return _refused(401)
    if question == HELLO:
        # whoever is being answered is still greeted
        return await _answer_peer(node, question, request, known)
    try:
        async with turns.turn(known.address):
            return await _answer_peer(node, question, request, known)
    except PeerTooEager:
        return _refused(429)


async def _answer_peer(node: Node, question: str, request: Request, sender: Sender) -> Response:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.body()
    except TimeoutError:
        return _refused(408)
    except ClientDisconnect:
        return _refused(400)
    if keccak256(body) != sender.body_hash:
        return _refused(401)
    node.peers.heard_from(sender.address)
    kind, _, handle = QUESTIONS[question]
    try:
        answer = await handle(node, kind.model_validate_json(body), sender.address)
    except (ValidationError, MalformedRecord) as error:
        log.warning("peer asks nonsense", question=question, reason=str(error).splitlines()[0])
        return _signed(node, sender.digest, 400, b"{}")
    except (LedgerError, psycopg.Error) as error:
        return _signed(node, sender.digest, 503, _json_words(str(error)))
    return _signed(node, sender.digest, 200, answer.model_dump_json().encode())


def _refused(status: int) -> Response:
    """Refuse without having read the body; the connection goes with it."""
    return Response(status_code=status, headers={"connection": "close"})


def _sender(node: Node, question: str, request: Request) -> Sender | None:
    """Return who asks by the headers; None if no oracle node does, or not now."""
    try:
        sent_at = int(request.headers.get(TIME_HEADER, "")[:_DIGITS])
        body_hash = bytes.fromhex(request.headers.get(BODY_HASH_HEADER, ""))
        signature = bytes.fromhex(request.headers.get(SIGNATURE_HEADER, ""))
    except ValueError:
        return None
    if len(body_hash) != HASH_BYTES or not 0 <= sent_at < 1 << 40:
        return None
    for recipient in (node.address, ANYONE) if question == HELLO else (node.address,):
        asked = PeerRequest(request.method, request.url.path, body_hash, sent_at, recipient)
        if not asked.is_fresh(int(time.time())):
            return None
        digest = asked.digest(node.domain)
        try:
            signer = recover(digest, signature)
        except BadSignature:
            return None
        if node.is_other_oracle(signer):
            return Sender(signer, digest, body_hash)
    return None


def _signed(node: Node, request_digest: bytes, status: int, body: bytes) -> Response:
    signature = node.key.sign(response_digest(request_digest, status, body, node.domain))
    return Response(
        body,
        status_code=status,
        media_type="application/json",
        headers={SIGNATURE_HEADER: signature.hex()},
    )


def _json_words(words: str) -> bytes:
    return json.dumps({"words": words}).encode()
