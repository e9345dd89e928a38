"""Deploy the contracts with Brownie: `brownie run deploy`, or `make deploy-brownie` on a chain of its own.

Order, parameters and code are those of `protocol.ledger.deployment`, which `zuva up` deploys with; only the
sending is Brownie's. Length of intervals, ring, finality and quorum are ZUVA_COMMUNITY_*, as for `zuva`.
Accounts are Brownie's development accounts unless these name others:

    ZUVA_DEPLOYER      name of a `brownie accounts` account, which pays and is the first governor
    ZUVA_ORACLES       addresses of the oracle nodes, separated by commas
    ZUVA_GUARDIAN      address that may pause
    ZUVA_GOVERNOR      who shall govern in the end and accepts it himself
    ZUVA_TOKEN         settlement currency; without it a test dollar is deployed
    ZUVA_ADDRESS_BOOK  file to write the address book to
"""

import asyncio
import inspect
import os
from pathlib import Path
from typing import Any

from brownie import accounts, web3
from brownie.network.account import LocalAccount

from protocol.keys import address_text
from protocol.ledger import compiler
from protocol.ledger.address_book import AddressBook
from protocol.ledger.bindings import contract
from protocol.ledger.deployment import deploy
from protocol.ledger.errors import RpcError, TransactionReverted
from protocol.ledger.rpc import hexed, octets
from protocol.ledger.transactions import Receipt, read
from zuva.community_settings import CommunitySettings

DELAY_SECONDS = "ZUVA_DELAY_SECONDS"


class BrownieRpc:
    """JSON-RPC over Brownie's connection."""

    async def call(self, method: str, *params: Any) -> Any:  # noqa: ANN401 - JSON
        """Return the result of one call."""
        answer = web3.provider.make_request(method, list(params))
        if failure := answer.get("error"):
            raise RpcError(
                method, int(failure.get("code", 0)), str(failure.get("message")), failure.get("data")
            )
        return answer.get("result")


class BrownieSender:
    """Sends as `protocol.ledger.transactions.Sender` does, from an account of Brownie's."""

    def __init__(self, account: LocalAccount) -> None:
        self.rpc = BrownieRpc()
        self.account = account
        self.address = octets(account.address)

    async def transact(
        self, to: bytes | None, data: bytes, *, gas: int | None = None, value: int = 0, at: int | None = None
    ) -> Receipt:
        """Send a transaction and wait for its receipt."""
        if at is not None:
            raise ValueError("the time of Brownie's chain is not ours to set")
        target = None if to is None else address_text(to)
        sent = self.account.transfer(target, value, gas_limit=gas, data=hexed(data), silent=True)
        if sent.status != 1:
            raise TransactionReverted("a transaction", "", sent.revert_msg or "", {}, octets(sent.txid))
        created = sent.contract_address
        return Receipt(
            transaction_hash=octets(sent.txid),
            block_number=sent.block_number,
            gas_used=sent.gas_used,
            contract_address=octets(created) if created else None,
            logs=[dict(entry) for entry in sent.logs],
        )


def parameters() -> dict[str, Any]:
    """Return what `deploy` is called with."""
    settings = CommunitySettings()
    named = [each for each in os.environ.get("ZUVA_ORACLES", "").split(",") if each]
    oracles = [octets(each) for each in named or [account.address for account in accounts[1:4]]]
    found = {
        "interval_seconds": settings.interval_seconds,
        "ring_size": settings.ring_size,
        "finality_seconds": settings.finality_seconds,
        "oracles": oracles,
        "quorum": settings.quorum,
        "guardian": octets(os.environ.get("ZUVA_GUARDIAN") or accounts[4].address),
        "delay_seconds": int(os.environ.get(DELAY_SECONDS, "0")),
    }
    for name in ("governor", "token"):
        if given := os.environ.get(f"ZUVA_{name.upper()}"):
            found[name] = octets(given)
    unknown = set(found) - set(inspect.signature(deploy).parameters)
    if unknown:
        raise SystemExit(f"deploy: this deployment takes no {', '.join(sorted(unknown))}")
    return found


def deployer() -> LocalAccount:
    """Return the account that pays."""
    name = os.environ.get("ZUVA_DEPLOYER")
    return accounts.load(name) if name else accounts[0]


def deploy_with(account: LocalAccount, **given: Any) -> AddressBook:  # noqa: ANN401 - handed on to deploy
    """Deploy from an account of Brownie's."""
    compiler.build()
    return asyncio.run(deploy(BrownieSender(account), **given))


def main() -> AddressBook:
    """Deploy, verify and print what stands there."""
    account, given = deployer(), parameters()
    book = deploy_with(account, **given)
    for line in asyncio.run(end_state(BrownieRpc(), book, given)):
        print(line)
    if path := os.environ.get("ZUVA_ADDRESS_BOOK"):
        book.save(Path(path))
        print(f"address book    {path}")
    return book


async def end_state(rpc: BrownieRpc, book: AddressBook, given: dict[str, Any]) -> list[str]:
    """Return the lines of the verified end state; raises when the chain holds anything else."""
    await book.verify(rpc)

    async def ask(function: str, *arguments: object) -> Any:  # noqa: ANN401 - as the ABI says
        entry = contract("Registry").functions[function]
        answer = await read(rpc, book.address("Registry"), entry.encode(*arguments))
        return entry.decode(answer)[0]

    lines = [f"{name:<18}{address_text(entry.address)}" for name, entry in book.contracts.items()]
    expected = {
        "quorum": given["quorum"],
        "oracles": sorted(given["oracles"]),
        "guardian": given["guardian"],
        "intervalSeconds": given["interval_seconds"],
        "delaySeconds": given["delay_seconds"],
    }
    for function, value in expected.items():
        found = await ask(function)
        found = [octets(each) for each in found] if function == "oracles" else found
        if found != value:
            raise SystemExit(f"deploy: {function} is {found!r} on the chain, not {value!r}")
        lines.append(f"{function:<18}{_shown(found)}")
    lines.append(f"{'governor':<18}{_shown(await ask('governor'))}")
    return lines


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return address_text(value)
    return ", ".join(map(_shown, value)) if isinstance(value, list) else str(value)
