"""Makes a community out of an empty chain: keys, contracts, funds, registered and enrolled meters.

Every step looks at what is there first, so that a run after a kill in the middle, or a hundredth run, does
only what is missing. Other nodes, or another quorum, than the contracts have are set in the contracts.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

from oracle.settings import OracleSettings
from protocol.keys import SigningKey, address_bytes, address_text, load_key
from protocol.ledger import address_book
from protocol.ledger.address_book import AddressBook
from protocol.ledger.bindings import contract
from protocol.ledger.deployment import deploy
from protocol.ledger.errors import RpcUnreachable, TransactionReverted
from protocol.ledger.rpc import JsonRpc, Rpc, quantity
from protocol.ledger.transactions import Sender, read
from simulation.identities import HomeRegistration
from zuva import homes_source, node_keys
from zuva.community_settings import CommunitySettings
from zuva.enrolling import enrol
from zuva.errors import ConfigurationError
from zuva.node_keys import Identity
from zuva.nodes import oracle_nodes
from zuva.processes import make_directory
from zuva.running import build_settings

log = structlog.get_logger()

LOCAL_CHAIN_ID: Final = 31337
LOCAL_FAUCET: Final = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
"""The published key of anvil's first account, rich on every local chain and worthless on every other."""
_ALLOWANCE_WEI: Final = 1000 * 10**18
_LOW_WATER_WEI: Final = 100 * 10**18
_AT_ONCE: Final = 50


async def serve(
    settings: CommunitySettings, *, ready: Callable[[], None], status: Callable[[str], None]
) -> None:
    """Provision once and return.

    Raises:
        ConfigurationError: No governor's key for a foreign chain, files that do not fit the chain, or a
            node's key that is gone.
    """
    make_directory(settings.data_dir)
    source = homes_source.chosen()
    path = _book(settings)
    if settings.interval_seconds != source.interval_seconds and not path.exists():
        raise ConfigurationError(
            f"the homes are read every {source.interval_seconds} s; "
            f"set ZUVA_COMMUNITY_INTERVAL_SECONDS to {source.interval_seconds} "
            f"(it is {settings.interval_seconds}), before contracts are deployed with it for good"
        )
    async with Rpc(settings.chain_url) as rpc:
        chain_id = await _wait_for_chain(rpc, status)
        governor = Sender(rpc, _governor(settings, chain_id), chain_id)
        if path.exists():
            book = address_book.load(path)
            await book.verify(rpc)
            _check_interval(settings, book, source.interval_seconds)
            await _check_keys(settings, rpc, book.address("Registry"))
            nodes, keepers = _identities(settings)
            changed = await _set_oracles(settings, governor, book.address("Registry"), nodes)
        else:
            status("deploying the contracts")
            nodes, keepers = _identities(settings)
            book = await _deployed(settings, governor, nodes)
            changed = False
        await _fund(governor, [*nodes, *keepers])
        homes = source.registrations(book.domain("Registry"))
        status(f"registering {len(homes)} homes")
        enrol(settings.data_dir / "enrolment", homes, nodes)
        registered = await _register(governor, book.address("Registry"), homes)
    ready()
    status(
        f"{len(homes)} homes, {len(nodes)} oracle node(s), quorum {settings.quorum}"
        f"{' set now' if changed else ''}, {registered} registered now"
    )
    log.info("community_provisioned", homes=len(homes), registered_now=registered, oracles_changed=changed)


def _book(settings: CommunitySettings) -> Path:
    return settings.data_dir / "address-book.json"


def _keys(settings: CommunitySettings) -> Path:
    return settings.data_dir / "keys"


def _check_interval(settings: CommunitySettings, book: AddressBook, interval_seconds: int) -> None:
    if book.interval_seconds != interval_seconds:
        raise ConfigurationError(
            f"the contracts of {settings.data_dir} settle intervals of {book.interval_seconds} s, "
            f"the homes are read every {interval_seconds} s; choose another directory with --data"
        )


def _identities(settings: CommunitySettings) -> tuple[list[Identity], list[Identity]]:
    """Return the nodes and their keepers, each made where it is missing."""
    folder = _keys(settings)
    nodes, keepers = [], []
    for name in settings.node_names:
        keeper = build_settings(OracleSettings, name=name, data_dir=settings.data_dir).keeper_key_path
        _take_over_keeper(folder, keeper)
        nodes.append(node_keys.ensure(folder, name))
        keepers.append(node_keys.ensure(folder, keeper.stem))
    here = {node.name for node in oracle_nodes() if node.is_here}
    node_keys.check_present(nodes, here)
    return nodes, keepers


def _take_over_keeper(folder: Path, keeper: Path) -> None:
    """Give the first node the keeper's key of a community that began with a single one."""
    single = folder / "keeper.key"
    if single.exists() and not keeper.exists() and keeper.stem == "oracle-1-keeper":
        single.rename(keeper)


