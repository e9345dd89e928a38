"""Compiled contracts: what the compiler wrote to build/contracts, read back."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from protocol.ledger.errors import ArtefactMissing

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "contracts"

CONTRACTS = (
    "TestDollar",
    "Registry",
    "EnergyProduction",
    "EnergyConsumption",
    "EnergyTrading",
    "GridBalancing",
    "EnergyDelivery",
    "Lens",
)
"""The contracts of a deployment in the order of deployment; the first only where no currency is given."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """One compiled contract.

    Attributes:
        name: contract name.
        abi: the ABI as the compiler gave it.
        bytecode: creation code, without constructor arguments.
        deployed_bytecode: runtime code with zeros in place of immutables.
    """

    name: str
    abi: list[dict[str, Any]]
    bytecode: bytes
    deployed_bytecode: bytes


@lru_cache(maxsize=32)
def load_artefact(name: str, folder: Path = BUILD) -> Artefact:
    """Return the compiled contract `name`.

    Raises:
        ArtefactMissing: it was not compiled, or its file is damaged.
    """
    path = folder / f"{name}.json"
    try:
        raw = json.loads(path.read_text())
        return Artefact(
            name=name,
            abi=raw["abi"],
            bytecode=bytes.fromhex(raw["bytecode"].removeprefix("0x")),
            deployed_bytecode=bytes.fromhex(raw["deployedBytecode"].removeprefix("0x")),
        )
    except FileNotFoundError as error:
        raise ArtefactMissing(
            f"the contract {name} is not compiled ({path} is absent); run: python -m protocol.ledger.compiler"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ArtefactMissing(
            f"{path} is damaged; remove it and run: python -m protocol.ledger.compiler"
        ) from error
