"""How far behind a running community is, and how much disk it takes: asked of the services that know."""

import asyncio
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.core import GaugeMetricFamily, Metric

from zuva.database.placement import cluster_of

_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True)
class Lag:
    """What one service says of itself.

    Attributes:
        service: its name.
        words: for people; why it could not be asked, where it did not answer.
        figures: for programs, with their units in their names; empty where it did not answer.
    """

    service: str
    words: str
    figures: Mapping[str, int | float | None]


@dataclass(frozen=True)
class Health:
    """All lags of a community and the bytes it takes on disk, by entry of its data directory."""

    lags: tuple[Lag, ...]
    disk_bytes: Mapping[str, int]

    def as_json(self) -> dict[str, object]:
        """Return it for `zuva status --json`."""
        return {"lags": [asdict(lag) for lag in self.lags], "disk_bytes": dict(self.disk_bytes)}


async def look(api_url: str | None, nodes: Mapping[str, str], data_dir: Path) -> Health:
    """Ask API and nodes at the same time; who does not answer within two seconds is reported so.

    Args:
        api_url: where the API is; None when it is not ready.
        nodes: URLs of the oracle nodes by their names.
        data_dir: the community's data directory.
    """
    async with httpx.AsyncClient(timeout=_PATIENCE_SECONDS, trust_env=False) as client:
        mirror, of_nodes = await asyncio.gather(
            _of_api(client, api_url),
            asyncio.gather(*(_of_node(client, name, url) for name, url in nodes.items())),
        )
    return Health((*of_nodes, *mirror), await asyncio.to_thread(disk_use, data_dir))


async def _of_node(client: httpx.AsyncClient, name: str, url: str) -> Lag:
    answer = await _ask(client, f"{url}/health")
    if isinstance(answer, str):
        return Lag(name, answer, {})
    return node_lag(name, answer)


async def _of_api(client: httpx.AsyncClient, url: str | None) -> list[Lag]:
    if url is None:
        return [Lag("indexer", "unknown while the API does not answer", {})]
    url = url.rstrip("/")
    overview = await _ask(client, f"{url}/v1/admin/overview")
    if not isinstance(overview, str):
        return overview_lags(overview, time.time())
    ready = await _ask(client, f"{url}/ready")
    if isinstance(ready, str):
        return [Lag("indexer", ready, {})]
    return [_indexer(ready.get("head_number"), ready.get("block_number"))]


async def _ask(client: httpx.AsyncClient, url: str) -> dict[str, Any] | str:
    """Return an answer's object, or why there is none."""
    try:
        answer = await client.get(url)
        content = answer.json()
    except httpx.HTTPError as error:
        return f"no answer from {url} ({type(error).__name__})"
    except ValueError:
        return f"{url} answers no JSON (status {answer.status_code})"
    if not isinstance(content, dict):
        return f"{url} answers no object"
    if answer.is_error:
        return str(content.get("detail") or f"{url} answers status {answer.status_code}")
    return content


def node_lag(name: str, answer: Mapping[str, Any]) -> Lag:
    """Read a node's `/health`; what it does not say is unknown, never zero."""
    waiting, seconds = _number(answer.get("intervals_waiting")), _number(answer.get("lag_seconds"))
    peers = answer.get("peers")
    peers = [peer for peer in peers if isinstance(peer, dict)] if isinstance(peers, list) else []
    alive = sum(peer.get("alive") is True for peer in peers)
    figures = {
        "intervals_waiting": waiting,
        "lag_seconds": seconds,
        "peers": len(peers),
        "peers_alive": alive,
        "disagreements": _number(answer.get("disagreements")),
        "set_aside": _number(answer.get("set_aside")),
    }
    words = [f"{_shown(waiting)} intervals waiting", f"{_shown(seconds)} s behind"]
    if peers:
        words.append(f"{alive} of {len(peers)} peers alive")
    for key in ("disagreements", "set_aside"):
        if figures[key]:
            words.append(f"{figures[key]} {key.replace('_', ' ')}")
    return Lag(name, ", ".join(words), figures)


def overview_lags(overview: Mapping[str, Any], now: float) -> list[Lag]:
    """Read the API's overview.

    Args:
        overview: its answer.
        now: this machine's time, unix seconds.
    """
    indexer, telemetry = overview.get("indexer") or {}, overview.get("telemetry")
    lags = [_indexer(indexer.get("head_number"), indexer.get("block_number"), indexer.get("silence_seconds"))]
    if isinstance(telemetry, dict):
        seen = _number(telemetry.get("seen_at"))
        age = None if seen is None else max(0, round(now - seen))
        lags.append(Lag("telemetry", f"stored {_shown(age)} s ago", {"age_seconds": age}))
    return lags


def _indexer(head: object, block: object, silence: object = None) -> Lag:
    head, block, silence = _number(head), _number(block), _number(silence)
    behind = None if head is None or block is None else max(0, head - block)
    words = f"{_shown(behind)} blocks behind"
    if silence is not None:
        words += f", heard of {round(silence)} s ago"
    return Lag("indexer", words, {"blocks_behind": behind, "silence_seconds": silence})


def _number(value: object) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _shown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,}"


def disk_use(data_dir: Path) -> dict[str, int]:
    """Return the bytes on disk of each entry of a data directory; the cluster counts wherever it is."""
    found: dict[str, int] = {}
    try:
        entries = sorted(os.scandir(data_dir), key=lambda entry: entry.name)
    except OSError:
        return found
    for entry in entries:
        found[entry.name] = _bytes_under(Path(entry.path))
    cluster = cluster_of(data_dir)
    if cluster is not None and not cluster.is_relative_to(data_dir.resolve()):
        found["postgres"] = found.get("postgres", 0) + _bytes_under(cluster)
    return found


def _bytes_under(path: Path) -> int:
    total = 0
    waiting = [path]
    while waiting:
        one = waiting.pop()
        try:
            total += one.lstat().st_blocks * 512
            if one.is_dir() and not one.is_symlink():
                waiting += [Path(entry.path) for entry in os.scandir(one)]
        except OSError:  # removed meanwhile, or not ours to look into
            continue
    return total


def disk_figures(data_dir: Path) -> Iterable[Metric]:
    """Return the disk use for Prometheus."""
    family = GaugeMetricFamily(
        "zuva_data_bytes", "Bytes on disk, by entry of the data directory.", labels=["part"]
    )
    for part, size in disk_use(data_dir).items():
        family.add_metric([part], size)
    return (family,)


def words_of_bytes(size: int) -> str:
    """Return a size as people read it: 940 B, 3.2 MB."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError
