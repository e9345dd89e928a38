"""Endpoint on potential payouts. There is no market yet: the tariff is a setting, and nothing is paid."""

from collections.abc import Iterable
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from backend.api.answers import answer
from backend.api.community import repository as community_repository
from backend.api.community.endpoints import tariff_of
from backend.api.community.schemas import Tariff
from backend.api.database import Reading, Row
from backend.api.inputs import Account, From, To, period_of
from backend.api.payouts import repository
from backend.api.payouts.money import Money, permille, worth
from backend.api.payouts.schemas import AccountPayout, CommunityPayout, MeterPayout, Payout, Payouts
from backend.api.periods import Period, local_day
from backend.api.privacy import may_see_consumption
from backend.api.problems import Problem, not_indexed

router = APIRouter(prefix="/payouts", tags=["payouts"])


_LONGEST_DAYS: Final = 400


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
    span = _span(start, end, local_day(newest["interval"] if newest else 0, seconds, settings.zone))
    first, last = span.intervals(seconds)
    covered = await community_repository.between(snapshot, first, last)
    owner = None if account is None else bytes.fromhex(account[2:])
    rows = await repository.meters(snapshot, first, last, owner)
    tariff = tariff_of(settings)
    begun = await repository.begin(snapshot)
    exported = covered["export_wh"] or 0
    known = covered["intervals"] - covered["intervals_missing"]
    accounts: dict[str, list[Row]] = {}
    for row in rows:
        accounts.setdefault(row["account"], []).append(row)
    payouts = Payouts(
        start=span.start,
        end=span.end,
        intervals=covered["intervals"],
        intervals_missing=covered["intervals_missing"],
        intervals_known=known,
        intervals_expected=_expected(first, last, begun["first"], deployment["now"] // seconds),
        tariff=tariff,
        community=CommunityPayout(
            meters=begun["meters"],
            intervals_known=known,
            intervals_spread=covered["intervals_spread"],
            **_sums([covered], exported, tariff),
        ),
        accounts=[
            AccountPayout(
                account=name,
                meters=len(owned),
                intervals_known=min(row["intervals_known"] for row in owned),
                intervals_spread=max(row["intervals_spread"] for row in owned),
                **_sums(owned, exported, tariff),
            )
            for name, owned in accounts.items()
        ],
        meters=[
            MeterPayout(
                meter_id=row["meter_id"],
                name=row["name"],
                account=row["account"],
                intervals_known=row["intervals_known"],
                intervals_spread=row["intervals_spread"],
                **_sums([row], exported, tariff),
            )
            for row in rows
        ],
    )
    return answer(request, payouts)


def _span(start: int | None, end: int | None, newest_day: Period) -> Period:
    """Return the span that was asked for, by default the newest local day or what comes after it.

    Raises:
        Problem: it ends before it begins, or is too long.
    """
    first = newest_day.start if start is None else start
    span = period_of(first, max(newest_day.end, first + 1) if end is None else end)
    if span.end - span.start > _LONGEST_DAYS * 86_400:
        raise Problem(
            422,
            "range-too-long",
            "The range is too long",
            f"payouts are answered for at most {_LONGEST_DAYS} days: ask for one year after the other",
        )
    return span


def _expected(first: int, last: int, begun: int | None, going_on: int) -> int:
    """Return how many intervals of the span have ended since there are meters."""
    return 0 if begun is None else max(0, min(last, going_on - 1) - max(first, begun) + 1)


def _sums(rows: Iterable[Row], exported_wh: int, tariff: Tariff) -> dict[str, Any]:
    """Add up what is known; money is the sum of the rows' own, so that no sum pays more than its parts."""
    rows = [row for row in rows if row["generated_wh"] is not None]
    if not rows:
        return dict.fromkeys(Payout.model_fields.keys() - {"intervals_known", "intervals_spread"})
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
