"""Sign and send transactions, wait for them, and say in words why one was refused."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final

import structlog
from eth_account import Account

from protocol.keys import SigningKey, address_text
from protocol.ledger.bindings import decode_revert
from protocol.ledger.errors import RpcError, TransactionLost, TransactionReverted
from protocol.ledger.rpc import JsonRpc, hexed, octets, quantity

log = structlog.get_logger()

_TIP: Final = 1_000_000
"""Priority fee in wei; chains with one sequencer or instant mining take anything above zero."""
_FEE_AGE_SECONDS: Final = 10.0
_FIRST_POLL_SECONDS: Final = 0.005
_LAST_POLL_SECONDS: Final = 0.5
_STALE_NONCE: Final = ("nonce too low", "nonce too high", "invalid nonce", "nonce is too")
_EXECUTION_REVERTED: Final = 3
_LOW_FEE: Final = ("max fee per gas", "maxfeepergas", "underpriced", "base fee")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction that succeeded.

    Attributes:
        transaction_hash: 32 bytes.
        block_number: the block it is in.
        gas_used: gas it took.
        contract_address: the created contract, 20 bytes, or None.
        logs: the logs as JSON-RPC gives them.
    """

    transaction_hash: bytes
    block_number: int
    gas_used: int
    contract_address: bytes | None
    logs: list[dict[str, Any]]


