"""A community on Brownie's chain: contracts, homes with meters, oracle nodes, and what they sign."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import pytest
from brownie import accounts, web3
from brownie.network.account import LocalAccount
from brownie.network.transaction import TransactionReceipt

from protocol.eip712 import Domain
from protocol.keys import SigningKey, address_text
from protocol.ledger.address_book import AddressBook
from protocol.ledger.market_rules import MarketRules, Role
from protocol.ledger.rpc import octets
from protocol.merkle import MerkleTree
from protocol.reading import Reading, SignedReading
from protocol.registration import Category, Kind, MeterAttributes, Registration, Source, meter_id_of
from protocol.report import Report, data_hash_of
from scripts.deploy import deploy_with

INTERVAL_SECONDS = 3600
FINALITY_SECONDS = 600
RING = 48
FEEDER = 1
PENALTY_MICRO = 5_000_000
FEE_BPS = 100
OPENING_WH = 1_000


@dataclass(frozen=True)
class Home:
    """An account with a meter."""

    account: LocalAccount
    meter_key: SigningKey
    meter_id: bytes
    registry: Domain

    def reading(self, seq: int, at: int, *, drawn: int = 0, given: int = 0, made: int = 0) -> SignedReading:
        """The meter's registers at a time, Wh since it was registered, as it signs them."""
        plain = Reading(self.meter_id, seq, at, INTERVAL_SECONDS, drawn, given, OPENING_WH + made, 0)
        return plain.sign(self.meter_key, self.registry)


class Community:
    """Contracts with everybody's keys; what several stories do has a method here."""

    def __init__(self, book: AddressBook, oracle_keys: Sequence[SigningKey], project: Any) -> None:
        self.book = book
        self.project = project
        self.oracle_keys = sorted(oracle_keys, key=lambda key: key.address)
        self.governor, self.keeper, self.stranger = accounts[0], accounts[1], accounts[9]
        self.operator = accounts[7]
        self.contracts = {name: project[name].at(address_text(book.address(name))) for name in book.contracts}
        self._nonces = 0

    def __getattr__(self, name: str) -> Any:
        """A contract by its last word: `community.trading`, `community.dollar`."""
        for full, found in self.__dict__.get("contracts", {}).items():
            if full.lower().removeprefix("energy").removeprefix("grid").removeprefix("test") == name:
                return found
        raise AttributeError(name)

    @property
    def now(self) -> int:
        """The newest block's time, unix seconds."""
        return int(web3.eth.get_block("latest")["timestamp"])

    @property
    def present(self) -> int:
        """The interval that is running."""
        return self.now // INTERVAL_SECONDS

    def wait_until(self, timestamp: int) -> None:
        """Give the next block this time; Brownie's own clock falls behind."""
        if timestamp > self.now:
            web3.provider.make_request("evm_setNextBlockTimestamp", [timestamp])
            web3.provider.make_request("evm_mine", [])

    def home(self, account: LocalAccount, *, generation_w: int = 5_000, category: int = 0) -> Home:
        """Register a meter of an account, which its own key agrees to."""
        self._nonces += 1
        key = SigningKey(os.urandom(32))
        meter_id = meter_id_of(key.address, self._nonces)
        domain = self.book.domain("Registry")
        statement = Registration(meter_id, octets(account.address), self._nonces, self.now, 0, 0, OPENING_WH)
        attributes = MeterAttributes(
            Kind.GENERATION, Source.SOLAR, Category(category), generation_w, 10_000, FEEDER, False
        )
        fields = (
            meter_id, account.address, self._nonces, statement.timestamp, 0, 0, OPENING_WH
        )  # fmt: skip
        self.registry.registerMeter(
            fields, astuple(attributes), "home", statement.sign(key, domain), {"from": self.governor}
        )
        return Home(account, key, meter_id, domain)

    def funded(self, account: LocalAccount, micro: int) -> LocalAccount:
        """Give an account test dollars and deposit them."""
        self.dollar.mint(account, micro, {"from": self.governor})
        self.dollar.approve(self.trading, micro, {"from": account})
        self.trading.deposit(micro, account, {"from": account})
        return account

    def cash(self, account: Any) -> int:
        """What an account may spend, micro-units."""
        return int(self.trading.accountOf(account)[0])

    def report(
        self,
        target: Any,
        interval: int,
        leaves: Iterable[bytes],
        total_wh: int,
        records: Iterable[bytes] = (),
    ) -> MerkleTree:
        """Post what two oracle nodes signed for an interval, at its end, and let the window pass."""
        self.wait_until((interval + 1) * INTERVAL_SECONDS)
        tree = MerkleTree(leaves)
        statement = Report(interval, tree.root, data_hash_of(records), total_wh, len(tree))
        message = statement.following(octets(str(target.link())))
        digest = message.digest(Domain(self.book.chain_id, octets(target.address)))
        fields = (
            interval, message.previous, tree.root, statement.data_hash, total_wh, len(tree)
        )  # fmt: skip
        signatures = [key.sign(digest) for key in self.oracle_keys[:2]]
        target.report(fields, signatures, {"from": self.keeper})
        self.wait_until(self.now + FINALITY_SECONDS)
        return tree


@pytest.fixture(scope="session")
def project() -> Any:
    """The project whose containers the contracts are addressed through."""
    import brownie.project

    return brownie.project.get_loaded_projects()[0]


@pytest.fixture(scope="module")
def community(project: Any) -> Community:
    """A deployment of a module's own."""
    oracle_keys = [SigningKey(os.urandom(32)) for _ in range(3)]
    book = deploy_with(
        accounts[0],
        interval_seconds=INTERVAL_SECONDS,
        ring_size=RING,
        finality_seconds=FINALITY_SECONDS,
        oracles=[key.address for key in oracle_keys],
        quorum=2,
        guardian=octets(accounts[8].address),
        market=MarketRules(penalty_micro=PENALTY_MICRO, fee_bps=FEE_BPS, silent_intervals=1_000),
        roles={Role.CLEARING_OPERATOR: [octets(accounts[7].address)]},
    )
    return Community(book, oracle_keys, project)


@pytest.fixture
def refused() -> Callable[[str], Any]:
    """A context in which a call is refused with this error of the contracts."""
    from brownie.exceptions import VirtualMachineError

    class Refused:
        def __init__(self, name: str) -> None:
            self.name = name

        def __enter__(self) -> None:
            pass

        def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
            assert kind is not None, f"not refused, though {self.name} was to be"
            if not issubclass(kind, VirtualMachineError):
                return False
            assert self.name in str(error.revert_msg or error), f"{error!r} is not {self.name}"
            return True

    return Refused


def events(receipt: TransactionReceipt, name: str) -> list[Any]:
    """The events of one name in a receipt."""
    return list(receipt.events[name]) if name in receipt.events else []
