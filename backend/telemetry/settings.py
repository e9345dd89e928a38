"""Settings of the telemetry service."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class TelemetrySettings(BaseSettings):
    """What the service reads from its environment (`ZUVA_TELEMETRY_...` and the shared names)."""

    model_config = SettingsConfigDict(env_prefix="ZUVA_TELEMETRY_", populate_by_name=True, extra="ignore")

    database_url: str = Field(default="postgresql:///zuva", validation_alias="DATABASE_URL")
    broker_url: str = Field(default="mqtt://127.0.0.1:18830", validation_alias="ZUVA_BROKER_URL")
    retention_days: int = Field(default=7, ge=1, le=3660)
    """Days of community time that the history is kept; whole UTC days are dropped."""
    min_period_seconds: int = Field(default=1, ge=1)
    """Least community time between two states of a meter; closer ones are dropped."""
    states_per_second: float = Field(default=10.0, gt=0)
    """Most states of one meter per second of real time; twice as many may come at once."""
    future_seconds: int = Field(default=60, ge=0)
    """How far a state may be ahead of the wall clock, as two machines' clocks differ."""
    catching_up_seconds: int = Field(default=7200, ge=0)
    """How far a state may be ahead of a community clock that is long before the wall clock."""
    status_seconds: float = Field(default=10.0, gt=0)
    """How long after a new connection a status may be missing before it is unknown."""
    rows_per_day: int = Field(default=1_000_000, gt=0)
    """Most states kept of one UTC day; beyond it only the newest state of each meter is."""
    batch_seconds: float = Field(default=1.0, gt=0)
    """Pause between two writes."""
    pending_states: int = Field(default=50_000, gt=0)
    """Most states that wait in memory for the database; what comes beyond is not kept."""
    meters_seconds: float = Field(default=5.0, gt=0)
    """Pause between looks for meters that were registered."""
