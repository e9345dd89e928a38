"""The page's types are generated from web/openapi.json; this keeps that file true to the API."""

import json
from pathlib import Path

from backend.api.app import create_app
from backend.api.settings import ApiSettings

OPENAPI = Path(__file__).parents[3] / "web" / "openapi.json"


def test_the_pages_description_of_the_api_is_the_apis_own() -> None:
    described = create_app(ApiSettings(database_url="postgresql://nobody@/none")).openapi()
    assert json.loads(OPENAPI.read_text(encoding="utf-8")) == json.loads(json.dumps(described)), (
        "the API changed: run `.venv/bin/python web/scripts/openapi.py && npm run api-types -w web`"
    )
