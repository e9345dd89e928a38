"""The package index that this machine is set up for, read with the standard library only."""

from __future__ import annotations  # so that an older Python can load this

import base64
import configparser
import html.parser
import json
import os
import platform
import re
import ssl
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import NamedTuple

DEFAULT_INDEX = "https://pypi.org/simple"
TIMEOUT_SECONDS = 60


def pip_setting(name: str) -> str:
    """Return a pip setting from the environment or the pip.conf files, in pip's own order."""
    found = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    if found:
        return found
    home = Path.home()
    files = [
        Path(os.environ.get("PIP_CONFIG_FILE", os.devnull)),
        Path(os.environ.get("XDG_CONFIG_HOME", str(home / ".config"))) / "pip" / "pip.conf",
        home / ".pip" / "pip.conf",
        Path("/etc/pip.conf"),
    ]
    for file in files:
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(file)
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        for section in ("install", "global"):
            if parser.has_option(section, name):
                return parser.get(section, name)
    return ""


def configured_index() -> str:
    """Return the package index that this machine is set up for, else PyPI's."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if os.environ.get(name):
            return os.environ[name].rstrip("/")
    return (pip_setting("index-url") or DEFAULT_INDEX).split()[0].rstrip("/")


def certificates() -> str:
    """Return the file of certificate authorities that this machine is set up for; empty for the default."""
    return (
        os.environ.get("SSL_CERT_FILE") or pip_setting("cert") or os.environ.get("REQUESTS_CA_BUNDLE") or ""
    )


def fetch(url: str, accept: str = "*/*") -> tuple[bytes, str, str]:
    """Return body, content type and final address of a URL; credentials in it are sent as basic ones."""
    parts = urllib.parse.urlsplit(url)
    headers = {"Accept": accept, "User-Agent": "zuva-bootstrap"}
    if parts.username:
        user = urllib.parse.unquote(parts.username) + ":" + urllib.parse.unquote(parts.password or "")
        headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
        url = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    context = ssl.create_default_context(cafile=certificates() or None)
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the index is the user's own setting
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=context) as answer:  # noqa: S310
        return answer.read(), answer.headers.get("Content-Type", ""), answer.geturl()


class Links(html.parser.HTMLParser):
    """Collects the links of an HTML index page (PEP 503)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one link."""
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]


class Wheel(NamedTuple):
    """One wheel that an index offers."""

    name: str
    url: str
    sha256: str


def wheels(index: str, project: str) -> list[Wheel]:
    """Return the wheels of a project on a simple index, JSON (PEP 691) or HTML (PEP 503)."""
    body, kind, address = fetch(
        f"{index}/{project}/", "application/vnd.pypi.simple.v1+json, text/html;q=0.2, */*;q=0.1"
    )
    if "json" in kind:
        files = json.loads(body)["files"]
        offered = [(f["filename"], f["url"], f.get("hashes", {}).get("sha256", "")) for f in files]
    else:
        links = Links()
        links.feed(body.decode(errors="replace"))
        offered = []
        for link in links.found:
            url, _, fragment = link.partition("#")
            name = urllib.parse.unquote(url.split("?")[0].rsplit("/", 1)[-1])
            offered.append((name, url, dict(urllib.parse.parse_qsl(fragment)).get("sha256", "")))
    return [
        Wheel(name, urllib.parse.urljoin(address, url), sha256)
        for name, url, sha256 in offered
        if name.endswith(".whl")
    ]


def version_of(text: str) -> tuple[int, ...]:
    """Return the first dotted number of a text as integers."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups()) if found else ()


def platform_tag() -> str:
    """Return how the tag of uv's wheel for this machine looks, as a regular expression."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    if sys.platform == "darwin":
        return r"macosx_\d+_\d+_" + ("arm64" if machine == "aarch64" else machine)
    libc = "musllinux" if Path("/etc/alpine-release").exists() else "manylinux"
    return libc + r".*_" + machine


def redacted(url: str) -> str:
    """Return a URL without the credentials in it."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
