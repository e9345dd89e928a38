"""Makes a community out of an empty chain: keys, contracts, funds, registered and enrolled meters.

Every step looks at what is there first, so that a run after a kill in the middle, or a hundredth run, does
only what is missing.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

from oracle.settings import OracleSettings
from protocol.keys import SigningKey, address_text, create_key, load_key
from protocol.ledger import address_book
from protocol.ledger.address_book import AddressBook
from protocol.ledger.bindings import contract
from protocol.ledger.deployment import deploy
from protocol.ledger.errors import RpcUnreachable
from protocol.ledger.rpc import Rpc, quantity
from protocol.ledger.transactions import Sender, read
from protocol.secrets import Enrolment, load_enrolment, seal
from simulation.replay.homes import HomeRegistration
from simulation.replay.source import home_registrations, load_source
from simulation.settings import ReplaySettings
from zuva.community_settings import CommunitySettings
from zuva.errors import ConfigurationError
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
        ConfigurationError: No governor's key for a foreign chain, files that do not fit the chain, or nodes
            other than those of the contracts and the enrolments.
    """
    make_directory(settings.data_dir)
    node_keys = _node_keys(settings)
    keepers = [_at(path) for path in _keeper_paths(settings)]
    guardian = _key(settings, "guardian")
    replay = build_settings(ReplaySettings)
    source = load_source(replay)
    slot = source.measurements.slot_seconds
    if settings.interval_seconds != slot and not _book(settings).exists():
        raise ConfigurationError(
            f"the data have slots of {slot} s; set ZUVA_COMMUNITY_INTERVAL_SECONDS to {slot} "
            f"(it is {settings.interval_seconds}), before contracts are deployed with it for good"
        )
    async with Rpc(settings.chain_url) as rpc:
        chain_id = await _wait_for_chain(rpc, status)
        governor = Sender(rpc, _governor(settings, chain_id), chain_id)
        status("deploying the contracts")
        book = await _deployed(settings, rpc, governor, node_keys, guardian)
        if book.interval_seconds != slot:
            raise ConfigurationError(
                f"the contracts of {settings.data_dir} settle intervals of {book.interval_seconds} s, "
                f"the data have slots of {slot} s; "
                "choose another directory with --data"
            )
        await _check_oracles(settings, governor, book.address("Registry"), node_keys)
        await _fund(governor, [*node_keys, *keepers])
        homes = home_registrations(replay, source, book.domain("Registry"))
        status(f"registering {len(homes)} homes")
        _enrol(settings, homes, node_keys)
        registered = await _register(governor, book.address("Registry"), homes)
    ready()
    status(f"{len(homes)} homes, {len(node_keys)} oracle node(s), {registered} registered now")
    log.info("community_provisioned", homes=len(homes), registered_now=registered)


def _book(settings: CommunitySettings) -> Path:
    return settings.data_dir / "address-book.json"


def _keeper_paths(settings: CommunitySettings) -> list[Path]:
    """Return where each node looks for the key that pays for its mints."""
    nodes = [
        build_settings(OracleSettings, name=name, data_dir=settings.data_dir) for name in settings.node_names
    ]
    return sorted({node.keeper_key_path for node in nodes})


def _key(settings: CommunitySettings, name: str) -> SigningKey:
    return _at(settings.data_dir / "keys" / f"{name}.key")


def _at(path: Path) -> SigningKey:
    if path.exists() and path.stat().st_size == 0:
        path.unlink()  # a kill between making the file and writing it
    return load_key(path) if path.exists() else create_key(path)


def _node_keys(settings: CommunitySettings) -> list[SigningKey]:
    names = settings.nodes.split(",")
    if _book(settings).exists():
        for name in names:
            path = settings.data_dir / "keys" / f"{name}.key"
            if not path.exists():
                raise ConfigurationError(
                    f"node {name} has no key {path}, though the contracts are deployed: "
                    "restore it, or set ZUVA_COMMUNITY_NODES to the nodes the community began with"
                )
    return [_key(settings, name) for name in names]


async def _check_oracles(
    settings: CommunitySettings, governor: Sender, registry: bytes, nodes: Sequence[SigningKey]
) -> None:
    function = contract("Registry").functions["oracles"]
    deployed = set(function.decode(await read(governor.rpc, registry, function.encode()))[0])
    if deployed != {node.address for node in nodes}:
        raise ConfigurationError(
            f"the contracts of {settings.data_dir} have the oracles "
            f"{', '.join(map(address_text, sorted(deployed)))}, which are not the nodes {settings.nodes}; "
            "set ZUVA_COMMUNITY_NODES to the nodes the community began with, "
            "or choose another directory with --data"
        )


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


async def _deployed(
    settings: CommunitySettings,
    rpc: Rpc,
    governor: Sender,
    nodes: Sequence[SigningKey],
    guardian: SigningKey,
) -> AddressBook:
    path = _book(settings)
    if path.exists():
        book = address_book.load(path)
        await book.verify(rpc)
        return book
    book = await deploy(
        governor,
        interval_seconds=settings.interval_seconds,
        ring_size=settings.ring_size,
        finality_seconds=settings.finality_seconds,
        oracles=[key.address for key in nodes],
        quorum=settings.quorum,
        guardian=guardian.address,
    )
    book.save(path)
    return book


async def _fund(governor: Sender, keys: Sequence[SigningKey]) -> None:
    for key in keys:
        balance = quantity(await governor.rpc.call("eth_getBalance", address_text(key.address), "latest"))
        if balance < _LOW_WATER_WEI and governor.chain_id == LOCAL_CHAIN_ID:
            await governor.transact(key.address, b"", value=_ALLOWANCE_WEI)
        elif balance == 0:
            log.warning("account_without_funds", account=address_text(key.address))


def _enrol(
    settings: CommunitySettings, homes: Sequence[HomeRegistration], nodes: Sequence[SigningKey]
) -> None:
    folder = settings.data_dir / "enrolment"
    known = {path.name for path in folder.glob("*.json")}
    for item in homes:
        home = item.home
        name = f"{home.meter_id.hex()}.json"
        if name in known:
            _check_enrolment(folder / name, home.name, nodes)
            continue
        sealed = {node.address: seal(home.secret, node.public_key) for node in nodes}
        Enrolment(home.meter_id, sealed).save(folder)


def _check_enrolment(path: Path, home: str, nodes: Sequence[SigningKey]) -> None:
    sealed = load_enrolment(path).sealed
    for node in nodes:
        if node.address not in sealed:
            raise ConfigurationError(
                f"home {home} is not enrolled for the node {address_text(node.address)} ({path}); "
                "set ZUVA_COMMUNITY_NODES to the nodes the community began with, "
                "or remove that file to enrol the home anew"
            )


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
