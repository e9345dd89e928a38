"""The community's oracle nodes: where each is reached, and the variables of each node's service.

What concerns one node only is said by variables with its name: ZUVA_ORACLE_2_PORT is ZUVA_ORACLE_PORT of the
node oracle-2, and so for every other key. ZUVA_ORACLE_2_URL says that the node runs elsewhere, and where.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from zuva.community_settings import CommunitySettings
from zuva.configuration import origin_of, put_defaults
from zuva.errors import ConfigurationError
from zuva.running import build_settings

_OF_ONE_NODE: Final = ("NAME", "PORT", "PEERS")


@dataclass(frozen=True)
class OracleNode:
    """One oracle node.

    Attributes:
        name: of the node, its service, key and log.
        host: address it listens on.
        port: port it listens on.
        url: where the others reach it.
        is_here: whether it is one of ours to start.
    """

    name: str
    host: str
    port: int
    url: str
    is_here: bool


def prefix_of(name: str) -> str:
    """Return what the variables of one node begin with: ZUVA_ORACLE_2_ for oracle-2."""
    return f"ZUVA_{name.upper().replace('-', '_')}_"


def oracle_nodes() -> list[OracleNode]:
    """Return the community's nodes in their order.

    Raises:
        ConfigurationError: A port that is no number.
    """
    settings = build_settings(CommunitySettings)
    return [_node(name, settings.node_port + n, os.environ) for n, name in enumerate(settings.node_names)]


def _node(name: str, port: int, environment: Mapping[str, str]) -> OracleNode:
    prefix = prefix_of(name)
    host = environment.get(f"{prefix}HOST", environment.get("ZUVA_ORACLE_HOST", "127.0.0.1"))
    text = environment.get(f"{prefix}PORT", str(port))
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ConfigurationError(
            f"setting {prefix}PORT: a port is a number from 1 to 65535, not {text!r}; "
            f"correct it in {origin_of(f'{prefix}PORT')}"
        )
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - the listening address
    at = f"[{reached}]" if ":" in reached else reached
    url = environment.get(f"{prefix}URL")
    return OracleNode(name, host, int(text), (url or f"http://{at}:{text}").rstrip("/"), url is None)


def find(name: str | None) -> OracleNode:
    """Return the community's node of that name; its first one without a name.

    Raises:
        ConfigurationError: It has no such node.
    """
    known = oracle_nodes()
    for node in known:
        if name in (None, node.name):
            return node
    raise ConfigurationError(
        f"the community has no oracle node {name}; its nodes are {', '.join(node.name for node in known)} "
        "(ZUVA_COMMUNITY_NODES)"
    )


def variables_of(node: OracleNode, nodes: Sequence[OracleNode]) -> dict[str, str]:
    """Return the variables of one node's service, which stand over those that all services share."""
    prefix = prefix_of(node.name)
    own = {
        f"ZUVA_ORACLE_{name.removeprefix(prefix)}": value
        for name, value in os.environ.items()
        if name.startswith(prefix) and name != f"{prefix}URL"
    }
    return {
        "ZUVA_ORACLE_NAME": node.name,
        "ZUVA_ORACLE_PORT": str(node.port),
        "ZUVA_ORACLE_PEERS": ",".join(other.url for other in nodes if other.name != node.name),
        **own,
    }


def put_node_variables() -> None:
    """Set what follows from nodes and quorum for the others: acks to wait for, schemas with data sets."""
    quorum = str(build_settings(CommunitySettings).quorum)
    schemas = [node.name.replace("-", "_") for node in oracle_nodes() if node.is_here]
    put_defaults(
        {
            "ZUVA_HOMES_ACKS": quorum,
            "ZUVA_REPLAY_ACKS": quorum,
            "ZUVA_INDEXER_DATA_SET_SCHEMAS": ",".join(schemas),
        }
    )


def check_each() -> None:
    """Refuse a value that one node's service would refuse.

    Raises:
        ConfigurationError: There is one; the message names the node.
    """
    from oracle.settings import OracleSettings

    nodes = oracle_nodes()
    for node in nodes:
        variables = variables_of(node, nodes)
        try:
            build_settings(
                OracleSettings,
                **{name.removeprefix("ZUVA_ORACLE_").lower(): value for name, value in variables.items()},
            )
        except ConfigurationError as error:
            raise ConfigurationError(f"{node.name}: {error}") from error


def check_shared() -> None:
    """Refuse variables that cannot hold for every node.

    Raises:
        ConfigurationError: One is set; the message names what to set instead.
    """
    for key in _OF_ONE_NODE:
        if f"ZUVA_ORACLE_{key}" in os.environ:
            raise ConfigurationError(
                f"setting ZUVA_ORACLE_{key} would hold for every node; set ZUVA_ORACLE_1_{key} for oracle-1 "
                f"and so on, and unset it in {origin_of(f'ZUVA_ORACLE_{key}')}"
            )
