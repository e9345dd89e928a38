"""What a node counts, in the format that Prometheus reads."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)


class Metrics:
    """A node's figures, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.readings = self._counter(
            "readings", "Readings heard, by outcome and reason.", "outcome", "reason"
        )
        self.adopted = self._counter("adopted_readings", "Readings taken over from peers.")
        self.reports = self._counter("reports", "Reports seen on the chain since the start.", "side")
        self.take_overs = self._counter("take_overs", "Intervals led because another node did not.")
        self.disagreements = self._counter("disagreements", "Proposals that this node could not agree to.")
        self.certified = self._counter("certified_wh", "Energy that this node's keeper certified, Wh.")
        self.lag_seconds = self._gauge(
            "lag_seconds", "Community seconds since the first waiting interval was due."
        )
        self.intervals_waiting = self._gauge("intervals_waiting", "Intervals due and not reported.")
        self.peers_alive = self._gauge("peers_alive", "Other nodes that are there.")
        self.meters_set_aside = self._gauge(
            "meters_set_aside", "Meters left out because they contradict themselves."
        )
        self.peer_seconds = Histogram(
            "zuva_oracle_peer_seconds",
            "Time until a peer answered a proposal.",
            buckets=_SECONDS,
            registry=self._registry,
        )

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"zuva_oracle_{name}", words, labels, registry=self._registry)

    def _gauge(self, name: str, words: str) -> Gauge:
        return Gauge(f"zuva_oracle_{name}", words, registry=self._registry)

    def text(self) -> bytes:
        """Return everything as Prometheus reads it."""
        return generate_latest(self._registry)
