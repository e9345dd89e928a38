"""The page's files are served beside the API, with headers that keep everything else out."""

from pathlib import Path

import pytest

from tests.integration.backend.serving import assert_problem, serving
from zuva.errors import PortTaken


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<!doctype html><title>Zuva</title>")
    (tmp_path / "dist" / "assets" / "main-abc123.js").write_text("export {}")
    (tmp_path / "dist" / "icon.svg").write_text("<svg/>")
    (tmp_path / "secret").write_text("not for you")
    return tmp_path / "dist"


async def test_the_page_is_asked_for_anew_and_its_assets_never(database_url: str, site: Path) -> None:
    async with serving(database_url, site) as client:
        page = await client.get("/")
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
        assert page.headers["content-type"].startswith("text/html")
        asset = await client.get("/assets/main-abc123.js")
        assert "immutable" in asset.headers["cache-control"]
        assert (await client.get("/icon.svg")).headers["cache-control"] == "no-cache"
        unchanged = await client.get("/", headers={"If-None-Match": page.headers["etag"]})
        assert unchanged.status_code == 304


async def test_every_answer_carries_the_security_headers(database_url: str, site: Path) -> None:
    async with serving(database_url, site) as client:
        for path in ("/", "/assets/main-abc123.js", "/health", "/v1/totals", "/nothing"):
            headers = (await client.get(path)).headers
            assert headers["content-security-policy"].startswith("default-src 'self'"), path
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/../secret", "/%2e%2e/secret", "/assets/..%2f..%2fsecret"])
async def test_files_outside_are_not_served(database_url: str, site: Path, path: str) -> None:
    async with serving(database_url, site) as client:
        answer = await client.get(path)
        assert answer.status_code == 404
        assert "not for you" not in answer.text


async def test_an_unknown_file_and_a_page_that_is_not_built_are_problems(
    database_url: str, site: Path, tmp_path: Path
) -> None:
    async with serving(database_url, site) as client:
        assert_problem(await client.get("/nothing.js"), 404, "unknown-path")
    async with serving(database_url, tmp_path / "absent") as client:
        assert_problem(await client.get("/"), 404, "unknown-path")


async def test_a_taken_port_is_named(database_url: str) -> None:
    async with serving(database_url) as client:
        with pytest.raises(PortTaken, match="cannot listen"):
            async with serving(database_url, port=client.base_url.port):
                pass
