"""The chain's JSON-RPC over HTTP: which methods pass, which go through the journal, which are refused."""

import asyncio
import json

import structlog

from zuva.asgi import Receive, Scope, Send
from zuva.chain.anvil import RpcRefused
from zuva.chain.ledger import Ledger
from zuva.errors import ServiceEnded

log = structlog.get_logger()

_READ_PREFIXES = ("eth_", "net_", "web3_", "debug_", "trace_", "txpool_", "ots_")
# These would change the chain without its journal, or sign with keys that anvil holds.
_CHANGES = frozenset(
    {
        "eth_sendTransaction", "eth_sendTransactionSync", "eth_sendUnsignedTransaction",
        "eth_sendRawTransactionSync", "eth_sendRawTransactionConditional", "eth_sendBundle",
        "eth_sign", "eth_signTransaction", "eth_signTypedData", "eth_signTypedData_v3",
        "eth_signTypedData_v4", "eth_subscribe", "eth_unsubscribe",
    }
)  # fmt: skip

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_REFUSED = -32601
INVALID_PARAMS = -32602
UNAVAILABLE = -32000


class Front:
    """The ASGI application before the ledger."""

    def __init__(self, ledger: Ledger, most_bytes: int) -> None:
        self._ledger = ledger
        self._most_bytes = most_bytes
        self.passed = 0
        self.sent = 0
        self.refused = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            return
        if scope["method"] != "POST":
            await _reply(send, 405, _failure(None, INVALID_REQUEST, "this is JSON-RPC: use POST"))
            return
        body = await self._body(receive)
        if body is None:
            words = f"the request is larger than {self._most_bytes} bytes; split it"
            await _reply(send, 413, _failure(None, INVALID_REQUEST, words))
            return
        await _reply(send, 200, await self.answer(body))

    async def _body(self, receive: Receive) -> bytes | None:
        parts, size = [], 0
        while True:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            if size > self._most_bytes:
                return None
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)

    async def answer(self, body: bytes) -> bytes:
        """Answer one JSON-RPC body, single or batch."""
        try:
            request = json.loads(body)
        except (ValueError, RecursionError):
            return _failure(None, PARSE_ERROR, "the body is not JSON")
        if not isinstance(request, list):
            return await self._one(request, body)
        if not request:
            return _failure(None, INVALID_REQUEST, "an empty batch")
        if all(_passes(call) for call in request):
            return await self._pass(None, body)
        # Tasks begin in order, so transactions of a batch reach the journal in its order.
        answers = await asyncio.gather(*(self._one(call, json.dumps(call).encode()) for call in request))
        return b"[" + b",".join(answers) + b"]"

    async def _one(self, call: object, body: bytes) -> bytes:
        if not isinstance(call, dict) or not isinstance(call.get("method"), str):
            return _failure(None, INVALID_REQUEST, "a call needs a method")
        identity, method = call.get("id"), call["method"]
        if _passes(call):
            return await self._pass(identity, body)
        params = call.get("params")
        match method, params:
            case "eth_sendRawTransaction", [str(raw)] if _is_hex(raw):
                return await self._send(identity, raw)
            case "zuva_setTime", [int(seconds)] if 0 <= seconds < 2**40 and not isinstance(seconds, bool):
                return await self._set_time(identity, seconds)
            case "eth_sendRawTransaction", _:
                return _failure(identity, INVALID_PARAMS, "eth_sendRawTransaction takes one 0x-hex string")
            case "zuva_setTime", _:
                return _failure(identity, INVALID_PARAMS, "zuva_setTime takes unix seconds as one integer")
            case _:
                words = f"{method} is refused: it would change the chain past its journal, or is not known"
                return _failure(identity, METHOD_REFUSED, words)

    async def _send(self, identity: object, raw: str) -> bytes:
        try:
            sent = await self._ledger.send(raw)
        except RpcRefused as refusal:
            self.refused += 1
            return json.dumps({"jsonrpc": "2.0", "id": identity, "error": refusal.error}).encode()
        except ServiceEnded as error:
            return _failure(identity, UNAVAILABLE, str(error))
        self.sent += 1
        return _success(identity, sent)

    async def _set_time(self, identity: object, seconds: int) -> bytes:
        try:
            return _success(identity, await self._ledger.set_time(seconds))
        except ServiceEnded as error:
            return _failure(identity, UNAVAILABLE, str(error))

    async def _pass(self, identity: object, body: bytes) -> bytes:
        self.passed += 1
        try:
            return await self._ledger.read(body)
        except ServiceEnded as error:
            return _failure(identity, UNAVAILABLE, str(error))


def _passes(call: object) -> bool:
    if not isinstance(call, dict):
        return False
    method = call.get("method")
    return (
        isinstance(method, str)
        and method.startswith(_READ_PREFIXES)
        and method not in _CHANGES
        and method != "eth_sendRawTransaction"
    )


def _is_hex(text: str) -> bool:
    try:
        return text.startswith("0x") and len(bytes.fromhex(text[2:])) > 0
    except ValueError:
        return False


def _success(identity: object, result: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": identity, "result": result}).encode()


def _failure(identity: object, code: int, words: str) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": identity, "error": {"code": code, "message": words}}).encode()


async def _reply(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
