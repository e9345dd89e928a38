"""The contracts in revm, in process: a chain as far as a deployment and plain calls need one."""

from collections.abc import Sequence
from typing import Any

from pyrevm import EVM, BlockEnv, CfgEnv, Env

from protocol.keccak import keccak256
from protocol.keys import address_text
from protocol.ledger.bindings import contract, decode_revert
from protocol.ledger.rpc import hexed, octets
from protocol.ledger.transactions import Receipt

CHAIN_ID = 31337
_PANIC = "Panic"


class Refused(Exception):
    """A contract refused a call; the argument is its error's name."""


class RevmRpc:
    """The few JSON-RPC methods that a deployment asks for."""

    def __init__(self, chain: "Revm") -> None:
        self.chain = chain

    async def call(self, method: str, *params: Any) -> Any:
        chain = self.chain
        match method:
            case "eth_chainId":
                return hexed(CHAIN_ID)
            case "eth_blockNumber":
                return "0x1"
            case "eth_getBlockByNumber":
                return {"hash": hexed(keccak256(b"genesis")), "timestamp": hexed(chain.now)}
            case "eth_getCode":
                return hexed(chain.evm.get_code(params[0]) or b"")
            case "eth_getTransactionCount":
                return hexed(chain.evm.basic(params[0]).nonce)
            case "eth_getLogs":
                return [each for each in chain.logs if each["address"] == params[0]["address"]]
            case "eth_call":
                return hexed(chain.call(bytes(20), octets(params[0]["to"]), octets(params[0]["data"])))
        raise NotImplementedError(method)


class RevmSender:
    """Sends as `protocol.ledger.transactions.Sender` does."""

    def __init__(self, chain: "Revm", address: bytes) -> None:
        self.rpc = RevmRpc(chain)
        self.chain_id = CHAIN_ID
        self.chain = chain
        self.address = address

    async def transact(self, to: bytes | None, data: bytes, **_: object) -> Receipt:
        created = None
        if to is None:
            created = octets(self.chain.evm.deploy(address_text(self.address), data))
        else:
            self.chain.call(self.address, to, data)
        return Receipt(keccak256(data), 1, 0, created, [])


class Revm:
    """An EVM whose clock is ours."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.logs: list[dict[str, Any]] = []
        environment = Env(cfg=CfgEnv(chain_id=CHAIN_ID), block=self._block())
        self.evm = EVM(env=environment, spec_id="PRAGUE", gas_limit=2**40)

    def _block(self) -> BlockEnv:
        return BlockEnv(
            number=1, timestamp=self.now, prevrandao=keccak256(self.now.to_bytes(8, "big")), gas_limit=2**50
        )

    def move_to(self, now: int) -> None:
        """Set the clock, unix seconds."""
        self.now = now
        self.evm.set_block_env(self._block())

    def call(self, sender: bytes, to: bytes, data: bytes) -> bytes:
        """Make one call that stays; raises `Refused`."""
        try:
            answer = self.evm.message_call(address_text(sender), address_text(to), calldata=data)
        except RuntimeError as error:
            raise Refused(_name_of(str(error))) from None
        finally:
            self.evm.reset_transient_storage()
        self.logs += [
            {
                "address": address_text(octets(log.address)),
                "topics": log.topics,
                "data": hexed(bytes(log.data[1])),
                "blockNumber": "0x1",
                "logIndex": "0x0",
                "transactionHash": hexed(bytes(32)),
            }
            for log in self.evm.result.logs
        ]
        return bytes(answer)


class Party:
    """One contract, called by name."""

    def __init__(self, chain: Revm, name: str, address: bytes) -> None:
        self.chain = chain
        self.address = address
        self._functions = contract(name).functions

    def send(self, sender: bytes, function: str, *arguments: object) -> Any:
        """Call a function as `sender`; return what it answers, or its first value where there is one only."""
        entry = self._functions[function]
        values = entry.decode(self.chain.call(sender, self.address, entry.encode(*arguments)))
        return values[0] if len(values) == 1 else values

    def ask(self, function: str, *arguments: object) -> Any:
        """Ask a view."""
        return self.send(bytes(20), function, *arguments)

    def has(self, functions: Sequence[str]) -> bool:
        """Tell whether it has all these functions."""
        return all(name in self._functions for name in functions)


def _name_of(text: str) -> str:
    """Find the error's name in what revm says, such as `Revert { gas_used: .., output: 0x.. }`."""
    start = text.find("0x")
    data = bytes.fromhex("".join(c for c in text[start + 2 :].split(" ")[0] if c in "0123456789abcdef"))
    revert = decode_revert(data)
    return revert.name or text
