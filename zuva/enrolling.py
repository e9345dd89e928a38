"""Meters' secrets, sealed to the community's oracle nodes: each file holds exactly the nodes there are."""

from collections.abc import Sequence
from pathlib import Path

import structlog

from protocol.errors import ConfigurationError
from protocol.secrets import Enrolment, load_enrolment, seal, unseal
from simulation.identities import HomeRegistration
from zuva.node_keys import Identity

log = structlog.get_logger()


def enrol(folder: Path, homes: Sequence[HomeRegistration], nodes: Sequence[Identity]) -> int:
    """Write the missing enrolment files and seal anew those of another set of nodes.

    A home's secret is known from its seed; that of any other meter, where one of our nodes can open its file.

    Returns:
        How many files were written.

    Raises:
        ConfigurationError: A file is damaged.
    """
    secrets = {item.home.meter_id: item.home.secret for item in homes}
    files = {path.stem: path for path in sorted(folder.glob("*.json"))}
    written = 0
    for meter_id, secret in secrets.items():
        if meter_id.hex() not in files:
            _seal(folder, meter_id, secret, nodes)
            written += 1
    wanted = {node.address for node in nodes}
    for path in files.values():
        enrolment = load_enrolment(path)
        if set(enrolment.sealed) == wanted:
            continue
        known = secrets.get(enrolment.meter_id) or _opened(enrolment, nodes)
        if known is None:
            log.warning("meter_not_enrolled_for_all_nodes", meter=enrolment.meter_id.hex(), file=str(path))
            continue
        _seal(folder, enrolment.meter_id, known, nodes)
        written += 1
    return written


def _seal(folder: Path, meter_id: bytes, secret: bytes, nodes: Sequence[Identity]) -> None:
    Enrolment(meter_id, {node.address: seal(secret, node.public_key) for node in nodes}).save(folder)


def _opened(enrolment: Enrolment, nodes: Sequence[Identity]) -> bytes | None:
    for node in nodes:
        if node.key is not None and node.address in enrolment.sealed:
            try:
                return unseal(enrolment.sealed[node.address], node.key)
            except ConfigurationError as error:
                log.warning("enrolment_does_not_open", node=node.name, reason=str(error))
    return None
