"""What stands on the chain after a deployment: read back, checked, and put into words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from protocol.keys import address_text
from protocol.ledger.address_book import AddressBook
from protocol.ledger.bindings import contract
from protocol.ledger.errors import UnverifiedDeployment
from protocol.ledger.logs import read_logs
from protocol.ledger.market_rules import Role
from protocol.ledger.rpc import JsonRpc, octets, quantity
from protocol.ledger.transactions import read

SIZE_LIMIT: Final = 24_576
"""Most bytes of code that a contract can have (EIP-170)."""
REPORTERS: Final = ("EnergyProduction", "EnergyConsumption")
"""The contracts that may suspend meters upon disputes."""
SOURCES: Final = range(6)
"""The energy sources as the Registry numbers them: solar, wind, hydro, biomass, storage, grid."""
_REPORTING: Final = (*REPORTERS, "GridBalancing")
_PARTS: Final = (
    ("EnergyTrading", "grid", "GridBalancing"),
    ("EnergyTrading", "delivery", "EnergyDelivery"),
    ("GridBalancing", "trading", "EnergyTrading"),
    ("GridBalancing", "production", "EnergyProduction"),
    ("GridBalancing", "consumption", "EnergyConsumption"),
    ("EnergyDelivery", "trading", "EnergyTrading"),
    ("EnergyDelivery", "certificates", "EnergyProduction"),
    ("EnergyDelivery", "consumption", "EnergyConsumption"),
    ("Lens", "production", "EnergyProduction"),
    ("Lens", "consumption", "EnergyConsumption"),
    ("Lens", "trading", "EnergyTrading"),
    ("Lens", "balancing", "GridBalancing"),
)
"""Which view of which contract has to answer with the address of which other."""


@dataclass(frozen=True, slots=True)
class EndState:
    """Who may do what, and by which rules, as the chain has it; addresses are 20 bytes.

    Attributes:
        governor: who governs now.
        proposed_governor: who may take over by accepting; None without a proposal.
        guardian: who may pause.
        paused: whether reports, mints and clearings are stopped.
        oracles: the oracle nodes by rising address.
        quorum: how many of them must sign.
        interval_seconds: length of an interval.
        delay_seconds: how long the governor's changes wait.
        ring_size: how many intervals every contract keeps.
        finality_seconds: seconds between a report and what is done by it.
        reporters: contracts that may suspend meters.
        roles: accounts by role.
        co2_grams_per_mwh: CO2 that a MWh of a source avoids, by source.
        token: the settlement currency.
        notice_seconds: until a withdrawal is paid and a cancellation counts.
        complaint_seconds: how long a clearing can be complained about.
        penalty_micro: what a proven complaint costs.
        silent_intervals: how many silent intervals stop clearing.
        fee_recipient: who receives the fees.
        rules: fee and corridors by their ABI names.
        max_imbalance_price: highest price of imbalance energy, micro-units per kWh.
        thresholds: of the grid's condition, by their ABI names.
        sizes: bytes of code by contract.
    """

    governor: bytes
    proposed_governor: bytes | None
    guardian: bytes
    paused: bool
    oracles: tuple[bytes, ...]
    quorum: int
    interval_seconds: int
    delay_seconds: int
    ring_size: int
    finality_seconds: int
    reporters: tuple[str, ...]
    roles: Mapping[Role, tuple[bytes, ...]]
    co2_grams_per_mwh: Mapping[int, int]
    token: bytes
    notice_seconds: int
    complaint_seconds: int
    penalty_micro: int
    silent_intervals: int
    fee_recipient: bytes
    rules: Mapping[str, int]
    max_imbalance_price: int
    thresholds: Mapping[str, int]
    sizes: Mapping[str, int]

    def lines(self) -> list[tuple[str, str]]:
        """Return the state in words, one line each: what, and what it is."""
        return [(each.name.replace("_", " "), _words(getattr(self, each.name))) for each in fields(self)]


async def verify_deployment(
    rpc: JsonRpc, book: AddressBook, expected: Mapping[str, object] | None = None
) -> EndState:
    """Check that a deployment is whole and fits together, and return what stands there.

    Args:
        rpc: the chain.
        book: the deployment's address book.
        expected: values that the chain must have, by the names of `EndState`.

    Raises:
        WrongChain: another chain than the book's.
        ForeignContracts: other code than the book's.
        UnverifiedDeployment: contracts that do not know each other, are too large or have no quorum, or
            another state than expected.
    """
    await book.verify(rpc)
    sizes = await _sizes(rpc, book)
    for name, size in sizes.items():
        _require(0 < size <= SIZE_LIMIT, f"{name} has {size} bytes of code, a contract at most {SIZE_LIMIT}")
    await _check_parts(rpc, book)
    state = await _read(rpc, book, sizes)
    _require(
        0 < state.quorum <= len(state.oracles),
        f"a quorum of {state.quorum} does not fit {len(state.oracles)} oracle nodes",
    )
    _require(
        state.interval_seconds == book.interval_seconds,
        f"intervals have {state.interval_seconds} s, in the address book {book.interval_seconds} s",
    )
    for name, value in (expected or {}).items():
        found = getattr(state, name)
        _require(
            found == value,
            f"{name.replace('_', ' ')} is {_words(found)} on the chain, expected was {_words(value)}",
        )
    return state


async def _check_parts(rpc: JsonRpc, book: AddressBook) -> None:
    registry = book.address("Registry")
    for name in book.contracts:
        if "registry" in contract(name).functions:
            found = await _ask(rpc, book, name, "registry")
            _require(
                found == registry,
                f"the registry of {name} is {address_text(found)}, Registry is at {address_text(registry)}",
            )
    for name, function, other in _PARTS:
        found, address = await _ask(rpc, book, name, function), book.address(other)
        _require(
            found == address,
            f"{function} of {name} is {address_text(found)}, {other} is at {address_text(address)}",
        )


async def _read(rpc: JsonRpc, book: AddressBook, sizes: Mapping[str, int]) -> EndState:
    async def ask(name: str, function: str, *arguments: object) -> Any:  # noqa: ANN401 as the ABI says
        return await _ask(rpc, book, name, function, *arguments)

    proposed = await ask("Registry", "proposedGovernor")
    ring_sizes = [await ask(name, "ringSize") for name in (*_REPORTING, "EnergyTrading")]
    rules = await ask("EnergyTrading", "rules")
    rules.pop("corridorSetAt")  # a time, no rule
    finalities = [await ask(name, "finalitySeconds") for name in _REPORTING]
    return EndState(
        governor=await ask("Registry", "governor"),
        proposed_governor=proposed if any(proposed) else None,
        guardian=await ask("Registry", "guardian"),
        paused=await ask("Registry", "paused"),
        oracles=tuple(await ask("Registry", "oracles")),
        quorum=await ask("Registry", "quorum"),
        interval_seconds=await ask("Registry", "intervalSeconds"),
        delay_seconds=await ask("Registry", "delaySeconds"),
        ring_size=_same("ring size", ring_sizes),
        finality_seconds=_same("finality", finalities),
        reporters=tuple(
            [name for name in book.contracts if await ask("Registry", "isReporter", book.address(name))]
        ),
        roles=await _roles(rpc, book),
        co2_grams_per_mwh={source: await ask("Registry", "co2GramsPerMWh", source) for source in SOURCES},
        token=await ask("EnergyTrading", "token"),
        notice_seconds=await ask("EnergyTrading", "noticeSeconds"),
        complaint_seconds=await ask("EnergyTrading", "complaintSeconds"),
        penalty_micro=await ask("EnergyTrading", "penaltyMicro"),
        silent_intervals=await ask("GridBalancing", "silentIntervals"),
        fee_recipient=await ask("EnergyTrading", "fees"),
        rules=rules,
        max_imbalance_price=await ask("GridBalancing", "maxImbalancePriceMicroPerKwh"),
        thresholds=await ask("GridBalancing", "thresholds"),
        sizes=sizes,
    )


async def _roles(rpc: JsonRpc, book: AddressBook) -> dict[Role, tuple[bytes, ...]]:
    """Return who has which role: whom an event names, as far as the contract still says so."""
    head = quantity(await rpc.call("eth_blockNumber"))
    named: dict[Role, set[bytes]] = {role: set() for role in Role}
    async for log in read_logs(rpc, "Registry", book.address("Registry"), book.deployment_block, head):
        if log.name == "RoleSet":
            named[Role(log.arguments["role"])].add(log.arguments["account"])
    held: dict[Role, tuple[bytes, ...]] = {}
    for role, accounts in named.items():
        kept = [each for each in sorted(accounts) if await _ask(rpc, book, "Registry", "hasRole", role, each)]
        held[role] = tuple(kept)
    return held


async def _sizes(rpc: JsonRpc, book: AddressBook) -> dict[str, int]:
    return {
        name: len(octets(await rpc.call("eth_getCode", address_text(entry.address), "latest")))
        for name, entry in book.contracts.items()
    }


async def _ask(rpc: JsonRpc, book: AddressBook, name: str, function: str, *arguments: object) -> Any:  # noqa: ANN401
    entry = contract(name).functions[function]
    return entry.decode(await read(rpc, book.address(name), entry.encode(*arguments)))[0]


def _same(what: str, values: Sequence[int]) -> int:
    _require(len(set(values)) == 1, f"the {what} differs among the contracts: {_words(values)}")
    return values[0]


def _require(holds: bool, words: str) -> None:
    if not holds:
        raise UnverifiedDeployment(f"the deployment is not what it should be: {words}")


def _words(value: object) -> str:
    if isinstance(value, bytes):
        return address_text(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{_name(key)} {_words(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list | tuple):
        return " ".join(map(_words, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _name(key: object) -> str:
    return key.name.lower().replace("_", " ") if isinstance(key, Role) else str(key)
