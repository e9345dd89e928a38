"""How a community is set up: intervals, nodes and quorum, and who governs it."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class CommunitySettings(BaseSettings):
    """How a community is set up, from ZUVA_COMMUNITY_* and the shared names."""

    model_config = SettingsConfigDict(env_prefix="ZUVA_COMMUNITY_", frozen=True, populate_by_name=True)

    data_dir: Path = Field(Path(".zuva/homes"), validation_alias="ZUVA_DATA_DIR")
    chain_url: str = Field("http://127.0.0.1:18545", validation_alias="ZUVA_CHAIN_URL")
    interval_seconds: int = Field(900, gt=0)
    """Length of a settlement interval; frozen in the contracts."""
    ring_size: int = Field(672, gt=1)
    """How many intervals' roots the contracts keep: a week of quarter hours."""
    finality_seconds: int = Field(0, ge=0)
    source: Literal["homes", "replay"] | None = None
    """Where the homes come from: simulated, or measured ones replayed; if None, as ZUVA_REPLAY_FILE says."""
    nodes: str = Field(
        "oracle-1,oracle-2,oracle-3", pattern=r"^oracle-[a-z0-9-]{1,24}(,oracle-[a-z0-9-]{1,24})*$"
    )
    """Names of the oracle nodes, separated by commas; each begins with oracle-."""
    quorum: int = Field(2, ge=1)
    """How many nodes must sign a report."""
    node_port: int = Field(18841, ge=1, le=65000)
    """Port of the first node; the next ones follow it."""
    token: str | None = Field(None, pattern="^0x[0-9a-fA-F]{40}$")
    """Settlement currency, an ERC-20 with 6 decimals; without it the local chain gets a test dollar. Fixed in
    the contracts."""
    certificate_uri: str | None = Field(None, max_length=256)
    """Where wallets find a certificate's metadata, with {id} in it; by default this machine's API. Fixed in
    the contracts."""
    governor_key: Path | None = None
    """Key file of the governor; on the local chain the first development account governs without one."""

    @property
    def node_names(self) -> tuple[str, ...]:
        """Names of the oracle nodes, in order."""
        return tuple(self.nodes.split(","))

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(set(self.node_names)) != len(self.node_names):
            raise ValueError(f"a node is named twice in ZUVA_COMMUNITY_NODES={self.nodes}")
        if self.quorum > len(self.node_names):
            raise ValueError(
                f"ZUVA_COMMUNITY_QUORUM={self.quorum} is more than the nodes {self.nodes}; "
                "name more nodes in ZUVA_COMMUNITY_NODES or lower the quorum"
            )
        return self
