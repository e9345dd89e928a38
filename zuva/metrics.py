"""Figures of one of our processes for Prometheus, at /metrics beside whatever else it answers."""

from collections.abc import Callable, Iterable

import prometheus_client
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from zuva.asgi import Application, Receive, Scope, Send

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST


class Figures(Collector):
    """Figures that are read when somebody asks, from a function that returns them."""

    def __init__(self, read: Callable[[], Iterable[Metric]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        """Return the figures as they are now."""
        return self._read()


def registry_of(read: Callable[[], Iterable[Metric]]) -> CollectorRegistry:
    """Return a registry of this process: its own figures, CPU, memory and open files."""
    registry = CollectorRegistry()
    prometheus_client.ProcessCollector(registry=registry)
    registry.register(Figures(read))
    return registry


def gauge(name: str, words: str, value: float) -> Metric:
    """Return a figure that may rise and fall."""
    return GaugeMetricFamily(name, words, value=value)


def counter(name: str, words: str, value: float) -> Metric:
    """Return a figure that only rises while the process lives."""
    return CounterMetricFamily(name, words, value=value)


def with_metrics(application: Application, registry: CollectorRegistry) -> Application:
    """Return an application that answers GET /metrics and hands everything else on."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/metrics" and scope["method"] in {"GET", "HEAD"}:
            body = prometheus_client.generate_latest(registry)
            headers = [
                (b"content-type", CONTENT_TYPE.encode()),
                (b"content-length", str(len(body)).encode()),
            ]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body if scope["method"] == "GET" else b""})
        else:
            await application(scope, receive, send)

    return answer
