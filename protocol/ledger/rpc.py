"""JSON-RPC to a chain over HTTP."""

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias

import httpx
import structlog

from protocol.ledger.errors import RpcError, RpcUnreachable

Json: TypeAlias = Any
"""A JSON value whose shape is the method's; read it with `quantity` and `octets`."""


class JsonRpc(Protocol):
    """Anything that answers Ethereum JSON-RPC calls."""

    async def call(self, method: str, *params: Json) -> Json:
        """Return the result of one call; raises `RpcError` or `RpcUnreachable`."""
        ...


class Rpc:
    """A JSON-RPC client that keeps its connections open.

    Args:
        url: where the chain answers, such as http://127.0.0.1:18545.
        timeout: seconds to wait for one answer.
    """

    def __init__(self, url: str, timeout: float = 30.0) -> None:
        self.url = url
        self._client = httpx.AsyncClient(timeout=timeout, trust_env=False)
        self._last_id = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def call(self, method: str, *params: Json) -> Json:
        """Return the result of one call.

        Raises:
            RpcUnreachable: nothing answers, or not with JSON-RPC.
            RpcError: the chain refused the call.
        """
        answer = await self._post(self._request(method, params))
        if not isinstance(answer, dict):
            raise RpcUnreachable(f"{self.url} answered {method} with something that is not JSON-RPC")
        return _result(method, answer)

    async def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Return the results of several calls made in one request, in their order.

        Raises:
            RpcUnreachable: nothing answers, or not with JSON-RPC.
            RpcError: the chain refused one of the calls.
        """
        if not calls:
            return []
        requests = [self._request(method, params) for method, params in calls]
        answers = await self._post(requests)
        if not isinstance(answers, list):
            raise RpcUnreachable(f"{self.url} does not answer batches of JSON-RPC calls")
        by_id = {answer.get("id"): answer for answer in answers if isinstance(answer, dict)}
        results = []
        for request in requests:
            if request["id"] not in by_id:
                raise RpcUnreachable(f"{self.url} left {request['method']} of a batch unanswered")
            results.append(_result(request["method"], by_id[request["id"]]))
        return results

    def _request(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        self._last_id += 1
        return {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": list(params)}

    async def _post(self, body: Json) -> Json:
        content = json.dumps(body, separators=(",", ":"))
        headers = {"content-type": "application/json"}
        if request_id := structlog.contextvars.get_contextvars().get("request_id"):
            headers["x-request-id"] = str(request_id)  # so that both sides' logs name the same request
        try:
            response = await self._client.post(self.url, content=content, headers=headers)
            return response.json()
        except httpx.HTTPError as error:
            words = str(error) or type(error).__name__
            raise RpcUnreachable(
                f"no chain answers at {self.url} ({words}); start it with `zuva chain` or set ZUVA_CHAIN_URL"
            ) from error
        except ValueError as error:
            raise RpcUnreachable(
                f"{self.url} does not speak JSON-RPC (HTTP {response.status_code}); check ZUVA_CHAIN_URL"
            ) from error


def _result(method: str, answer: dict[str, Any]) -> Json:
    failure = answer.get("error")
    if failure is None:
        return answer.get("result")
    if not isinstance(failure, dict):
        raise RpcError(method, 0, str(failure))
    raise RpcError(method, int(failure.get("code", 0)), str(failure.get("message", "")), failure.get("data"))


def quantity(value: Json) -> int:
    """Return a JSON-RPC quantity as an integer."""
    return value if isinstance(value, int) else int(value, 16)


def octets(value: Json) -> bytes:
    """Return JSON-RPC data as bytes."""
    return value if isinstance(value, bytes) else bytes.fromhex(value.removeprefix("0x"))


def hexed(value: bytes | int) -> str:
    """Return bytes as JSON-RPC data, or an integer as a JSON-RPC quantity."""
    return hex(value) if isinstance(value, int) else "0x" + value.hex()
