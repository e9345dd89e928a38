"""A chain of the bench's own with a deployment on it, whose every key and moment is the same in every run."""

import asyncio
import contextlib
import signal
import subprocess
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from protocol.eip712 import Domain
from protocol.errors import ProtocolError
from protocol.keccak import keccak256
from protocol.keys import SigningKey, address_text
from protocol.ledger import compiler
from protocol.ledger.address_book import AddressBook
from protocol.ledger.bindings import contract, decode_revert
from protocol.ledger.errors import RpcError, RpcUnreachable
from protocol.ledger.rpc import Rpc, hexed, octets, quantity
from zuva.chain.anvil import find_anvil
from zuva.processes import dies_with_parent, free_port

INTERVAL_SECONDS: Final = 3600
RING: Final = 4
"""Short, so that slots are soon used again."""
BEGINS: Final = 1_700_006_400
"""Unix seconds of the first block; a UTC midnight."""
FIRST: Final = BEGINS // INTERVAL_SECONDS + 1
CHAIN_ID: Final = 31337
GAS_LIMIT: Final = 16_777_216
HARDFORK: Final = "osaka"
_PATIENCE_SECONDS: Final = 20.0
_BATCH: Final = 100


class StageFailed(ProtocolError):
    """A call of the bench's was refused, or its chain did not start."""


def key(name: str, number: int = 0) -> SigningKey:
    """Return a key that is the same in every run."""
    return SigningKey(keccak256(f"zuva gas bench {name} {number}".encode()))


@dataclass(frozen=True, slots=True)
class Sent:
    """A mined transaction.

    Attributes:
        gas: what it took.
        data: its calldata.
    """

    gas: int
    data: bytes


class Stage:
    """A deployment, and transactions to it in anybody's name."""

    def __init__(self, rpc: Rpc, book: AddressBook, oracles: Sequence[SigningKey]) -> None:
        self.rpc = rpc
        self.book = book
        self.oracles = oracles
        self._nonces: dict[bytes, int] = {}

    def domain(self, name: str) -> Domain:
        """Return a contract's EIP-712 domain."""
        return self.book.domain(name)

    async def at(self, timestamp: int) -> None:
        """Set the time of the next block, unix seconds."""
        await self.rpc.call("evm_setNextBlockTimestamp", hexed(timestamp))

    async def ask(self, name: str, function: str, *arguments: object) -> Any:  # noqa: ANN401 - as the ABI says
        """Return the first value that a view answers with."""
        entry = contract(name).functions[function]
        call = {"to": address_text(self.book.address(name)), "data": hexed(entry.encode(*arguments))}
        return entry.decode(octets(await self.rpc.call("eth_call", call, "latest")))[0]

    async def send(self, sender: bytes, name: str, function: str, *arguments: object) -> Sent:
        """Send one transaction and return what it took.

        Raises:
            StageFailed: the contract refused it.
        """
        (sent,) = await self.send_all([(sender, name, function, arguments)])
        return sent

    async def send_all(self, calls: Sequence[tuple[bytes, str, str, Sequence[object]]]) -> list[Sent]:
        """Send transactions, those of one sender in their order; errors as in `send`."""
        sent: list[Sent] = []
        for start in range(0, len(calls), _BATCH):
            part = calls[start : start + _BATCH]
            datas = [contract(name).functions[function].encode(*given) for _, name, function, given in part]
            requests = [
                {
                    "from": address_text(sender),
                    "to": address_text(self.book.address(name)),
                    "data": hexed(data),
                    "gas": hexed(GAS_LIMIT),
                    "gasPrice": "0x0",
                    "nonce": hexed(await self._next_nonce(sender)),
                }
                for (sender, name, _, _), data in zip(part, datas, strict=True)
            ]
            hashes = await self.rpc.batch([("eth_sendTransaction", (each,)) for each in requests])
            receipts = await self._receipts(hashes)
            for (_, name, function, _), request, receipt in zip(part, requests, receipts, strict=True):
                if quantity(receipt["status"]) != 1:
                    raise StageFailed(f"{name}.{function} was refused: {await self._reason(request)}")
            sent += [
                Sent(quantity(receipt["gasUsed"]), data)
                for receipt, data in zip(receipts, datas, strict=True)
            ]
        return sent

    async def _receipts(self, hashes: Sequence[str]) -> list[dict[str, Any]]:
        deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
        while True:
            found = await self.rpc.batch([("eth_getTransactionReceipt", (each,)) for each in hashes])
            if all(found):
                return found
            if asyncio.get_running_loop().time() > deadline:
                raise StageFailed("transactions were not mined")
            await self.rpc.call("evm_mine")  # those that waited for one before them

    async def _next_nonce(self, sender: bytes) -> int:
        """Count for ourselves: the chain takes the calls of one batch in any order."""
        if sender not in self._nonces:
            count = await self.rpc.call("eth_getTransactionCount", address_text(sender), "latest")
            self._nonces[sender] = quantity(count)
        self._nonces[sender] += 1
        return self._nonces[sender] - 1

    async def _reason(self, request: dict[str, str]) -> str:
        try:
            await self.rpc.call("eth_call", request, "latest")
        except RpcError as error:
            data = error.data if isinstance(error.data, str) else "0x"
            return decode_revert(octets(data)).words
        return "the same call is accepted a moment later"


@contextlib.asynccontextmanager
async def chain() -> AsyncIterator[Rpc]:
    """Run anvil on a free port, with every account unlocked and gas for nothing."""
    compiler.build()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="zuva-gas-", dir="/tmp") as folder:
        command = [
            str(find_anvil(None)),
            *("--host", "127.0.0.1", "--port", str(port), "--silent", "--enable-tx-gas-limit"),
            *("--chain-id", str(CHAIN_ID), "--timestamp", str(BEGINS), "--hardfork", HARDFORK),
            *("--gas-limit", str(_BATCH * GAS_LIMIT)),
            *("--block-base-fee-per-gas", "0", "--auto-impersonate", "--cache-path", folder),
        ]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, stdin=subprocess.DEVNULL, preexec_fn=dies_with_parent(signal.SIGKILL)
        )
        try:
            async with Rpc(f"http://127.0.0.1:{port}", timeout=120) as rpc:
                await _ready(rpc, process)
                yield rpc
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _ready(rpc: Rpc, process: Process) -> None:
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while True:
        try:
            await rpc.call("eth_chainId")
        except RpcUnreachable:
            if process.returncode is not None or asyncio.get_running_loop().time() > deadline:
                raise StageFailed(f"anvil did not start (exit code {process.returncode})") from None
            await asyncio.sleep(0.02)
        else:
            return
