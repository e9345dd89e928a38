"""The supervisor's figures: in which state each service is since when, and how often it was started again."""

import contextlib
from collections.abc import Callable, Iterable, Iterator

import prometheus_client
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from zuva.errors import PortTaken
from zuva.metrics import registry_of
from zuva.supervisor.policy import State
from zuva.supervisor.record import Record
from zuva.supervisor.settings import SupervisorSettings


def figures(record: Record) -> Iterable[Metric]:
    """Return the figures of all services of a supervisor's record."""
    state = GaugeMetricFamily(
        "zuva_service_state", "1 for the state a service is in.", labels=["service", "state"]
    )
    since = GaugeMetricFamily(
        "zuva_service_state_since_seconds", "When it came into that state, unix time.", labels=["service"]
    )
    restarts = CounterMetricFamily(
        "zuva_service_restarts", "Times a service was started again after it had ended.", labels=["service"]
    )
    for service in record.services:
        for each in State:
            state.add_metric([service.name, each.value], float(service.state == each.value))
        since.add_metric([service.name], service.since)
        restarts.add_metric([service.name], service.restarts)
    return (state, since, restarts)


@contextlib.contextmanager
def served(
    settings: SupervisorSettings, record: Callable[[], Record], more: Callable[[], Iterable[Metric]]
) -> Iterator[None]:
    """Answer /metrics while the context lasts, from a thread of its own.

    Args:
        settings: host and port; port 0: not at all.
        record: the supervisor's record as it is now.
        more: further figures.

    Raises:
        PortTaken: the port is taken.
    """
    if settings.port == 0:
        yield
        return
    registry = registry_of(lambda: (*figures(record()), *more()))
    try:
        server, thread = prometheus_client.start_http_server(settings.port, settings.host, registry)
    except OSError as error:
        raise PortTaken(
            f"supervisor: port {settings.port} on {settings.host} cannot be used "
            f"({error.strerror}); set ZUVA_SUPERVISOR_PORT to another, or to 0"
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
