"""Settings of the API."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.store.schemas import Names


class ApiSettings(BaseSettings):
    """What the API reads from its environment (`ZUVA_API_...` and the shared names)."""

    model_config = SettingsConfigDict(env_prefix="ZUVA_API_", populate_by_name=True, extra="ignore")

    database_url: str = Field(validation_alias="DATABASE_URL")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    community_name: str = "Zuva community"
    zone: str = "Africa/Harare"
    """Time zone in which the community's days are counted."""
    database_wait_seconds: float = Field(default=2.0, gt=0)
    """How long a request may wait for a connection before it is answered with 503."""
    pool_size: int = Field(default=8, gt=0)
    ready_lag_blocks: int = Field(default=64, ge=0)
    """How far the indexer may be behind the chain's head before /ready says so."""
    ready_silence_seconds: float = Field(default=15.0, gt=0)
    """How long the indexer may be silent before /ready says so."""
    keep_alive_seconds: float = Field(default=15.0, gt=0)
    """Pause between comments on a quiet event stream."""
    block_event_seconds: float = Field(default=0.2, ge=0)
    """Least pause between two `block` events; what comes in between is added up."""
    telemetry_event_seconds: float = Field(default=1.0, ge=0)
    """Least pause between two `telemetry` events."""
    streams: int = Field(default=256, gt=0)
    """Most event streams at once."""
    telemetry_fresh_seconds: int = Field(default=60, gt=0)
    """How long a state counts as what the meter sees now, seconds of real time since it arrived."""
    currency: str = Field(default="USD", pattern=r"^[A-Za-z0-9 .-]{1,16}$")
    """Name of the currency that tariffs and potential payouts are in."""
    export_tariff_micro_per_kwh: int = Field(default=80_000, ge=0, le=10**12)
    """What a kWh given to the grid would earn, millionths of the currency."""
    import_tariff_micro_per_kwh: int = Field(default=160_000, ge=0, le=10**12)
    """What a kWh taken from the grid costs, millionths of the currency."""
    node_schemas: Names = ("oracle_1",)
    """Schemas of the oracle nodes whose refusals are shown, as far as they can be read."""

    admin_intervals_waiting: int = Field(default=2, ge=0)
    """Most ended intervals without a report that are nothing to tell admins."""
    admin_silent_intervals: int = Field(default=3, gt=0)
    """How many intervals of real time no report may come and the clock may stand still."""
    admin_missed_intervals: int = Field(default=6, ge=0)
    """Most reported intervals in a row that a node need not have signed: a quorum is not everybody."""
    admin_missed_seconds: int = Field(default=120, ge=0)
    """For how long of real time they may have come: who catches up reports many intervals at once."""
    admin_state_seconds: int = Field(default=300, gt=0)
    """How long a home may send no state, seconds of real time."""
    admin_readings_behind: int = Field(default=4, ge=0)
    """Most intervals that a home's newest reading may be before the newest report."""
    admin_telemetry_seconds: int = Field(default=30, gt=0)
    """How long the telemetry service may write nothing."""
    admin_recent_seconds: int = Field(default=86_400, gt=0)
    """How far back refusals and disagreements are something to tell, seconds of real time."""

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("unknown time zone, such as Africa/Harare or UTC is expected") from error
        return zone
