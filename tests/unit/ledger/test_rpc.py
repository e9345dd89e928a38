"""A chain that does not answer, or answers something else, is explained."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from protocol.ledger.errors import RpcUnreachable
from protocol.ledger.rpc import Rpc, hexed, octets, quantity


class Stranger(BaseHTTPRequestHandler):
    """A server that answers every request with its body, whatever was asked."""

    body = b"<html>"

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Stranger)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_nobody_at_the_address() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with Rpc(f"http://127.0.0.1:{port}") as rpc:
        with pytest.raises(RpcUnreachable, match=f"no chain answers at http://127.0.0.1:{port}"):
            await rpc.call("eth_chainId")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'"x"'])
async def test_somebody_else_at_the_address(stranger: str, body: bytes) -> None:
    Stranger.body = body
    async with Rpc(stranger) as rpc:
        with pytest.raises(RpcUnreachable, match="JSON-RPC"):
            await rpc.call("eth_chainId")
        with pytest.raises(RpcUnreachable, match=r"JSON-RPC|unanswered"):
            await rpc.batch([("eth_chainId", ())])


def test_values_of_the_wire() -> None:
    assert (quantity("0x1f"), quantity(31)) == (31, 31)
    assert (octets("0x0102"), octets(b"\x01")) == (b"\x01\x02", b"\x01")
    assert (hexed(31), hexed(b"\x01\x02")) == ("0x1f", "0x0102")
