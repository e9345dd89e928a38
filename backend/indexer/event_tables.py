"""Which event of which contract goes to which table, and the tables' columns in the order of the models."""

from dataclasses import dataclass
from typing import Any, Final

from backend.store.models import Base
from backend.store.tables import FromEvent

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    mapper.local_table.name: tuple(mapper.local_table.columns.keys())  # type: ignore[attr-defined]
    for mapper in Base.registry.mappers
    if issubclass(mapper.class_, FromEvent)
}


@dataclass(frozen=True, slots=True)
class EventKind:
    """How an event becomes a row.

    Attributes:
        event: the event's name.
        contracts: the contracts that emit it.
        table: the table it goes to.
        arguments: its arguments in the order of the table's columns.
        constants: values before the arguments.
        sided: the row starts with the side, 0 production or 1 consumption.
        batch: the last two arguments are arrays, one row per position.
    """

    event: str
    contracts: tuple[str, ...]
    table: str
    arguments: tuple[str, ...]
    constants: tuple[Any, ...] = ()
    sided: bool = False
    batch: bool = False


_REGISTRY = ("Registry",)
_PRODUCTION = ("EnergyProduction",)
_REPORTS = ("EnergyProduction", "EnergyConsumption")

EVENTS: Final = (
    EventKind(
        "MeterRegistered",
        _REGISTRY,
        "meter_registered",
        (
            "meterId",
            "account",
            "key",
            "attributes.kind",
            "attributes.source",
            "attributes.category",
            "attributes.generationCapacityW",
            "attributes.connectionCapacityW",
            "attributes.feeder",
            "attributes.simulated",
            "timestamp",
            "importWh",
            "exportWh",
            "generatedWh",
            "name",
        ),
    ),
    EventKind("KeyRotated", _REGISTRY, "key_rotated", ("meterId", "key", "validFromInterval")),
    EventKind("MeterSuspended", _REGISTRY, "meter_suspended", ("meterId",)),
    EventKind("MeterReinstated", _REGISTRY, "meter_reinstated", ("meterId",)),
    EventKind("OraclesSet", _REGISTRY, "oracles_set", ("oracles", "quorum")),
    EventKind("PausedSet", _REGISTRY, "paused_set", ("paused",)),
    EventKind("GovernorProposed", _REGISTRY, "governor_proposed", ("governor", "acceptableFrom")),
    EventKind("GovernorSet", _REGISTRY, "governor_set", ("governor",)),
    EventKind("GuardianSet", _REGISTRY, "guardian_set", ("guardian",)),
    EventKind("CallScheduled", _REGISTRY, "call_scheduled", ("callHash", "readyAt", "call")),
    EventKind("CallUnscheduled", _REGISTRY, "call_unscheduled", ("callHash",)),
    EventKind("ReporterSet", _REGISTRY, "reporter_set", ("reporter", "allowed")),
    EventKind("Co2FactorSet", _REGISTRY, "co2_factor_set", ("source", "gramsPerMWh")),
    EventKind(
        "Reported",
        _REPORTS,
        "reported",
        ("interval", "root", "dataHash", "totalWh", "count", "signers"),
        sided=True,
    ),
    EventKind(
        "Disputed", _REPORTS, "disputed", ("interval", "meterId", "leaf", "signers", "kind"), sided=True
    ),
    EventKind("ClaimReset", _PRODUCTION, "claim_reset", ("meterId", "seq", "timestamp")),
    EventKind(
        "Minted",
        _PRODUCTION,
        "minted",
        ("meterId", "interval", "id", "account", "wh", "claimedWh", "seq", "timestamp"),
    ),
    EventKind(
        "Retired",
        _PRODUCTION,
        "retired",
        ("account", "id", "wh", "beneficiary", "reason", "co2Grams"),
    ),
    EventKind("TransferSingle", _PRODUCTION, "transferred", ("from", "to", "id", "value"), constants=(0,)),
    EventKind("TransferBatch", _PRODUCTION, "transferred", ("from", "to", "ids", "values"), batch=True),
)

MIRRORED: Final = tuple(dict.fromkeys(name for kind in EVENTS for name in kind.contracts))
"""The contracts whose events have tables; those of others are not asked for."""
