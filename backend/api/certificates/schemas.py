"""What the certificate endpoints answer. One unit of a certificate is one Wh; ids are decimal strings."""

from typing import Any

from pydantic import BaseModel, Field


class CertificateItem(BaseModel):
    """One certificate id: what is known from the id itself, and its totals."""

    id: str
    source: str
    day: int | None = Field(description="UTC days since 1970; null where the day could not be proved")
    simulated: bool
    minted_wh: int
    retired_wh: int
    supply_wh: int


class CertificateList(BaseModel):
    """Certificates by id; of one account: minted to it, retired by it, held by it."""

    items: list[CertificateItem]


class Mint(BaseModel):
    """Certificates made from a meter's claimed generation."""

    meter_id: str
    interval: int
    id: str
    account: str
    wh: int
    claimed_wh: int
    seq: int
    timestamp: int
    tx_hash: str
    block_number: int
    log_index: int


class MintPage(BaseModel):
    """Mints, newest first."""

    items: list[Mint]
    next_cursor: str | None


class Metadata(BaseModel):
    """ERC-1155 metadata of a certificate id."""

    name: str
    description: str
    decimals: int
    properties: dict[str, Any]
