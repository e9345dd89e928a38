"""Set-up on a bare machine: which index, which wheel, and nothing unpacked that was not verified."""

import hashlib
import importlib.util
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "TOOLS", tmp_path / "tools")
    monkeypatch.setattr(module, "platform_tag", lambda: "manylinux.*_x86_64")
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "PIP_CONFIG_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return module


class Index:
    """A package index on loopback."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.authorization: list[str | None] = []
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.authorization.append(self.headers.get("Authorization"))
                kind, body = index.pages.get(self.path, ("text/plain", b""))
                self.send_response(200 if self.path in index.pages else 404)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/simple"

    def offer(self, version: str, *, sha256: str | None = None, html: bool = False) -> None:
        name = f"uv-{version}-py3-none-manylinux_2_17_x86_64.whl"
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as wheel:
            wheel.writestr(f"uv-{version}.data/scripts/uv", b"#!/bin/sh\necho uv " + version.encode() + b"\n")
        digest = sha256 or hashlib.sha256(content.getvalue()).hexdigest()
        self.pages[f"/files/{name}"] = ("application/zip", content.getvalue())
        if html:
            page = f'<a href="../../files/{name}#sha256={digest}">{name}</a>'.encode()
            self.pages["/simple/uv/"] = ("text/html", page)
        else:
            files = [{"filename": name, "url": f"/files/{name}", "hashes": {"sha256": digest}}]
            body = json.dumps({"files": files}).encode()
            self.pages["/simple/uv/"] = ("application/vnd.pypi.simple.v1+json", body)


@pytest.fixture
def index() -> Iterator[Index]:
    served = Index()
    thread = threading.Thread(target=served.server.serve_forever)
    thread.start()
    yield served
    served.server.shutdown()
    thread.join()
    served.server.server_close()


@pytest.mark.parametrize("html", [False, True])
def test_uv_comes_verified_from_the_configured_index(
    bootstrap: ModuleType, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, html: bool
) -> None:
    index.offer("0.13.8", html=html)
    monkeypatch.setenv("PIP_INDEX_URL", index.url.replace("//", "//me:secret@"))
    bootstrap.fetch_uv(tmp_path / "log")
    assert (tmp_path / "tools" / "uv").read_bytes().endswith(b"echo uv 0.13.8\n")
    assert bootstrap.fit_uv() is not None
    assert index.authorization[0] == "Basic bWU6c2VjcmV0"
    assert "secret" not in (tmp_path / "log").read_text()


def test_a_wheel_with_another_checksum_is_not_unpacked(
    bootstrap: ModuleType, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.offer("0.13.8", sha256="0" * 64)
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    with pytest.raises(bootstrap.Failure, match="has not the checksum"):
        bootstrap.fetch_uv(tmp_path / "log")
    assert not (tmp_path / "tools").exists()


def test_an_index_without_a_fit_uv_or_out_of_reach_is_said(
    bootstrap: ModuleType, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.offer("0.1.0")
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    with pytest.raises(bootstrap.Failure, match="has no uv for"):
        bootstrap.fetch_uv(tmp_path / "log")
    monkeypatch.setenv("PIP_INDEX_URL", f"{index.url}/nowhere")
    with pytest.raises(bootstrap.Failure, match=r"does not answer for uv .*PIP_INDEX_URL"):
        bootstrap.fetch_uv(tmp_path / "log")


def test_the_index_of_pip_conf_counts_and_uv_s_own_setting_stands_over_it(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = tmp_path / "pip.conf"
    conf.write_text("[global]\nindex-url = https://mirror.example/simple/\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(conf))
    assert bootstrap.configured_index() == "https://mirror.example/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://other.example/simple")
    assert bootstrap.configured_index() == "https://other.example/simple"


def test_a_step_runs_again_only_when_its_inputs_changed(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "LOGS", tmp_path / "logs")
    source, runs = tmp_path / "source", []
    source.write_text("1")
    step = bootstrap.Step("Thing", [source], "", tmp_path / "stamp", (), runs.append)
    bootstrap.perform(step)
    bootstrap.perform(step)
    assert len(runs) == 1
    source.write_text("2")
    bootstrap.perform(step)
    assert len(runs) == 2
    assert capsys.readouterr().out.count("unchanged") == 1
