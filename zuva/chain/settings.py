"""Settings of the local chain."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ChainSettings(BaseSettings):
    """Settings of `zuva chain`, from ZUVA_CHAIN_* and the shared names."""

    model_config = SettingsConfigDict(env_prefix="ZUVA_CHAIN_", frozen=True, populate_by_name=True)

    data_dir: Path = Field(Path(".zuva/homes"), validation_alias="ZUVA_DATA_DIR")
    host: str = "127.0.0.1"
    port: int = Field(18545, ge=1, le=65535)
    chain_id: int = Field(31337, ge=1, lt=2**63)
    clock: Literal["wall", "stepped"] = "wall"
    """wall: blocks carry the time of this machine. stepped: the time last set by `zuva_setTime`."""
    genesis_timestamp: int | None = Field(None, ge=0, lt=2**40)
    """Unix seconds of block 0 of a new chain; without it the time of its first start."""
    hardfork: Literal["cancun", "prague", "osaka"] = "cancun"
    """Rules of a new chain. From prague on every block writes its parent's hash into a contract (EIP-2935),
    and anvil hashes that contract's whole storage for every block: 4 ms instead of 0.15 ms after 4,500."""
    anvil: Path | None = None
    """The anvil program; else the one that npm installed, else the one on PATH."""
    snapshot_transactions: int = Field(1000, ge=0)
    """Least number of transactions between two snapshots, which shorten the next start; 0: none are made."""
    snapshot_seconds: float = Field(1.0, gt=0)
    """Pause between two looks whether a snapshot is due."""
    max_request_bytes: int = Field(16 * 1024 * 1024, ge=1024)
