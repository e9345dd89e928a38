"""A report as it stands on the chain."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocol.report import Report


class Side(StrEnum):
    """Which of an interval's two reports."""

    PRODUCTION = "production"
    CONSUMPTION = "consumption"


CONTRACT_OF: Final = {Side.PRODUCTION: "EnergyProduction", Side.CONSUMPTION: "EnergyConsumption"}


@dataclass(frozen=True, slots=True)
class Standing:
    """One report on the chain, as its event says.

    Attributes:
        side: which contract holds it.
        report: what was reported.
        signers: bitmap over the oracles of that moment.
        block_number: the block it is in.
        block_hash: that block's hash, 32 bytes.
    """

    side: Side
    report: Report
    signers: int
    block_number: int
    block_hash: bytes
