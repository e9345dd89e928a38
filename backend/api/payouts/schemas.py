"""What the payout endpoint answers. Money is in millionths of the currency."""

from pydantic import BaseModel, ConfigDict, Field

from backend.api.community.schemas import Covered, Tariff


class Payout(BaseModel):
    """Energy in a span of time, what it would earn and cost; null where unknown or not to be seen."""

    intervals_known: int = Field(
        description="Intervals of the span whose energy is known: of a meter, by readings of its own or by a "
        "later one; of an account, the least of its meters; of the community, those with a data set"
    )
    intervals_spread: int = Field(
        description="Intervals without a reading of their own that the energy of the next one was spread "
        "over: of a meter; of an account, the most of its meters; of the community, all meters' together"
    )
    generated_wh: int | None
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
    """All meters together; its money is that of its energy, which single meters' floors may be below."""

    meters: int


class Payouts(Covered):
    """Potential payouts of a span of time."""

    model_config = ConfigDict(populate_by_name=True)

    start: int = Field(serialization_alias="from")
    end: int = Field(serialization_alias="to")
    intervals_expected: int = Field(
        description="Intervals of the span that have ended since there are meters"
    )
    intervals_known: int = Field(description="Reported intervals of the span with a data set")
    tariff: Tariff
    community: CommunityPayout
    accounts: list[AccountPayout]
    meters: list[MeterPayout]
