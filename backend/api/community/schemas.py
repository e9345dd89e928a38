"""What the community endpoints answer. Energy is integer Wh, times are unix seconds UTC."""

from pydantic import BaseModel, Field


class Flow(BaseModel):
    """Energy in Wh; null where nothing is known, which is never zero."""

    generated_wh: int | None
    import_wh: int | None
    export_wh: int | None


class Tariff(BaseModel):
    """What a kWh would earn and costs, millionths of the currency; a setting until there is a market."""

    currency: str
    export_micro_per_kwh: int
    import_micro_per_kwh: int


class Covered(BaseModel):
    """How many intervals sums are over."""

    intervals: int = Field(description="Reported intervals in the range")
    intervals_missing: int = Field(
        description="Those of them whose data set is not known yet: their energy is not in the sums"
    )


class Totals(Flow, Covered):
    """Sums over everything indexed."""

    readings: int
    reports: int = Field(description="Reported intervals")
    certified_wh: int
    retired_wh: int


class CurrentInterval(Flow):
    """The newest reported interval."""

    interval: int
    start: int
    end: int
    meters_reporting: int


class Today(Flow, Covered):
    """The local day of the newest reported interval."""

    start: int
    certified_wh: int


class IndexedBlock(BaseModel):
    """The newest indexed block."""

    number: int
    hash: str
    timestamp: int


class Community(BaseModel):
    """The community now and today."""

    name: str
    zone: str
    chain_id: int
    interval_seconds: int
    now: int = Field(
        description="Community time: the newest indexed block's, or the community clock's where that is newer"
    )
    report_indexed_at: int | None = Field(
        description="Real time when the newest report came here; null if unknown"
    )
    report_age_seconds: int | None = Field(description="Real seconds since then")
    finality_seconds: int
    contracts: dict[str, str]
    meters: int
    current: CurrentInterval | None
    today: Today | None
    totals: Totals
    tariff: Tariff
    block: IndexedBlock