async def _check_keys(settings: CommunitySettings, rpc: Rpc, registry: bytes) -> None:
    """Refuse when the contracts know a node of which no key is here: making another would hide the loss."""
    folder = _keys(settings)
    stems = {path.stem for ending in ("key", "public") for path in folder.glob(f"oracle-*.{ending}")}
    known = {node_keys.ensure(folder, stem).address for stem in stems}
    for address in (await _oracles(rpc, registry))[0]:
        if address not in known:
            raise ConfigurationError(
                f"the contracts of {settings.data_dir} have the oracle {address_text(address)}, "
                f"of which no key is in {folder}; restore it, or choose another directory with --data"
            )


async def _oracles(rpc: JsonRpc, registry: bytes) -> tuple[list[bytes], int]:
    """Return the addresses of the oracle nodes and the quorum that the contracts have."""
    functions = contract("Registry").functions
    oracles = functions["oracles"].decode(await read(rpc, registry, functions["oracles"].encode()))[0]
    quorum = functions["quorum"].decode(await read(rpc, registry, functions["quorum"].encode()))[0]
    return list(oracles), int(quorum)


async def _set_oracles(
    settings: CommunitySettings, governor: Sender, registry: bytes, nodes: Sequence[Identity]
) -> bool:
    """Bring nodes and quorum of the contracts to what is set; return whether anything was to be done."""
    wanted = sorted(node.address for node in nodes)
    if await _oracles(governor.rpc, registry) == (wanted, settings.quorum):
        return False
    data = contract("Registry").functions["setOracles"].encode(wanted, settings.quorum)
    try:
        await governor.transact(registry, data)
    except TransactionReverted as error:
        raise ConfigurationError(
            f"the contracts refuse the nodes {settings.nodes} with quorum {settings.quorum} ({error}); "
            "the governor's changes may have to be scheduled first, or set ZUVA_COMMUNITY_NODES and "
            "ZUVA_COMMUNITY_QUORUM to what the contracts have"
        ) from error
    log.info("oracles_set", nodes=settings.nodes, quorum=settings.quorum)
    return True


def _governor(settings: CommunitySettings, chain_id: int) -> SigningKey:
    if settings.governor_key is not None:
        return load_key(settings.governor_key)
    if chain_id == LOCAL_CHAIN_ID:
        return SigningKey(LOCAL_FAUCET)
    raise ConfigurationError(
        f"chain {chain_id} is not the local one ({LOCAL_CHAIN_ID}), and no governor's key is set; "
        "set ZUVA_COMMUNITY_GOVERNOR_KEY to the key file of a funded account"
    )


async def _wait_for_chain(rpc: Rpc, status: Callable[[str], None]) -> int:
    pause = 0.2
    while True:
        try:
            return quantity(await rpc.call("eth_chainId"))
        except RpcUnreachable:
            status("waiting for the chain")
            await asyncio.sleep(pause)
            pause = min(2 * pause, 5.0)


async def _deployed(settings: CommunitySettings, governor: Sender, nodes: Sequence[Identity]) -> AddressBook:
    if settings.token is None and governor.chain_id != LOCAL_CHAIN_ID:
        raise ConfigurationError(
            f"chain {governor.chain_id} is not the local one ({LOCAL_CHAIN_ID}), which gets a test dollar; "
            "set ZUVA_COMMUNITY_TOKEN to the address of the settlement currency"
        )
    book = await deploy(
        governor,
        interval_seconds=settings.interval_seconds,
        ring_size=settings.ring_size,
        finality_seconds=settings.finality_seconds,
        oracles=[node.address for node in nodes],
        quorum=settings.quorum,
        guardian=node_keys.ensure(_keys(settings), "guardian").address,
        certificate_uri=settings.certificate_uri or _metadata_uri(),
        token=None if settings.token is None else address_bytes(settings.token),
    )
    book.save(_book(settings))
    return book


def _metadata_uri() -> str:
    """Return where this machine's API answers with the metadata of a certificate."""
    host = os.environ.get("ZUVA_API_HOST", "127.0.0.1")
    if host in ("0.0.0.0", "::"):  # noqa: S104 compared, not bound
        host = "127.0.0.1"
    named = f"[{host}]" if ":" in host else host
    return f"http://{named}:{os.environ.get('ZUVA_API_PORT', '8000')}/v1/certificates/{{id}}.json"


async def _fund(governor: Sender, keys: Sequence[Identity]) -> None:
    for key in keys:
        balance = quantity(await governor.rpc.call("eth_getBalance", address_text(key.address), "latest"))
        if balance < _LOW_WATER_WEI and governor.chain_id == LOCAL_CHAIN_ID:
            await governor.transact(key.address, b"", value=_ALLOWANCE_WEI)
        elif balance == 0:
            log.warning("account_without_funds", account=address_text(key.address))


async def _register(governor: Sender, registry: bytes, homes: Sequence[HomeRegistration]) -> int:
    functions = contract("Registry").functions
    missing = []
    for item in homes:
        data = functions["isRegistered"].encode(item.home.meter_id)
        if not functions["isRegistered"].decode(await read(governor.rpc, registry, data))[0]:
            missing.append(item)
    for first in range(0, len(missing), _AT_ONCE):
        sent = []
        for item in missing[first : first + _AT_ONCE]:
            data = functions["registerMeter"].encode(
                item.registration, item.attributes, item.home.name, item.device_signature
            )
            sent.append(await governor.send(registry, data))
        for transaction_hash in sent:
            await governor.wait(transaction_hash)
    return len(missing)
