"""`/metrics` in the format of Prometheus: requests, streams, and how far the data are behind."""

from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from backend.api.database import Row
from backend.api.health import LAG
from backend.store.errors import DatabaseUnavailable

router = APIRouter(tags=["health"])

_METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_TELEMETRY: Final = """
SELECT extract(epoch FROM clock_timestamp() - seen_at)::float AS silence, taken, stored, dropped
FROM backend.telemetry_service
"""
_MISSING: Final = "SELECT count(*) AS missing FROM backend.interval WHERE data_set_id IS NULL"


class Metrics:
    """The API's own numbers; each application has a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "zuva_api_requests", "Answers", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "zuva_api_request_seconds", "Time to answer", ["route"], registry=self.registry
        )
        self.streams = Gauge("zuva_api_streams", "Open event streams", registry=self.registry)
        self.database = Gauge("zuva_api_database_up", "The database answers", registry=self.registry)
        self.block = Gauge("zuva_indexer_block", "Newest indexed block", registry=self.registry)
        self.behind = Gauge("zuva_indexer_blocks_behind", "Blocks not indexed yet", registry=self.registry)
        self.silence = Gauge(
            "zuva_indexer_silence_seconds", "Since the indexer was heard of", registry=self.registry
        )
        self.missing = Gauge(
            "zuva_indexer_data_sets_missing", "Reports without their readings", registry=self.registry
        )
        self.telemetry_silence = Gauge(
            "zuva_telemetry_silence_seconds", "Since telemetry was written", registry=self.registry
        )
        self.telemetry_taken = Gauge(
            "zuva_telemetry_states_taken", "States taken since the service started", registry=self.registry
        )
        self.telemetry_dropped = Gauge(
            "zuva_telemetry_messages_dropped",
            "Messages dropped since the service started",
            ["reason"],
            registry=self.registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests.labels(method if method in _METHODS else "other", route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def note_lag(self, lag: Row | None, telemetry: Row | None, missing: int) -> None:
        """Take over how far the data are behind."""
        if lag is not None and lag["head_number"] is not None:
            self.block.set(lag["block_number"])
            self.behind.set(max(0, lag["head_number"] - lag["block_number"]))
            self.silence.set(lag["silence"])
        self.missing.set(missing)
        if telemetry is not None:
            self.telemetry_silence.set(telemetry["silence"])
            self.telemetry_taken.set(telemetry["taken"])
            for reason, count in telemetry["dropped"].items():
                self.telemetry_dropped.labels(reason).set(count)


@router.get("/metrics", summary="Numbers for Prometheus", include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """Answers without the database too; then only the API's own numbers are new."""
    state = request.app.state
    metrics: Metrics = state.metrics
    metrics.streams.set(state.hub.streams)
    try:
        async with state.database.snapshot() as snapshot:
            missing = await snapshot.one(_MISSING)
            metrics.note_lag(
                await snapshot.one(LAG), await snapshot.one(_TELEMETRY), missing["missing"] if missing else 0
            )
        metrics.database.set(1)
    except DatabaseUnavailable:
        metrics.database.set(0)
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)
