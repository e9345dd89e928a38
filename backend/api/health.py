"""Liveness and readiness."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from backend.api.database import Reading
from backend.api.problems import RESPONSES, Problem, not_indexed

router = APIRouter(tags=["health"])

LAG = """
SELECT c.block_number, h.head_number, extract(epoch FROM clock_timestamp() - h.seen_at)::float AS silence
FROM backend.cursor c LEFT JOIN backend.heartbeat h USING (chain_id)
"""


class Health(BaseModel):
    """The process answers."""

    status: str


class Readiness(BaseModel):
    """The database answers and the indexer keeps up."""

    status: str
    block_number: int
    head_number: int


@router.get("/health", summary="Does the process answer?")
async def get_health() -> Health:
    """Says nothing about the database."""
    return Health(status="ok")


@router.get("/ready", summary="Is the data fresh?", responses={503: RESPONSES[503]})
async def get_ready(request: Request, snapshot: Reading) -> Readiness:
    """503 with the reason when the database is down or the indexer is behind, silent or not there."""
    settings = request.app.state.settings
    row = await snapshot.one(LAG)
    if row is None:
        raise not_indexed()
    if row["head_number"] is None or row["silence"] > settings.ready_silence_seconds:
        raise _stale("the indexer has not been heard of: see that it runs")
    behind = row["head_number"] - row["block_number"]
    if behind > settings.ready_lag_blocks:
        raise _stale(f"the indexer is {behind} blocks behind the chain: it catches up by itself")
    return Readiness(status="ready", block_number=row["block_number"], head_number=row["head_number"])


def _stale(detail: str) -> Problem:
    return Problem(503, "indexer-behind", "The data is not fresh", detail)
