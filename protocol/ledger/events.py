"""The contracts' events as typed values.

Every event also carries where its log stands: block, transaction and index, so that a store can keep it once.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from protocol.ledger.bindings import Event, contract, snake
from protocol.ledger.rpc import octets, quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """Where a log stands.

    Attributes:
        address: the contract that emitted it, 20 bytes.
        block_number: number of its block.
        block_hash: hash of its block.
        transaction_hash: hash of its transaction.
        log_index: its place among the block's logs.
    """

    address: bytes
    block_number: int = field(default=0, compare=False)
    block_hash: bytes = field(default=b"", compare=False)
    transaction_hash: bytes = field(default=b"", compare=False)
    log_index: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class MeterAttributes:
    """What the governor states about a meter; kinds, sources and categories as in the Registry."""

    kind: int
    source: int
    category: int
    generation_capacity_w: int
    connection_capacity_w: int
    feeder: int
    simulated: bool


@dataclass(frozen=True, slots=True)
class MeterRegistered(LogPlace):
    """A meter was registered with its opening registers (Wh)."""

    meter_id: bytes
    account: bytes
    key: bytes
    attributes: MeterAttributes
    timestamp: int
    import_wh: int
    export_wh: int
    generated_wh: int
    name: str


@dataclass(frozen=True, slots=True)
class KeyRotated(LogPlace):
    """A meter signs with `key` from an interval on."""

    meter_id: bytes
    key: bytes
    valid_from_interval: int


@dataclass(frozen=True, slots=True)
class MeterSuspended(LogPlace):
    """A meter's readings are not taken until it is reinstated."""

    meter_id: bytes


@dataclass(frozen=True, slots=True)
class MeterReinstated(LogPlace):
    """A suspended meter is active again."""

    meter_id: bytes


@dataclass(frozen=True, slots=True)
class OraclesSet(LogPlace):
    """The oracle set changed; bit i of a signers bitmap stands for `oracles[i]`."""

    oracles: list[bytes]
    quorum: int


@dataclass(frozen=True, slots=True)
class PausedSet(LogPlace):
    """Reports and mints were stopped or allowed again."""

    paused: bool


@dataclass(frozen=True, slots=True)
class Co2FactorSet(LogPlace):
    """The CO2 factor of a source changed."""

    source: int
    grams_per_mwh: int


@dataclass(frozen=True, slots=True)
class Reported(LogPlace):
    """A quorum reported an interval to the contract at `address`."""

    interval: int
    root: bytes
    data_hash: bytes
    total_wh: int
    count: int
    signers: int


@dataclass(frozen=True, slots=True)
class Disputed(LogPlace):
    """A meter's signed reading contradicted a leaf; the meter is suspended.

    `kind` is 0 for other values under one sequence number, 1 for values against the order of these numbers.
    """

    interval: int
    meter_id: bytes
    leaf: bytes
    signers: int
    kind: int


@dataclass(frozen=True, slots=True)
class Minted(LogPlace):
    """A meter's claim moved to `claimed_wh` and `wh` were minted; `wh` is 0 when only the time moved."""

    meter_id: bytes
    interval: int
    id: int
    account: bytes
    wh: int
    claimed_wh: int
    seq: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Retired(LogPlace):
    """Certificates were taken out of circulation; CO2 in grams."""

    account: bytes
    id: int
    wh: int
    beneficiary: bytes
    reason: str
    co2_grams: int


@dataclass(frozen=True, slots=True)
class TransferSingle(LogPlace):
    """ERC-1155: one id moved; from the zero address it is minted, to it retired."""

    operator: bytes
    from_: bytes
    to: bytes
    id: int
    value: int


@dataclass(frozen=True, slots=True)
class TransferBatch(LogPlace):
    """ERC-1155: several ids moved."""

    operator: bytes
    from_: bytes
    to: bytes
    ids: list[int]
    values: list[int]


_REGISTRY = (
    MeterRegistered,
    KeyRotated,
    MeterSuspended,
    MeterReinstated,
    OraclesSet,
    PausedSet,
    Co2FactorSet,
)
_PRODUCTION = (Reported, Disputed, Minted, Retired, TransferSingle, TransferBatch)


def decode_log(log: Mapping[str, Any]) -> LogPlace | None:
    """Return the typed event of a JSON-RPC log, or None for an event that has no type here.

    Raises:
        LedgerError: the log has the event's topic but not its shape.
    """
    topics = [octets(topic) for topic in log["topics"]]
    known = _by_topic().get(topics[0]) if topics else None
    if known is None:
        return None
    event, make, rename = known
    values = {rename[name]: value for name, value in event.decode(topics, octets(log["data"])).items()}
    if "attributes" in values:
        values["attributes"] = MeterAttributes(
            **{_python_name(name): value for name, value in values["attributes"].items()}
        )
    return make(
        **values,
        address=octets(log["address"]),
        block_number=quantity(log.get("blockNumber") or 0),
        block_hash=octets(log.get("blockHash") or b""),
        transaction_hash=octets(log.get("transactionHash") or b""),
        log_index=quantity(log.get("logIndex") or 0),
    )


def topics_of(*kinds: type[LogPlace]) -> list[bytes]:
    """Return the first topics of events, for a log filter."""
    names = {kind.__name__ for kind in kinds}
    return [topic for topic, (event, _, _) in _by_topic().items() if event.name in names]


@lru_cache(maxsize=1)
def _by_topic() -> dict[bytes, tuple[Event, Callable[..., LogPlace], dict[str, str]]]:
    table: dict[bytes, tuple[Event, Callable[..., LogPlace], dict[str, str]]] = {}
    for name, kinds in (("Registry", _REGISTRY), ("EnergyProduction", _PRODUCTION)):
        for kind in kinds:
            event = contract(name).events[kind.__name__]
            rename = {each: _python_name(each) for each in event.fields}
            wanted = {each.name for each in dataclasses.fields(kind)}
            if not wanted.issuperset(rename.values()):
                raise AssertionError(f"the type of the event {event.name} lacks fields of the ABI")
            table[event.topic] = (event, kind, rename)
    return table


def _python_name(name: str) -> str:
    return "from_" if name == "from" else snake(name)