class Sender:
    """Sends transactions of one key in order; safe to use from several tasks.

    Args:
        rpc: the chain.
        key: signs and pays; its account needs the chain's coin.
        chain_id: EIP-155 chain id.
        set_time_method: JSON-RPC method that takes the next block's time in unix seconds.
    """

    def __init__(
        self, rpc: JsonRpc, key: SigningKey, chain_id: int, *, set_time_method: str = "zuva_setTime"
    ) -> None:
        self.rpc = rpc
        self.address = key.address
        self.chain_id = chain_id
        self._secret = key.secret
        self._set_time_method = set_time_method
        self._nonce: int | None = None
        self._base_fee = 0
        self._fee_read = float("-inf")
        self._lock = asyncio.Lock()

    def start_anew(self) -> None:
        """Ask the chain for the account's next nonce again, because transactions may have been undone."""
        self._nonce = None

    async def send(
        self, to: bytes | None, data: bytes, *, gas: int | None = None, value: int = 0, at: int | None = None
    ) -> bytes:
        """Sign and send a transaction without waiting for it.

        Args:
            to: 20-byte address of the contract; None creates one.
            data: calldata.
            gas: gas limit; None asks the chain, which also finds refusals before anything is spent.
            value: wei to send along.
            at: community time (unix seconds) that the block shall carry, for a stepped chain.

        Returns:
            The transaction's hash.

        Raises:
            TransactionReverted: asked for gas, and the contract would refuse.
            RpcError: the chain does not take the transaction.
            RpcUnreachable: no chain answers.
        """
        async with self._lock:
            if at is not None:
                await self.rpc.call(self._set_time_method, at)
            if gas is None:
                gas = await self._estimate(to, data, value)
            try:
                return await self._send_signed(to, data, gas, value)
            except RpcError as error:
                reason = error.reason.lower()
                if any(words in reason for words in _STALE_NONCE):
                    self._nonce = None
                elif any(words in reason for words in _LOW_FEE):
                    self._fee_read = float("-inf")
                else:
                    raise
                log.info("transaction sent again", reason=error.reason, account=address_text(self.address))
            return await self._send_signed(to, data, gas, value)

    async def wait(self, transaction_hash: bytes, *, patience: float = 60.0) -> Receipt:
        """Return the receipt of a sent transaction.

        Raises:
            TransactionReverted: it was mined and the contract refused it.
            TransactionLost: it was not mined within `patience` seconds.
        """
        deadline = time.monotonic() + patience
        pause = _FIRST_POLL_SECONDS
        while True:
            receipt = await self.rpc.call("eth_getTransactionReceipt", hexed(transaction_hash))
            if receipt is not None and receipt.get("blockNumber") is not None:
                break
            if time.monotonic() > deadline:
                self._nonce = None
                raise TransactionLost(
                    f"transaction {hexed(transaction_hash)} was not mined in {patience:g} s; "
                    "the chain may have stopped making blocks"
                )
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LAST_POLL_SECONDS)
        if quantity(receipt["status"]) != 1:
            raise await self._refusal(transaction_hash, quantity(receipt["blockNumber"]))
        created = receipt.get("contractAddress")
        return Receipt(
            transaction_hash=transaction_hash,
            block_number=quantity(receipt["blockNumber"]),
            gas_used=quantity(receipt["gasUsed"]),
            contract_address=octets(created) if created else None,
            logs=receipt["logs"],
        )

    async def transact(
        self, to: bytes | None, data: bytes, *, gas: int | None = None, value: int = 0, at: int | None = None
    ) -> Receipt:
        """Send a transaction and wait for its receipt; arguments and errors as in `send` and `wait`."""
        return await self.wait(await self.send(to, data, gas=gas, value=value, at=at))

    async def _send_signed(self, to: bytes | None, data: bytes, gas: int, value: int) -> bytes:
        await self._refresh_fee()
        if self._nonce is None:
            count = await self.rpc.call("eth_getTransactionCount", address_text(self.address), "pending")
            self._nonce = quantity(count)
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": self.chain_id,
            "nonce": self._nonce,
            "gas": gas,
            "maxFeePerGas": 4 * self._base_fee + _TIP,
            "maxPriorityFeePerGas": _TIP,
            "value": value,
            "data": data,
        }
        if to is not None:
            fields["to"] = to
        signed = Account.sign_transaction(fields, self._secret)
        try:
            sent = await self.rpc.call("eth_sendRawTransaction", hexed(bytes(signed.raw_transaction)))
        except BaseException:
            # whether it arrived is not known: count again before the next one
            self._nonce = None
            raise
        self._nonce += 1
        return octets(sent)

    async def _refresh_fee(self) -> None:
        now = time.monotonic()
        if now - self._fee_read > _FEE_AGE_SECONDS:
            block = await self.rpc.call("eth_getBlockByNumber", "latest", False)
            self._base_fee = quantity(block.get("baseFeePerGas") or 0)
            self._fee_read = now

    async def _estimate(self, to: bytes | None, data: bytes, value: int) -> int:
        try:
            needed = await self.rpc.call("eth_estimateGas", self._as_call(to, data, value))
        except RpcError as error:
            if error.data is None and error.code != _EXECUTION_REVERTED:
                raise
            raise _reverted("a transaction", error, None) from error
        return quantity(needed) * 5 // 4

    async def _refusal(self, transaction_hash: bytes, block: int) -> TransactionReverted | TransactionLost:
        """Repeat a refused transaction as a call on the block before it, to learn why."""
        what = "a transaction"
        sent = await self.rpc.call("eth_getTransactionByHash", hexed(transaction_hash))
        to = octets(sent["to"]) if sent.get("to") else None
        call = self._as_call(to, octets(sent["input"]), quantity(sent["value"]))
        call["gas"] = hexed(quantity(sent["gas"]))
        for moment in (hexed(block), hexed(block - 1)):
            try:
                await self.rpc.call("eth_call", call, moment)
            except RpcError as error:
                return _reverted(what, error, transaction_hash)
        return TransactionReverted(
            what, "", "it ran out of gas, or what it needed was there a moment later", {}, transaction_hash
        )

    def _as_call(self, to: bytes | None, data: bytes, value: int) -> dict[str, Any]:
        call = {"from": address_text(self.address), "data": hexed(data), "value": hexed(value)}
        if to is not None:
            call["to"] = address_text(to)
        return call


async def read(rpc: JsonRpc, to: bytes, data: bytes, block: str = "latest") -> bytes:
    """Return what a view function answers.

    Raises:
        TransactionReverted: the contract refused.
    """
    try:
        return octets(await rpc.call("eth_call", {"to": address_text(to), "data": hexed(data)}, block))
    except RpcError as error:
        raise _reverted("a question", error, None) from error


def _reverted(what: str, error: RpcError, transaction_hash: bytes | None) -> TransactionReverted:
    revert = decode_revert(_revert_data(error.data))
    words = revert.words if revert.name else error.reason
    return TransactionReverted(what, revert.name, words, revert.arguments, transaction_hash)


def _revert_data(data: object) -> bytes:
    """Find the revert data, which nodes send bare or wrapped in an object."""
    if isinstance(data, dict):
        data = data.get("data") or data.get("result")
    if isinstance(data, str):
        text = data[data.find("0x") + 2 :] if "0x" in data else ""
        try:
            return bytes.fromhex(text)
        except ValueError:
            return b""
    return b""
