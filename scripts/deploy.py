"""Deploy the contracts with Brownie: `brownie run deploy`, or `make deploy-brownie` on a chain of its own.

Order, parameters and code are those of `protocol.ledger.deployment`, which `zuva up` deploys with; only the
sending is Brownie's. Length of intervals, ring, finality and quorum are ZUVA_COMMUNITY_*, as for `zuva`.
Accounts are Brownie's development accounts unless these name others:

    ZUVA_DEPLOYER      name of a `brownie accounts` account, which pays and is the first governor
    ZUVA_ORACLES       addresses of the oracle nodes, separated by commas
    ZUVA_GUARDIAN      address that may pause
    ZUVA_GOVERNOR      who shall govern in the end and accepts it himself
    ZUVA_TOKEN         settlement currency; without it a test dollar is deployed
    ZUVA_DELAY_SECONDS how long the governor's changes wait
    ZUVA_ADDRESS_BOOK  file to write the address book to

ZUVA_CLEARING_OPERATORS, ZUVA_GRID_OPERATORS and ZUVA_ARBITERS name who has these roles.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

from brownie import accounts, web3
from brownie.network.account import LocalAccount

from protocol.keys import address_text
from protocol.ledger import compiler
from protocol.ledger.address_book import AddressBook
from protocol.ledger.deployment import deploy
from protocol.ledger.end_state import verify_deployment
from protocol.ledger.errors import RpcError, TransactionReverted
from protocol.ledger.market_rules import Role
from protocol.ledger.rpc import hexed, octets
from protocol.ledger.transactions import Receipt
from zuva.community_settings import CommunitySettings


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
    oracles = listed("ZUVA_ORACLES") or [octets(account.address) for account in accounts[1:4]]
    found = {
        "interval_seconds": settings.interval_seconds,
        "ring_size": settings.ring_size,
        "finality_seconds": settings.finality_seconds,
        "oracles": oracles,
        "quorum": settings.quorum,
        "guardian": octets(os.environ.get("ZUVA_GUARDIAN") or accounts[4].address),
        "delay_seconds": int(os.environ.get("ZUVA_DELAY_SECONDS", "0")),
        "roles": {role: listed(f"ZUVA_{role.name}S") for role in Role},
    }
    for name in ("governor", "token"):
        if given := os.environ.get(f"ZUVA_{name.upper()}"):
            found[name] = octets(given)
    return found


def listed(variable: str) -> list[bytes]:
    """Return the addresses that a variable names."""
    return [octets(each.strip()) for each in os.environ.get(variable, "").split(",") if each.strip()]


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
    book = deploy_with(deployer(), **parameters())
    state = asyncio.run(verify_deployment(BrownieRpc(), book))
    for name, entry in book.contracts.items():
        print(f"{name:<22}{address_text(entry.address)}")
    for name, words in state.lines():
        print(f"{name:<22}{words}")
    if path := os.environ.get("ZUVA_ADDRESS_BOOK"):
        book.save(Path(path))
        print(f"{'address book':<22}{path}")
    return book
