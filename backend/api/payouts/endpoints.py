"""Endpoint on potential payouts. There is no market yet: the tariff is a setting, and nothing is paid."""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, Request, Response

from backend.api.answers import answer
from backend.api.community import repository as community_repository
from backend.api.community.endpoints import tariff_of
from backend.api.community.schemas import Tariff
from backend.api.database import Reading, Row
from backend.api.inputs import Account, From, To, period_of
from backend.api.payouts import repository
from backend.api.payouts.money import Money, permille, worth
from backend.api.payouts.schemas import AccountPayout, CommunityPayout, MeterPayout, Payouts
from backend.api.periods import local_day
from backend.api.privacy import may_see_consumption
from backend.api.problems import not_indexed

router = APIRouter(prefix="/payouts", tags=["payouts"])


@router.get("", response_model=Payouts, summary="Contributions and potential payouts")
async def get_payouts(
    request: Request, snapshot: Reading, start: From = None, end: To = None, account: Account = None
) -> Response:
    """Per account and meter, over the intervals that end in the span; by default the newest local day."""
    deployment = await community_repository.deployment(snapshot)
    if deployment is None:
        raise not_indexed()
    settings, seconds = request.app.state.settings, deployment["interval_seconds"]
    newest = await community_repository.current(snapshot)
    day = local_day(newest["interval"] if newest else 0, seconds, settings.zone)
    span = period_of(day.start if start is None else start, day.end if end is None else end)
    first, last = span.intervals(seconds)
    covered = await community_repository.between(snapshot, first, last)
    rows = await repository.meters(snapshot, first, last)
    tariff = tariff_of(settings)
    exported = sum(row["export_wh"] for row in rows)
    chosen = [row for row in rows if account is None or row["account"] == account.lower()]
    accounts: dict[str, list[Row]] = {}
    for row in chosen:
        accounts.setdefault(row["account"], []).append(row)
    payouts = Payouts(
        start=span.start,
        end=span.end,
        intervals=covered["intervals"],
        intervals_missing=covered["intervals_missing"],
        tariff=tariff,
        community=CommunityPayout(meters=len(rows), **_sums(rows, exported, tariff)),
        accounts=[
            AccountPayout(account=owner, meters=len(owned), **_sums(owned, exported, tariff))
            for owner, owned in accounts.items()
        ],
        meters=[
            MeterPayout(
                meter_id=row["meter_id"],
                name=row["name"],
                account=row["account"],
                **_sums([row], exported, tariff),
            )
            for row in chosen
        ],
    )
    return answer(request, payouts)


def _sums(rows: Iterable[Row], exported_wh: int, tariff: Tariff) -> dict[str, Any]:
    """Add up meters; money is the sum of the meters' own, so that no sum pays more than its parts."""
    rows = list(rows)
    payout = sum((worth(row["export_wh"], tariff.export_micro_per_kwh) for row in rows), Money())
    cost = sum((worth(row["import_wh"], tariff.import_micro_per_kwh) for row in rows), Money())
    export_wh = sum(row["export_wh"] for row in rows)
    values = {
        "export_wh": export_wh,
        "import_wh": sum(row["import_wh"] for row in rows),
        "contribution_permille": permille(export_wh, exported_wh),
        "payout_micro": payout.micro,
        "payout_remainder": payout.remainder,
        "cost_micro": cost.micro,
        "cost_remainder": cost.remainder,
        "net_micro": payout.micro - cost.micro,
    }
    if not may_see_consumption():
        values = dict.fromkeys(values)
    return {"generated_wh": sum(row["generated_wh"] for row in rows)} | values
