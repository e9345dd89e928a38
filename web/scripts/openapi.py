"""Writes web/openapi.json, what the API says about itself, from which the page's types are generated."""

import json
from pathlib import Path

from backend.api.app import create_app
from backend.api.settings import ApiSettings

TARGET = Path(__file__).parents[1] / "openapi.json"


def described() -> str:
    """Return the API's description as the file holds it; no database is needed."""
    app = create_app(ApiSettings(database_url="postgresql://nobody@/none"))
    return json.dumps(app.openapi(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    TARGET.write_text(described(), encoding="utf-8")
