"""Endpoints on the community as a whole."""

from fastapi import APIRouter, Request, Response

from backend.api.answers import answer
from backend.api.community import repository
from backend.api.community.schemas import Community, CurrentInterval, IndexedBlock, Tariff, Today, Totals
from backend.api.database import Reading, Row, Snapshot
from backend.api.periods import local_day
from backend.api.problems import not_indexed
from backend.api.settings import ApiSettings

router = APIRouter(tags=["community"])


@router.get("/community", response_model=Community, summary="The community now and today")
async def get_community(request: Request, snapshot: Reading) -> Response:
    """The newest interval, today's sums, totals, contracts and the newest indexed block."""
    settings = request.app.state.settings
    deployment = await repository.deployment(snapshot)
    if deployment is None:
        raise not_indexed()
    seconds = deployment["interval_seconds"]
    newest = await repository.current(snapshot)
    report = await repository.report(snapshot) or {}
    community = Community(
        name=settings.community_name,
        zone=settings.zone,
        chain_id=deployment["chain_id"],
        interval_seconds=seconds,
        now=deployment["now"],
        report_indexed_at=report.get("indexed_at"),
        report_age_seconds=report.get("age_seconds"),
        finality_seconds=deployment["finality_seconds"],
        contracts={
            "Registry": deployment["registry"],
            "EnergyProduction": deployment["production"],
            "EnergyConsumption": deployment["consumption"],
        },
        meters=await repository.meters(snapshot),
        current=None if newest is None else _current(newest, seconds),
        today=None if newest is None else await _today(snapshot, newest["interval"], seconds, settings.zone),
        totals=Totals(**await repository.totals(snapshot)),
        tariff=tariff_of(settings),
        block=IndexedBlock(
            number=deployment["block_number"],
            hash=deployment["block_hash"],
            timestamp=deployment["block_timestamp"],
        ),
    )
    return answer(request, community)


@router.get("/totals", response_model=Totals, summary="Sums over everything indexed")
async def get_totals(request: Request, snapshot: Reading) -> Response:
    """Readings, reported intervals, energy and certificates."""
    return answer(request, Totals(**await repository.totals(snapshot)))


def tariff_of(settings: ApiSettings) -> Tariff:
    """Return the tariff that the settings state."""
    return Tariff(
        currency=settings.currency,
        export_micro_per_kwh=settings.export_tariff_micro_per_kwh,
        import_micro_per_kwh=settings.import_tariff_micro_per_kwh,
    )


def _current(newest: Row, interval_seconds: int) -> CurrentInterval:
    interval, known = newest["interval"], newest["known"]
    return CurrentInterval(
        interval=interval,
        start=interval * interval_seconds,
        end=(interval + 1) * interval_seconds,
        generated_wh=newest["generated_wh"] if known else None,
        import_wh=newest["import_wh"] if known else None,
        export_wh=newest["export_wh"] if known else None,
        meters_reporting=newest["meters_reporting"],
    )


async def _today(snapshot: Snapshot, interval: int, interval_seconds: int, zone: str) -> Today:
    day = local_day(interval, interval_seconds, zone)
    sums = await repository.between(snapshot, *day.intervals(interval_seconds))
    return Today(start=day.start, **sums)
