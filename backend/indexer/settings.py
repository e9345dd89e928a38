"""Settings of the indexer."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class IndexerSettings(BaseSettings):
    """What the indexer reads from its environment (`ZUVA_INDEXER_...` and the shared names)."""

    model_config = SettingsConfigDict(env_prefix="ZUVA_INDEXER_", populate_by_name=True, extra="ignore")

    database_url: str = Field(validation_alias="DATABASE_URL")
    chain_url: str = Field(default="http://127.0.0.1:18545", validation_alias="ZUVA_CHAIN_URL")
    data_dir: Path = Field(default=Path(".zuva/day"), validation_alias="ZUVA_DATA_DIR")
    data_set_schema: str = Field(default="oracle_1", pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    """Schema of the oracle node whose view `data_set` holds the readings behind the reports."""
    poll_seconds: float = Field(default=0.1, gt=0)
    """Pause between looks at the chain's head when there is nothing to do."""
    logs_per_window: int = Field(default=2_000, gt=0)
    """Logs that one answer should hold; the window of blocks is steered towards it."""
    blocks_per_window: int = Field(default=10_000, gt=0)
    """Upper bound of a window."""
    rewind_patience_seconds: float = Field(default=10.0, ge=0)
    """How long a node that fell behind on the same chain may take to catch up before rows are undone."""
    retry_seconds: float = Field(default=1.0, gt=0)
    """Pause between attempts to read data sets that were not there when their report arrived."""
