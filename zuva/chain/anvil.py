"""anvil as a private child process, and the connection to it."""

import asyncio
import json
import re
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

from zuva.chain.journal import Genesis
from zuva.errors import ConfigurationError, ServiceEnded
from zuva.processes import dies_with_parent

_PACKAGES = ("anvil-linux-amd64", "anvil-linux-arm64", "anvil-darwin-arm64", "anvil-darwin-amd64")
_LISTENING = re.compile(rb"Listening on 127\.0\.0\.1:(\d+)")


class RpcRefused(Exception):
    """The chain answered a call with an error object."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(str(error.get("message", error)))
        self.error = error


def find_anvil(wanted: Path | None) -> Path:
    """Return the anvil program: the one asked for, npm's, or the one on PATH.

    Raises:
        ConfigurationError: When there is none.
    """
    if wanted is not None:
        if wanted.is_file():
            return wanted
        raise ConfigurationError(f"chain: ZUVA_CHAIN_ANVIL={wanted} is not a file; correct it or unset it")
    root = Path(__file__).resolve().parents[2] / "node_modules" / "@foundry-rs"
    for package in _PACKAGES:
        program = root / package / "bin" / "anvil"
        if program.is_file():
            return program
    on_path = shutil.which("anvil")
    if on_path:
        return Path(on_path)
    raise ConfigurationError(
        "chain: anvil is not installed; run `make up` (it installs the npm packages), "
        "set ZUVA_CHAIN_ANVIL to the program, or ZUVA_CHAIN_URL to a chain of yours"
    )


class Connection:
    """One keep-alive HTTP connection to anvil; calls on it wait for each other.

    A general HTTP client costs more time than anvil itself; the peer is always our own child on loopback.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._lock = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> bytes:
        """Send one JSON-RPC body and return the body of the answer.

        Raises:
            ServiceEnded: When anvil is gone or answers something else than HTTP with a length.
        """
        async with self._lock:
            try:
                return await self._exchange(body)
            except (OSError, EOFError, ValueError) as error:
                self.close()
                raise ServiceEnded(f"chain: anvil does not answer ({type(error).__name__})") from error
            except BaseException:
                self.close()  # cancelled between request and answer: the next call must not read that answer
                raise

    async def _exchange(self, body: bytes) -> bytes:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        reader, writer = self._streams
        writer.write(
            b"POST / HTTP/1.1\r\nHost: anvil\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if length:
            return await reader.readexactly(int(length[1]))
        if not re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head):
            raise ValueError("an answer without a length")
        parts = []
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readexactly(2)
        return b"".join(parts)

    async def call(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON
        """Call one method and return its result.

        Raises:
            RpcRefused: When the chain answers with an error.
        """
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = json.loads(await self.post(json.dumps(request).encode()))
        if "error" in answer:
            raise RpcRefused(answer["error"])
        return answer["result"]

    def close(self) -> None:
        """Drop the connection; the next call makes a new one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Anvil:
    """One anvil process that mines only when told to, so that blocks are the same after every replay."""

    def __init__(self, process: Process, port: int, drain: asyncio.Task[None]) -> None:
        self.process = process
        self.port = port
        self._drain = drain

    @classmethod
    async def start(cls, program: Path, genesis: Genesis, home: Path) -> "Anvil":
        """Start anvil with `genesis` on a free private port."""
        arguments = [
            *("--host", "127.0.0.1", "--port", "0", "--no-cors", "--no-request-size-limit"),
            *("--chain-id", str(genesis.chain_id), "--timestamp", str(genesis.timestamp)),
            *("--hardfork", genesis.hardfork, "--no-mining", "--order", "fifo"),
            *("--gas-limit", "60000000", "--enable-tx-gas-limit", "--disable-min-priority-fee"),
            *("--accounts", "10", "--balance", "1000000", "--prune-history", "64", "--color", "never"),
        ]
        process = await asyncio.create_subprocess_exec(
            str(program), *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, stderr=sys.stderr,
            start_new_session=True, preexec_fn=dies_with_parent(signal.SIGKILL),
            env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        output = process.stdout
        if output is None:
            raise ServiceEnded("chain: anvil has no output to read its port from")
        last = b""
        async for line in output:
            if found := _LISTENING.search(line):
                # anvil writes a line per call; unread, they would fill the pipe and stop it.
                return cls(process, int(found[1]), asyncio.create_task(_discard(output)))
            last = line.strip() or last
        raise ServiceEnded(f"chain: anvil did not start: {last.decode(errors='replace')[:300]}")

    async def stop(self) -> None:
        """End the process at once; all that matters is in the journal."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._drain


async def _discard(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass
