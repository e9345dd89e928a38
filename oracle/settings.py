"""Settings of one oracle node, from the environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class OracleSettings(BaseSettings):
    """Settings of one oracle node; `zuva.toml` section `[oracle]`.

    Attributes:
        name: node's name; its acknowledgements, database schema and key file carry it.
        database_url: PostgreSQL of the node's own store.
        chain_url: JSON-RPC endpoint of the chain.
        broker_url: MQTT broker that carries readings.
        data_dir: community's data directory: address book, keys, enrolments.
        clock: `wall` for a live community, `stepped` for a replay that publishes its own time.
        grace_seconds: community seconds between an interval's end and its report.
        clock_tolerance_seconds: how far a reading's time may be ahead of the community clock.
        mint: whether this node's keeper mints certificates from reported leaves.
        claims_per_mint: claims in one mint transaction; 200 first-of-day claims stay below the gas cap.
        host: address on which other nodes, monitoring and operators reach this node.
        port: port of the same; 0 for any.
        peers: base URLs of the other nodes, with commas; who answers there must be in the Registry's oracles.
        round_seconds: real seconds that a leader has for an interval before the next node takes over.
        dispute_rounds: rounds for which a node's own proposals must have failed before it leaves meters out
            of an interval about which nodes cannot agree.
        refusals_kept: rows that the table of refusals may hold; the oldest go.
    """

    model_config = SettingsConfigDict(env_prefix="ZUVA_ORACLE_", populate_by_name=True, extra="ignore")

    name: str = Field("oracle-1", pattern=r"^[a-z][a-z0-9-]{0,30}$")
    database_url: str = Field("postgresql:///zuva", validation_alias="DATABASE_URL")
    chain_url: str = Field("http://127.0.0.1:18545", validation_alias="ZUVA_CHAIN_URL")
    broker_url: str = Field("mqtt://127.0.0.1:18830", validation_alias="ZUVA_BROKER_URL")
    data_dir: Path = Field(Path(".zuva/homes"), validation_alias="ZUVA_DATA_DIR")
    clock: Literal["wall", "stepped"] = "wall"
    grace_seconds: int = Field(60, ge=0)
    clock_tolerance_seconds: int = Field(60, ge=0)
    mint: bool = True
    claims_per_mint: int = Field(200, ge=1, le=220)
    host: str = "127.0.0.1"
    port: int = Field(18841, ge=0, lt=65536)
    peers: str = ""
    round_seconds: float = Field(2.0, gt=0)
    dispute_rounds: int = Field(10, ge=3)
    refusals_kept: int = Field(100_000, ge=1)

    @property
    def schema_name(self) -> str:
        """PostgreSQL schema of this node's store."""
        return self.name.replace("-", "_")

    @property
    def key_path(self) -> Path:
        """File of the node's signing key."""
        return self.data_dir / "keys" / f"{self.name}.key"

    @property
    def keeper_key_path(self) -> Path:
        """File of the keeper's key, which pays for mints and vouches for nothing."""
        return self.data_dir / "keys" / f"{self.name}-keeper.key"

    @property
    def peer_urls(self) -> list[str]:
        """Base URLs of the other nodes."""
        return [url.strip() for url in self.peers.split(",") if url.strip()]

    @property
    def address_book_path(self) -> Path:
        """File of the deployed contracts' addresses."""
        return self.data_dir / "address-book.json"

    @property
    def enrolment_dir(self) -> Path:
        """Folder of the meters' sealed secrets."""
        return self.data_dir / "enrolment"
