"""Settings of the embedded broker."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class BrokerSettings(BaseSettings):
    """Settings of `zuva broker`, from ZUVA_BROKER_* and the shared names."""

    model_config = SettingsConfigDict(env_prefix="ZUVA_BROKER_", frozen=True, populate_by_name=True)

    data_dir: Path = Field(Path(".zuva/homes"), validation_alias="ZUVA_DATA_DIR")
    host: str = "127.0.0.1"
    port: int = Field(18830, ge=1, le=65535)
    kind: Literal["auto", "mosquitto", "aedes"] = "auto"
    """auto: mosquitto when it is on PATH, else aedes."""
    max_packet_bytes: int = Field(65_536, ge=1024)
    """A client that sends a longer packet is dropped."""
    max_queue_bytes: int = Field(16_777_216, ge=65_536)
    """aedes: a client that leaves more than this unread is dropped."""
