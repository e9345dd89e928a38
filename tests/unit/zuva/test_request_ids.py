"""What is logged of a request."""

import httpx
import pytest
from starlette.responses import Response
from structlog.testing import capture_logs

from zuva.asgi import RequestIds


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        (Response(status_code=200), "debug"),
        (Response(status_code=401), "debug"),
        (Response(status_code=503, headers={"Retry-After": "2"}), "info"),
        (Response(status_code=503), "warning"),
        (Response(status_code=500), "warning"),
    ],
)
async def test_only_what_failed_here_is_a_warning(answer: Response, level: str) -> None:
    transport = httpx.ASGITransport(RequestIds(answer))
    with capture_logs() as logs:
        async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
            await client.get("/")
    assert [entry["log_level"] for entry in logs] == [level]
