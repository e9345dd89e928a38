"""The HTTP application of a node: signed questions of peers; health, figures and faults for its operator."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import psycopg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from oracle.node import Node
from oracle.presence import Presence
from oracle.quorum.messages import (
    ConsumptionRequest,
    DataSetsRequest,
    Hello,
    Message,
    ProposalMessage,
)
from protocol.errors import BadSignature, MalformedRecord
from protocol.keys import recover
from protocol.ledger.errors import LedgerError
from protocol.peers import ANYONE, SIGNATURE_HEADER, TIME_HEADER, PeerRequest, response_digest

log = structlog.get_logger()

BODY_BYTES_LIMIT: Final = 32 * 1024 * 1024
SHOWN: Final = 100
HELLO: Final = "hello"

Handler = Callable[[Node, Any, bytes], Awaitable[Message]]
QUESTIONS: Final[dict[str, tuple[type[Message], Handler]]] = {
    HELLO: (Hello, lambda node, message, peer: node.greet(message, peer)),
    "proposals": (ProposalMessage, lambda node, message, peer: node.voter.vote(message, peer)),
    "consumptions": (ConsumptionRequest, lambda node, message, _: node.voter.vote_consumption(message)),
    "data-sets": (DataSetsRequest, lambda node, message, _: node.serve_data_sets(message)),
}


def create_app(presence: Presence) -> FastAPI:
    """Return the application of one node.

    Args:
        presence: the node as it comes and goes.
    """
    app = FastAPI(title=f"Zuva oracle node {presence.name}", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/v1/peers/{question}")
    async def ask(question: str, request: Request) -> Response:
        return await _answer(presence, question, request)

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
        return Response(presence.metrics.text(), media_type="text/plain; version=0.0.4")

    @app.get("/v1/disagreements")
    async def disagreements() -> Response:
        if presence.node is None:
            return _waiting(presence)
        return JSONResponse(await presence.node.faults.newest_disagreements(SHOWN))

    @app.get("/v1/set-aside")
    async def set_aside() -> Response:
        if presence.node is None:
            return _waiting(presence)
        return JSONResponse(
            [
                {
                    "meter_id": "0x" + found.meter_id.hex(),
                    "words": found.words,
                    "statements": ["0x" + s.record().hex() for s in (found.first, found.second)],
                }
                for found in presence.node.set_aside.active.values()
            ]
        )

    return app


def _waiting(presence: Presence) -> JSONResponse:
    return JSONResponse({"status": "waiting", "words": presence.words}, status_code=503)


async def _answer(presence: Presence, question: str, request: Request) -> Response:
    """Answer a peer; only who is an oracle node in the Registry gets more than a refusal."""
    if question not in QUESTIONS:
        return Response(status_code=404)
    body = await _body(request)
    if body is None:
        return Response(status_code=413)
    node = presence.node
    if node is None:
        return _waiting(presence)
    known = _sender(node, question, request, body)
    if known is None:
        return Response(status_code=401)
    peer, digest = known
    node.peers.heard_from(peer)
    kind, handle = QUESTIONS[question]
    try:
        answer = await handle(node, kind.model_validate_json(body), peer)
    except (ValidationError, MalformedRecord) as error:
        log.warning("peer asks nonsense", question=question, reason=str(error).splitlines()[0])
        return _signed(node, digest, 400, b"{}")
    except (LedgerError, psycopg.Error) as error:
        return _signed(node, digest, 503, _json_words(str(error)))
    return _signed(node, digest, 200, answer.model_dump_json().encode())


async def _body(request: Request) -> bytes | None:
    """Return the body, or None if it is too long."""
    parts = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_BYTES_LIMIT:
            return None
        parts.append(part)
    return b"".join(parts)


def _sender(node: Node, question: str, request: Request, body: bytes) -> tuple[bytes, bytes] | None:
    """Return which oracle node asks, and the digest of its question; None if none does."""
    try:
        sent_at = int(request.headers.get(TIME_HEADER, ""))
        signature = bytes.fromhex(request.headers.get(SIGNATURE_HEADER, ""))
    except ValueError:
        return None
    if not 0 <= sent_at < 1 << 40:
        return None
    for recipient in (node.address, ANYONE) if question == HELLO else (node.address,):
        asked = PeerRequest(request.method, request.url.path, body, sent_at, recipient)
        digest = asked.digest(node.domain)
        try:
            signer = recover(digest, signature)
        except BadSignature:
            return None
        if node.is_other_oracle(signer) and asked.is_fresh(int(time.time())):
            return signer, digest
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
