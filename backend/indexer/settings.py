"""Settings of the indexer."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.store.schemas import Names


class IndexerSettings(BaseSettings):
    """What the indexer reads from its environment (`ZUVA_INDEXER_...` and the shared names)."""

    model_config = SettingsConfigDict(env_prefix="ZUVA_INDEXER_", populate_by_name=True, extra="ignore")

    database_url: str = Field(validation_alias="DATABASE_URL")
    chain_url: str = Field(default="http://127.0.0.1:18545", validation_alias="ZUVA_CHAIN_URL")
    data_dir: Path = Field(default=Path(".zuva/homes"), validation_alias="ZUVA_DATA_DIR")
    data_set_schemas: Names = ("oracle_1",)
    """Schemas of oracle nodes whose views `data_set` hold the readings behind the reports; asked in this
    order, the next one where one has not what a report names."""
    poll_seconds: float = Field(default=0.5, gt=0)
    """Longest pause between looks at the chain's head; short after something happened, doubling while not."""
    logs_per_window: int = Field(default=2_000, gt=0)
    """Logs that one answer should hold; the window of blocks is steered towards it."""
    blocks_per_window: int = Field(default=10_000, gt=0)
    """Upper bound of a window."""
    rewind_patience_seconds: float = Field(default=10.0, ge=0)
    """How long a node that fell behind on the same chain may take to catch up before rows are undone."""
    retry_seconds: float = Field(default=1.0, gt=0)
    """Pause between attempts to read data sets that were not there when their report arrived."""
