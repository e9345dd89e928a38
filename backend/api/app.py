"""Assembles the routers into one application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.middleware.gzip import GZipMiddleware

from backend.api import health, metrics
from backend.api.admin import endpoints as admin
from backend.api.certificates import endpoints as certificates
from backend.api.community import endpoints as community
from backend.api.database import Database
from backend.api.intervals import endpoints as intervals
from backend.api.intervals.proofs import LeafTrees
from backend.api.meters import endpoints as meters
from backend.api.metrics import Metrics
from backend.api.pages import SecurityHeaders, mount_pages
from backend.api.payouts import endpoints as payouts
from backend.api.problems import RESPONSES, add_handlers
from backend.api.requests import Requests
from backend.api.settings import ApiSettings
from backend.api.stream import endpoints as stream
from backend.api.stream.hub import Hub
from backend.api.telemetry import endpoints as telemetry
from backend.api.telemetry.live import TelemetryChanges


def create_app(settings: ApiSettings, static_dir: Path | None = None) -> FastAPI:
    """Return the application; it connects to the database when it starts and waits for it if need be.

    Args:
        settings: the API's settings.
        static_dir: the built web page, served at /; None serves the API alone.
    """
    app = FastAPI(
        title="Zuva",
        version="1",
        summary="Measured solar energy and its certificates, as the chain has them.",
        description="Energy is integer Wh, times are unix seconds UTC, hashes and addresses are 0x-hex, "
        "ids are decimal strings. Errors are problem details (RFC 9457). Lists page by opaque cursors.",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.database = Database(settings)
    app.state.hub = Hub(
        settings.database_url,
        TelemetryChanges(app.state.database, settings.telemetry_fresh_seconds).event,
        settings.block_event_seconds,
        settings.telemetry_event_seconds,
    )
    app.state.leaf_trees = LeafTrees()
    app.state.metrics = Metrics()
    add_handlers(app)
    # event streams stay as they are: Starlette leaves text/event-stream uncompressed
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Requests, metrics=app.state.metrics)
    v1 = APIRouter(prefix="/v1")
    for subject in (community, meters, intervals, certificates, payouts, telemetry, admin):
        v1.include_router(subject.router, responses=RESPONSES)
    v1.include_router(stream.router)
    app.include_router(v1)
    app.include_router(health.router)
    app.include_router(metrics.router)
    if static_dir is not None:
        mount_pages(app, static_dir)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    await app.state.database.open()
    app.state.hub.start()
    try:
        yield
    finally:
        await app.state.hub.stop()
        await app.state.database.close()
