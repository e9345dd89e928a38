"""Deploy the contracts and write down where they are."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import structlog

from protocol.keccak import keccak256
from protocol.keys import address_text
from protocol.ledger.address_book import AddressBook, DeployedContract
from protocol.ledger.artefacts import load_artefact
from protocol.ledger.bindings import contract
from protocol.ledger.rpc import octets, quantity
from protocol.ledger.transactions import Receipt, Sender

log = structlog.get_logger()

CO2_GRAMS_PER_MWH: Mapping[int, int] = MappingProxyType({0: 900_000, 1: 900_000, 2: 900_000, 3: 900_000})
"""CO2 avoided by source (solar, wind, hydro, biomass). A round figure for a coal-heavy grid; the governor
replaces it with the published factor of the grid in question."""


async def deploy(
    sender: Sender,
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
) -> AddressBook:
    """Deploy and configure a community's contracts.

    Args:
        sender: deploys, and is the first governor.
        interval_seconds: length of a settlement interval; divides a day.
        ring_size: how many intervals' roots are kept.
        finality_seconds: seconds between a report and the first mint from it.
        oracles: 20-byte addresses of the oracle nodes, in any order, at most 31.
        quorum: how many of them must sign a report.
        guardian: 20-byte address that may pause.
        governor: who shall govern in the end and has to accept; None leaves it with the sender.
        delay_seconds: delay of the governor's later changes.
        certificate_uri: where ERC-1155 metadata is, with {id} in it.
        co2_grams_per_mwh: CO2 factor by source.

    Returns:
        The address book, not saved yet.

    Raises:
        TransactionReverted: a contract refused its parameters, and says which.
    """
    registry_type = contract("Registry")
    created: dict[str, Receipt] = {}

    async def create(name: str, *arguments: object) -> bytes:
        code = load_artefact(name).bytecode + contract(name).encode_constructor(*arguments)
        created[name] = await sender.transact(None, code)
        return _address(created[name])

    registry = await create("Registry", sender.address, guardian, interval_seconds, delay_seconds)
    production = await create("EnergyProduction", registry, ring_size, finality_seconds, certificate_uri)
    consumption = await create("EnergyConsumption", registry, ring_size, finality_seconds)

    async def govern(function: str, *arguments: object) -> None:
        await sender.transact(registry, registry_type.functions[function].encode(*arguments))

    for reporter in (production, consumption):
        await govern("setReporter", reporter, True)
    for source, grams in co2_grams_per_mwh.items():
        await govern("setCo2Factor", source, grams)
    # Last of the configuration: from here on the delay holds.
    await govern("setOracles", sorted(oracles), quorum)
    if governor is not None and governor != sender.address:
        await govern("proposeGovernor", governor)

    genesis = await sender.rpc.call("eth_getBlockByNumber", "0x0", False)
    contracts = {name: await _entry(sender, receipt) for name, receipt in created.items()}
    log.info("contracts deployed", registry=address_text(registry), oracles=len(oracles), quorum=quorum)
    return AddressBook(
        chain_id=quantity(await sender.rpc.call("eth_chainId")),
        genesis_hash=octets(genesis["hash"]),
        interval_seconds=interval_seconds,
        deployment_block=created["Registry"].block_number,
        contracts=contracts,
    )


async def _entry(sender: Sender, receipt: Receipt) -> DeployedContract:
    address = _address(receipt)
    code = octets(await sender.rpc.call("eth_getCode", address_text(address), "latest"))
    return DeployedContract(address=address, code_hash=keccak256(code))


def _address(receipt: Receipt) -> bytes:
    if receipt.contract_address is None:
        raise AssertionError("a creating transaction that succeeded has a contract address")
    return receipt.contract_address
