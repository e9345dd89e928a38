"""Settings of the simulation room's services."""

from datetime import date
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from simulation.day import DAY_ZONE

HARARE_ZONE: Final = "Africa/Harare"


class PublishingSettings(BaseSettings):
    """What every service that publishes readings needs to know.

    Attributes:
        broker_url: MQTT broker.
        data_dir: the community's data directory.
        acks: how many oracle nodes must accept a reading before it is forgotten.
        nodes: addresses of the oracle nodes; taken from the homes' enrolment files if empty.
        max_in_flight: how many readings may be unanswered at a time.
    """

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True)

    broker_url: str = Field(default="mqtt://127.0.0.1:18830", validation_alias="ZUVA_BROKER_URL")
    data_dir: Path = Field(default=Path(".zuva/homes"), validation_alias="ZUVA_DATA_DIR")
    acks: int = Field(default=1, ge=1)
    nodes: Annotated[tuple[str, ...], NoDecode] = ()
    max_in_flight: int = Field(default=2000, ge=1, le=30_000)

    @field_validator("nodes", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def address_book(self) -> Path:
        """The file of the deployment's addresses."""
        return self.data_dir / "address-book.json"

    @property
    def enrolment(self) -> Path:
        """The folder of the meters' enrolment files."""
        return self.data_dir / "enrolment"

    @property
    def key_seed(self) -> Path:
        """The file all keys of the homes come from."""
        return self.data_dir / "keys" / "homes.seed"


class ReplaySettings(PublishingSettings):
    """Settings of the replay, from the environment.

    Attributes:
        file: CSV of measured homes; the built-in days if None.
        zone: IANA zone of the file's local times.
        slot_seconds: length of the file's slots; derived from the data if None.
        allow_gaps: take missing slots as outages instead of refusing the file.
        start_at: local ISO time of the first slot to replay; the beginning of the data if None.
        days: how many times 24 hours to replay; everything if None.
        homes: how many homes to run, the first ones or with copies of them; as measured if None.
        simulated: whether the meters are registered as simulated; if None, true for the built-in days only.
        opening_import_wh: import register before the first slot, Wh.
        opening_export_wh: export register before the first slot, Wh.
        opening_generated_wh: generation register before the first slot, Wh.
        grace_seconds: how far past its end the oracle closes a slot, in community time; two slots if None.
        pace_seconds: least time of this machine between two slots, to watch a replay; 0 for full speed.
    """

    model_config = SettingsConfigDict(env_prefix="ZUVA_REPLAY_", extra="ignore", populate_by_name=True)

    file: Path | None = None
    zone: str = DAY_ZONE
    slot_seconds: int | None = Field(default=None, gt=0)
    allow_gaps: bool = False
    start_at: str | None = None
    days: int | None = Field(default=None, gt=0)
    homes: int | None = Field(default=None, gt=0)
    simulated: bool | None = None
    opening_import_wh: int = Field(default=0, ge=0, lt=1 << 62)
    opening_export_wh: int = Field(default=0, ge=0, lt=1 << 62)
    opening_generated_wh: int = Field(default=0, ge=0, lt=1 << 62)
    grace_seconds: int | None = Field(default=None, ge=0)
    pace_seconds: float = Field(default=0.0, ge=0)

    @property
    def outbox(self) -> Path:
        """The file of the unacknowledged readings."""
        return self.data_dir / "replay" / "outbox.sqlite"


class HomesSettings(PublishingSettings):
    """Settings of the simulated homes, from the environment.

    Attributes:
        homes: how many homes live in the community.
        seed: of weather, homes and habits; keys come from another, secret one.
        start: local date whose midnight the community begins at, ISO 8601.
        days: how many days to run; without end if None.
        zone: IANA zone of the homes' habits.
        interval_seconds: settlement interval, how often meters are read.
        grace_seconds: how far past its end the oracle closes an interval, in community time.
        pace: community seconds per second while catching up with the wall clock; 1 for real time from the
            start, 0 for as fast as the oracle acknowledges.
        state_seconds: how often a home publishes its state in real time, seconds of this machine.
    """

    model_config = SettingsConfigDict(env_prefix="ZUVA_HOMES_", extra="ignore", populate_by_name=True)

    homes: int = Field(default=20, gt=0, le=10_000)
    seed: int = Field(default=20251103, ge=0, lt=1 << 63)
    start: date | None = None
    days: int | None = Field(default=None, gt=0)
    zone: str = HARARE_ZONE
    interval_seconds: int = Field(default=900, ge=60, le=3600)
    grace_seconds: int = Field(default=120, ge=0)
    pace: float = Field(default=3600.0, ge=0)
    state_seconds: float = Field(default=5.0, gt=0)

    @field_validator("interval_seconds")
    @classmethod
    def _whole_minutes(cls, value: int) -> int:
        if value % 60 or 3600 % value:
            raise ValueError("an interval is a number of whole minutes that divides an hour")
        return value

    @property
    def outbox(self) -> Path:
        """The file of the unacknowledged readings and of the model's state."""
        return self.data_dir / "homes" / "outbox.sqlite"
