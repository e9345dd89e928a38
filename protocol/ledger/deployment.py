"""Deploy the contracts, set them up, verify what stands there, and write down where it is."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType, SimpleNamespace
from typing import Protocol

import structlog

from protocol.keccak import keccak256
from protocol.keys import address_text
from protocol.ledger.address_book import AddressBook, DeployedContract
from protocol.ledger.artefacts import load_artefact
from protocol.ledger.bindings import contract
from protocol.ledger.end_state import REPORTERS, SOURCES, verify_deployment
from protocol.ledger.market_rules import MarketRules, Role
from protocol.ledger.rpc import JsonRpc, octets, quantity
from protocol.ledger.transactions import Receipt

log = structlog.get_logger()

CO2_GRAMS_PER_MWH: Mapping[int, int] = MappingProxyType({0: 900_000, 1: 900_000, 2: 900_000, 3: 900_000})
"""CO2 avoided by source (solar, wind, hydro, biomass). A round figure for a coal-heavy grid; the governor
replaces it with the published factor of the grid in question."""


class Deployer(Protocol):
    """Who sends the transactions, one after the other: `Sender`, or what stands for it on another tool."""

    rpc: JsonRpc
    address: bytes

    async def transact(self, to: bytes | None, data: bytes) -> Receipt:
        """Send a transaction and wait for its receipt."""
        ...


async def deploy(
    sender: Deployer,
    *,
    interval_seconds: int,
    ring_size: int,
    finality_seconds: int,
    oracles: Sequence[bytes],
    quorum: int,
    guardian: bytes,
    governor: bytes | None = None,
    delay_seconds: int = 0,
    certificate_uri: str = "",
    co2_grams_per_mwh: Mapping[int, int] = CO2_GRAMS_PER_MWH,
    token: bytes | None = None,
    market: MarketRules | None = None,
    roles: Mapping[Role, Sequence[bytes]] = MappingProxyType({}),
) -> AddressBook:
    """Deploy and configure a community's contracts, and check what stands there then.

    The addresses follow from the sender's address and the number of its transactions before.

    Args:
        sender: deploys, and is the first governor.
        interval_seconds: length of a settlement interval; divides a day.
        ring_size: how many intervals' roots and positions are kept; even.
        finality_seconds: seconds between a report and the first mint or settlement from it.
        oracles: 20-byte addresses of the oracle nodes, in any order, at most 31.
        quorum: how many of them must sign a report.
        guardian: 20-byte address that may pause.
        governor: who shall govern in the end and has to accept; None leaves it with the sender.
        delay_seconds: delay of the governor's later changes.
        certificate_uri: where ERC-1155 metadata is, with {id} in it.
        co2_grams_per_mwh: CO2 factor by source.
        token: 20-byte address of the settlement currency (ERC-20, 6 decimals); None deploys a test dollar.
        market: how trading and balancing are set up; None takes the defaults.
        roles: accounts by role.

    Returns:
        The address book, not saved yet.

    Raises:
        TransactionReverted: a contract refused its parameters, and says which.
        UnverifiedDeployment: what stands there is not what was asked for.
    """
    rules = market or MarketRules()
    fee_recipient = rules.fee_recipient or governor or sender.address
    complaint_seconds = rules.complaint_seconds_of(ring_size, interval_seconds)
    created: dict[str, Receipt] = {}

    async def create(name: str, *arguments: object) -> bytes:
        code = load_artefact(name).bytecode + contract(name).encode_constructor(*arguments)
        created[name] = await sender.transact(None, code)
        return _address(created[name])

    async def govern(name: str, function: str, *arguments: object) -> None:
        data = contract(name).functions[function].encode(*arguments)
        await sender.transact(_address(created[name]), data)

    currency = token or await create("TestDollar")
    registry = await create("Registry", sender.address, guardian, interval_seconds, delay_seconds)
    production = await create("EnergyProduction", registry, ring_size, finality_seconds, certificate_uri)
    consumption = await create("EnergyConsumption", registry, ring_size, finality_seconds)
    nonce = await _nonce(sender)
    parameters = SimpleNamespace(
        registry=registry,
        token=currency,
        # both know trading, so trading is told beforehand where they will be
        grid=created_address(sender.address, nonce + 1),
        delivery=created_address(sender.address, nonce + 2),
        ring_size=ring_size,
        notice_seconds=rules.notice_seconds,
        complaint_seconds=complaint_seconds,
        penalty_micro=rules.penalty_micro,
        fee_recipient=fee_recipient,
    )
    trading = await create("EnergyTrading", parameters)
    balancing = await create(
        "GridBalancing",
        registry,
        trading,
        production,
        consumption,
        ring_size,
        finality_seconds,
        rules.silent_intervals,
    )
    await create("EnergyDelivery", registry, trading, production, consumption)
    await create("Lens", registry, production, consumption, trading, balancing)

    for reporter in REPORTERS:
        await govern("Registry", "setReporter", _address(created[reporter]), True)
    for source, grams in co2_grams_per_mwh.items():
        await govern("Registry", "setCo2Factor", source, grams)
    for role, accounts in roles.items():
        for account in accounts:
            await govern("Registry", "setRole", role, account, True)
    for island, corridor in ((False, rules.corridor), (True, rules.island_corridor)):
        await govern("EnergyTrading", "setCorridor", island, corridor.floor, corridor.cap)
    await govern("EnergyTrading", "setFee", rules.fee_bps)
    await govern("GridBalancing", "setMaxImbalancePrice", rules.max_imbalance_price)
    await govern("GridBalancing", "setThresholds", rules.thresholds)
    # Last of the configuration: from here on the delay holds.
    await govern("Registry", "setOracles", sorted(oracles), quorum)
    if governor is not None and governor != sender.address:
        await govern("Registry", "proposeGovernor", governor)

    genesis = await sender.rpc.call("eth_getBlockByNumber", "0x0", False)
    book = AddressBook(
        chain_id=quantity(await sender.rpc.call("eth_chainId")),
        genesis_hash=octets(genesis["hash"]),
        interval_seconds=interval_seconds,
        deployment_block=min(receipt.block_number for receipt in created.values()),
        contracts={name: await _entry(sender, receipt) for name, receipt in created.items()},
    )
    state = await verify_deployment(
        sender.rpc,
        book,
        {
            "governor": sender.address,
            "proposed_governor": None if governor in (None, sender.address) else governor,
            "guardian": guardian,
            "paused": False,
            "oracles": tuple(sorted(oracles)),
            "quorum": quorum,
            "delay_seconds": delay_seconds,
            "ring_size": ring_size,
            "finality_seconds": finality_seconds,
            "reporters": REPORTERS,
            "roles": {role: tuple(sorted(set(roles.get(role, ())))) for role in Role},
            "co2_grams_per_mwh": {source: co2_grams_per_mwh.get(source, 0) for source in SOURCES},
            "token": currency,
            "notice_seconds": rules.notice_seconds,
            "complaint_seconds": complaint_seconds,
            "penalty_micro": rules.penalty_micro,
            "silent_intervals": rules.silent_intervals,
            "fee_recipient": fee_recipient,
            "rules": {
                "floorPriceMicroPerKwh": rules.corridor.floor,
                "capPriceMicroPerKwh": rules.corridor.cap,
                "islandFloorPriceMicroPerKwh": rules.island_corridor.floor,
                "islandCapPriceMicroPerKwh": rules.island_corridor.cap,
                "feeBps": rules.fee_bps,
            },
            "max_imbalance_price": rules.max_imbalance_price,
            "thresholds": rules.thresholds.by_abi_name(),
        },
    )
    log.info(
        "contracts deployed and verified",
        registry=address_text(registry),
        oracles=len(oracles),
        quorum=quorum,
        largest_bytes=max(state.sizes.values()),
    )
    return book


def created_address(deployer: bytes, nonce: int) -> bytes:
    """Return the address of the contract that an account creates with its transaction number `nonce`."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    encoded = number if 0 < nonce < 0x80 else bytes((0x80 + len(number),)) + number
    fields = bytes((0x80 + len(deployer),)) + deployer + encoded
    return keccak256(bytes((0xC0 + len(fields),)) + fields)[12:]


async def _nonce(sender: Deployer) -> int:
    """Return the number of the sender's next transaction."""
    return quantity(await sender.rpc.call("eth_getTransactionCount", address_text(sender.address), "latest"))


async def _entry(sender: Deployer, receipt: Receipt) -> DeployedContract:
    address = _address(receipt)
    code = octets(await sender.rpc.call("eth_getCode", address_text(address), "latest"))
    return DeployedContract(address=address, code_hash=keccak256(code))


def _address(receipt: Receipt) -> bytes:
    if receipt.contract_address is None:
        raise AssertionError("a creating transaction that succeeded has a contract address")
    return receipt.contract_address
