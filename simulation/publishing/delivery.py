"""Which queued reading to publish when, and what its acknowledgements mean. No input or output.

Readings go out oldest first, at most so many unanswered at a time; one that stays unanswered is published
again after a patience that doubles up to a limit. A reading is delivered when `quorum` nodes accepted it,
and refused when so many nodes refused it that `quorum` cannot be reached any more. A refusal that may pass by
itself (a node that has not seen the clock or the registration yet) is tried again a few times first.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from protocol.ack import Ack, Status, parse_ack
from protocol.eip712 import Domain
from protocol.errors import BadSignature, ConfigurationError
from protocol.keccak import keccak256
from protocol.keys import address_text
from protocol.reading import parse_record
from simulation.publishing.outbox import Outgoing, Queued, Refused

FIRST_PATIENCE_SECONDS: Final = 2.0
LAST_PATIENCE_SECONDS: Final = 5.0
ATTEMPTS: Final = 15
# looking through everything in flight at every acknowledgement would cost more than the curve
_LOOK_SECONDS: Final = 0.2


class Batch(NamedTuple):
    """What to publish now, oldest first; `again` tells that some of it was published before."""

    readings: list[Outgoing]
    again: bool


@dataclass(slots=True)
class _Flight:
    queued: Queued
    timestamp: int
    record_hash: bytes
    sent_at: float | None = None
    hesitations: Counter[bytes] = field(default_factory=Counter)
    hesitating: dict[bytes, Status] = field(default_factory=dict)
    accepted: set[bytes] = field(default_factory=set)
    refused: dict[bytes, Status] = field(default_factory=dict)

    def is_overdue(self, now: float, patience: float) -> bool:
        return self.sent_at is None or now - self.sent_at >= patience


class Delivery:
    """The delivery of queued readings to the oracle's nodes.

    Args:
        domain: EIP-712 domain of the Registry.
        nodes: addresses of the nodes whose acknowledgements count.
        quorum: how many nodes must accept a reading before it is forgotten.
        max_in_flight: how many readings may be unanswered at a time.
    """

    def __init__(self, domain: Domain, nodes: Collection[bytes], quorum: int, max_in_flight: int) -> None:
        if not 1 <= quorum <= len(nodes):
            raise ConfigurationError(
                f"{quorum} acknowledgements a reading cannot come from {len(nodes)} oracle nodes; "
                "set a number from 1 to the number of nodes"
            )
        self._domain = domain
        self._nodes = frozenset(nodes)
        self._quorum = quorum
        self._max_in_flight = max_in_flight
        self._waiting: deque[_Flight] = deque()
        self._in_flight: dict[tuple[bytes, int], _Flight] = {}
        self._outstanding: Counter[int] = Counter()
        self._patience = FIRST_PATIENCE_SECONDS
        self._look_at = float("-inf")
        self._delivered: list[int] = []
        self._refused: list[Refused] = []

    def add(self, queued: Iterable[Queued]) -> None:
        """Take over readings from the queue, oldest first."""
        for entry in queued:
            record = entry.outgoing.record
            timestamp = parse_record(record).reading.timestamp
            self._waiting.append(_Flight(entry, timestamp, keccak256(record)))
            self._outstanding[timestamp] += 1

    @property
    def outstanding(self) -> int:
        """The number of readings not yet delivered or refused."""
        return len(self._waiting) + len(self._in_flight)

    @property
    def oldest(self) -> int | None:
        """The earliest timestamp among the outstanding readings, None if there are none."""
        return min(self._outstanding, default=None)

    def due(self, now: float) -> Batch:
        """Return what to publish now and take it as published.

        Args:
            now: seconds of any steady clock, the same at every call.
        """
        flights: list[_Flight] = []
        if now >= self._look_at:
            self._look_at = now + _LOOK_SECONDS
            flights = [f for f in self._in_flight.values() if f.is_overdue(now, self._patience)]
        again = bool(flights)
        if again:
            self._patience = min(2 * self._patience, LAST_PATIENCE_SECONDS)
        while self._waiting and len(self._in_flight) < self._max_in_flight:
            flight = self._waiting.popleft()
            outgoing = flight.queued.outgoing
            self._in_flight[outgoing.meter_id, outgoing.seq] = flight
            flights.append(flight)
        for flight in flights:
            flight.sent_at = now
        return Batch([flight.queued.outgoing for flight in flights], again)

    def connection_lost(self) -> None:
        """Take everything unanswered as not published."""
        for flight in self._in_flight.values():
            flight.sent_at = None
        self._patience = FIRST_PATIENCE_SECONDS
        self._look_at = float("-inf")

    def acknowledge(self, meter_id: bytes, payload: bytes) -> bool:
        """Take an acknowledgement; return whether it answers an outstanding reading.

        Late repetitions answer nothing and are no error.

        Raises:
            MalformedRecord: the payload is no acknowledgement.
            BadSignature: it is not signed by a known node.
        """
        ack = parse_ack(payload)
        flight = self._in_flight.get((meter_id, ack.seq))
        if flight is None:
            return False
        node = ack.signer(meter_id, flight.record_hash, self._domain)
        if node not in self._nodes:
            raise BadSignature(
                f"an acknowledgement is signed by {address_text(node)}, which is no known node"
            )
        self._patience = FIRST_PATIENCE_SECONDS
        self._count(flight, node, ack)
        return True

    @property
    def hesitation(self) -> str | None:
        """Why a node does not take a reading for the time being, in words; None if all is well."""
        statuses = (status for flight in self._in_flight.values() for status in flight.hesitating.values())
        first = next(statuses, None)
        return first.words if first else None

    def _count(self, flight: _Flight, node: bytes, ack: Ack) -> None:
        flight.hesitations[node] += ack.status.may_pass
        if ack.status.may_pass and flight.hesitations[node] < ATTEMPTS:
            flight.hesitating[node] = ack.status
            return
        flight.hesitating.pop(node, None)
        if ack.status is Status.ACCEPTED:
            flight.accepted.add(node)
            flight.refused.pop(node, None)
        elif node not in flight.accepted:
            flight.refused[node] = ack.status
        if len(flight.accepted) >= self._quorum:
            self._forget(flight)
            self._delivered.append(flight.queued.id)
        elif len(flight.refused) > len(self._nodes) - self._quorum:
            self._forget(flight)
            reasons = ", ".join(sorted({status.words for status in flight.refused.values()}))
            self._refused.append(Refused(flight.queued.id, flight.queued.outgoing, reasons))

    def _forget(self, flight: _Flight) -> None:
        outgoing = flight.queued.outgoing
        del self._in_flight[outgoing.meter_id, outgoing.seq]
        self._outstanding[flight.timestamp] -= 1
        if not self._outstanding[flight.timestamp]:
            del self._outstanding[flight.timestamp]

    @property
    def has_finished(self) -> bool:
        """Whether `take_finished` would return anything."""
        return bool(self._delivered or self._refused)

    def take_finished(self) -> tuple[list[int], list[Refused]]:
        """Return the delivered ids and the refused readings since the last call, for the queue's commit."""
        finished = self._delivered, self._refused
        self._delivered, self._refused = [], []
        return finished
