"""What a publisher must know of the community: its chain, its Registry and its oracle nodes."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple

from protocol.eip712 import Domain
from protocol.errors import ConfigurationError
from protocol.keys import address_bytes
from protocol.ledger.address_book import load
from protocol.secrets import load_enrolment
from simulation.identities import Home
from simulation.settings import PublishingSettings

FIRST_BACK_OFF_SECONDS: Final = 0.2
LAST_BACK_OFF_SECONDS: Final = 5.0


class NotYetError(Exception):
    """Something that provisioning makes is not there yet; waiting helps."""


class Community(NamedTuple):
    """The deployment that readings are signed for.

    Attributes:
        domain: EIP-712 domain of the Registry.
        interval_seconds: settlement interval of the deployment.
        nodes: addresses of the oracle nodes.
    """

    domain: Domain
    interval_seconds: int
    nodes: frozenset[bytes]


async def wait_for_community(
    settings: PublishingSettings, homes: Iterable[Home], status: Callable[[str], None]
) -> Community:
    """Read address book and nodes, as soon as provisioning has made them.

    Args:
        settings: where they are.
        homes: whose enrolments must be there.
        status: told what is waited for.

    Raises:
        ConfigurationError: a file is damaged.
    """
    back_off = FIRST_BACK_OFF_SECONDS
    while True:
        try:
            return find_community(settings, homes)
        except NotYetError as missing:
            status(f"waiting for {missing}")
        await asyncio.sleep(back_off)
        back_off = min(2 * back_off, LAST_BACK_OFF_SECONDS)


def find_community(settings: PublishingSettings, homes: Iterable[Home]) -> Community:
    """Read the address book and the nodes; see `wait_for_community`.

    Raises:
        NotYetError: a file is not there yet.
        ConfigurationError: a file is damaged.
    """
    if not settings.address_book.exists():
        raise NotYetError(f"the address book {settings.address_book}")
    book = load(settings.address_book)
    given = frozenset(address_bytes(node) for node in settings.nodes)
    return Community(
        book.domain("Registry"), book.interval_seconds, given or _enrolled_nodes(settings.enrolment, homes)
    )


def _enrolled_nodes(folder: Path, homes: Iterable[Home]) -> frozenset[bytes]:
    nodes: set[bytes] = set()
    for home in homes:
        path = folder / f"{home.meter_id.hex()}.json"
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
