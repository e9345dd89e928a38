"""What the telemetry endpoints answer; units are in the names, null is what a meter does not say."""

from pydantic import BaseModel, ConfigDict, Field


class MeterTelemetry(BaseModel):
    """The newest state and status of a meter."""

    meter_id: str
    time: int | None = Field(description="Community time of the state")
    arrived_at: int | None = Field(
        description="When the meter's newest message arrived here, real time; one that the broker had kept "
        "from before does not count"
    )
    arrived_age_seconds: int | None = Field(description="Real seconds since then")
    fresh: bool = Field(description="It arrived just now, and the meter is not offline")
    online: bool | None = Field(
        description="As the meter said last; null if it did not since the connection began"
    )
    power_w: int | None = Field(description="At the grid connection: positive is import, negative export")
    generation_w: int | None
    voltage_decivolt: int | None
    frequency_millihertz: int | None
    power_factor_permille: int | None
    temperature_decicelsius: int | None


class CommunityTelemetry(BaseModel):
    """All meters together; power is the sum over fresh states, null while there is none."""

    meters: int
    heard: int = Field(description="Meters with a state")
    fresh: int
    online: int
    offline: int
    power_w: int | None
    generation_w: int | None
    newest_at: int | None = Field(description="Community time of the newest state")
    newest_arrived_age_seconds: int | None = Field(description="Real seconds since any state arrived")


class TelemetryPage(BaseModel):
    """Meters with a state or a status, in the order they were registered."""

    now: int
    fresh_seconds: int
    community: CommunityTelemetry
    items: list[MeterTelemetry]
    next_cursor: str | None


class TelemetryEvent(BaseModel):
    """Data of a `telemetry` event: the community, and the meters that changed since the event before."""

    now: int
    community: CommunityTelemetry
    items: list[MeterTelemetry]
    more: bool = Field(description="More meters changed than are listed")


class TelemetryStep(BaseModel):
    """A meter's states within one step of time."""

    time: int = Field(description="Begin of the step")
    count: int
    power_min_w: int
    power_mean_w: int
    power_max_w: int
    generation_min_w: int | None
    generation_mean_w: int | None
    generation_max_w: int | None
    voltage_mean_decivolt: int | None
    frequency_mean_millihertz: int | None
    power_factor_mean_permille: int | None
    temperature_mean_decicelsius: int | None


class TelemetrySeries(BaseModel):
    """A meter's history in steps, ascending; steps without a state are left out."""

    model_config = ConfigDict(populate_by_name=True)

    meter_id: str
    start: int = Field(serialization_alias="from")
    end: int = Field(serialization_alias="to")
    step_seconds: int
    items: list[TelemetryStep]
