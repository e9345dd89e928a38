"""What a replay must know of the community: its chain, its Registry and its oracle nodes."""

from collections.abc import Iterable
from typing import NamedTuple

from protocol.eip712 import Domain
from protocol.errors import ConfigurationError
from protocol.keys import address_bytes
from protocol.ledger.address_book import load
from protocol.secrets import load_enrolment
from simulation.replay.homes import Home
from simulation.settings import ReplaySettings


class NotYetError(Exception):
    """Something that provisioning makes is not there yet; waiting helps."""


class Community(NamedTuple):
    """The deployment a replay signs for.

    Attributes:
        domain: EIP-712 domain of the Registry.
        interval_seconds: settlement interval of the deployment.
        nodes: addresses of the oracle nodes.
    """

    domain: Domain
    interval_seconds: int
    nodes: frozenset[bytes]


def find_community(settings: ReplaySettings, homes: Iterable[Home]) -> Community:
    """Read the address book and the nodes.

    Raises:
        NotYetError: a file is not there yet.
        ConfigurationError: a file is damaged.
    """
    if not settings.address_book.exists():
        raise NotYetError(f"the address book {settings.address_book}")
    book = load(settings.address_book)
    return Community(book.domain("Registry"), book.interval_seconds, _nodes(settings, homes))


def _nodes(settings: ReplaySettings, homes: Iterable[Home]) -> frozenset[bytes]:
    if settings.nodes:
        return frozenset(address_bytes(node) for node in settings.nodes)
    nodes: set[bytes] = set()
    for home in homes:
        path = settings.enrolment / f"{home.meter_id.hex()}.json"
        if not path.exists():
            raise NotYetError(f"the enrolment of {home.name}")
        nodes.update(load_enrolment(path).sealed)
    return frozenset(nodes)


def check_interval(community: Community, slot_seconds: int) -> None:
    """Refuse data whose slots are not the deployment's intervals.

    Raises:
        ConfigurationError: they are not.
    """
    if community.interval_seconds != slot_seconds:
        raise ConfigurationError(
            f"the deployment settles intervals of {community.interval_seconds} s, the data have slots of "
            f"{slot_seconds} s; replay into a data directory of its own, made for this data"
        )
