"""The stream's telemetry events: one question to the database for all open pages."""

from datetime import UTC, datetime
from typing import Final

from backend.api.community import repository as community_repository
from backend.api.database import Database
from backend.api.telemetry import repository
from backend.api.telemetry.endpoints import meter_of
from backend.api.telemetry.schemas import CommunityTelemetry, TelemetryEvent

_MOST_METERS: Final = 200


class TelemetryChanges:
    """What changed since it was asked last.

    Args:
        database: the API's connections.
        fresh_seconds: how long a state counts as what the meter sees now.
    """

    def __init__(self, database: Database, fresh_seconds: int) -> None:
        self._database = database
        self._fresh_seconds = fresh_seconds
        self._since = datetime.now(UTC)

    async def event(self) -> str | None:
        """Return the data of the next event, None before the indexer began.

        Raises:
            DatabaseUnavailable: no answer.
        """
        async with self._database.snapshot() as snapshot:
            deployment = await community_repository.deployment(snapshot)
            if deployment is None:
                return None
            rows = await repository.changed(snapshot, self._since, _MOST_METERS + 1, self._fresh_seconds)
            community = await repository.community(snapshot, self._fresh_seconds)
        self._since = max((row["changed_at"] for row in rows), default=self._since)
        event = TelemetryEvent(
            now=deployment["now"],
            community=CommunityTelemetry(**community),
            items=[meter_of(row) for row in rows[:_MOST_METERS]],
            more=len(rows) > _MOST_METERS,
        )
        return event.model_dump_json()
