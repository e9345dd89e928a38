"""What the payout endpoint answers. Money is in millionths of the currency."""

from pydantic import BaseModel, ConfigDict, Field

from backend.api.community.schemas import Covered, Tariff


class Payout(BaseModel):
    """Energy in a span of time and what it would earn and cost; null where it may not be seen."""

    generated_wh: int
    export_wh: int | None
    import_wh: int | None
    contribution_permille: int | None = Field(
        description="Share of the community's exported energy, floored; null while nothing was exported"
    )
    payout_micro: int | None = Field(description="Exported energy at the export tariff")
    payout_remainder: int | None = Field(
        description="Thousandths of a micro-unit cut off: payout_micro * 1000 + payout_remainder = "
        "export_wh * export_micro_per_kwh"
    )
    cost_micro: int | None = Field(description="Imported energy at the import tariff")
    cost_remainder: int | None = Field(description="Thousandths of a micro-unit cut off")
    net_micro: int | None = Field(description="payout_micro less cost_micro")


class MeterPayout(Payout):
    """One meter's."""

    meter_id: str
    name: str
    account: str


class AccountPayout(Payout):
    """The sum over an account's meters."""

    account: str
    meters: int


class CommunityPayout(Payout):
    """The sum over all meters."""

    meters: int


class Payouts(Covered):
    """Potential payouts of a span of time."""

    model_config = ConfigDict(populate_by_name=True)

    start: int = Field(serialization_alias="from")
    end: int = Field(serialization_alias="to")
    tariff: Tariff
    community: CommunityPayout
    accounts: list[AccountPayout]
    meters: list[MeterPayout]
