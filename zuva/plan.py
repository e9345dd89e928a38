"""Which services a community needs, in which order, and the ports they listen on."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from zuva import homes_source
from zuva.broker.settings import BrokerSettings
from zuva.chain.settings import ChainSettings
from zuva.community import Embedded
from zuva.errors import PortTaken
from zuva.nodes import OracleNode, oracle_nodes, prefix_of, variables_of
from zuva.processes import check_port_free, free_port
from zuva.running import build_settings
from zuva.supervisor.policy import Spec
from zuva.supervisor.settings import SupervisorSettings


class Port(NamedTuple):
    """A TCP port that a service is going to listen on, and the setting that moves it."""

    service: str
    host: str
    port: int
    setting: str


def services(embedded: Embedded) -> list[Spec]:
    """Return the services in the order in which they are shown and started."""
    specs = []
    if embedded.db:
        specs.append(Spec("db", stop_seconds=30))
    if embedded.broker:
        specs.append(Spec("broker"))
    if embedded.chain:
        specs.append(Spec("chain"))
    nodes, source = oracle_nodes(), homes_source.chosen()
    here = [node for node in nodes if node.is_here]
    return [
        *specs,
        Spec("provision", after=("chain",), one_shot=True),
        *(_node_service(node, nodes) for node in here),
        Spec("indexer", after=("db", "chain", "provision")),
        Spec("telemetry", after=("db", "broker", "indexer")),
        Spec("api", after=("db", "indexer")),
        Spec(
            source.service,
            after=("broker", "provision", "indexer", "telemetry", "api"),
            after_if_well=tuple(node.name for node in here),
            one_shot=source.ends,
        ),
    ]


def _node_service(node: OracleNode, nodes: list[OracleNode]) -> Spec:
    return Spec(
        node.name,
        after=("db", "broker", "chain", "provision"),
        command=("-P", "-m", "zuva", "oracle", "--name", node.name),
        environment=variables_of(node, nodes),
    )


def ports(embedded: Embedded) -> list[Port]:
    """Return the ports of the services that will run here."""
    from backend.api.settings import ApiSettings

    api = build_settings(ApiSettings)
    wanted = [Port("api", api.host, api.port, "ZUVA_API_PORT")]
    if embedded.chain:
        chain = build_settings(ChainSettings)
        wanted.append(Port("chain", chain.host, chain.port, "ZUVA_CHAIN_PORT"))
    if embedded.broker:
        broker = build_settings(BrokerSettings)
        wanted.append(Port("broker", broker.host, broker.port, "ZUVA_BROKER_PORT"))
    wanted += [
        Port(node.name, node.host, node.port, f"{prefix_of(node.name)}PORT")
        for node in oracle_nodes()
        if node.is_here
    ]
    supervisor = build_settings(SupervisorSettings)
    if supervisor.port:
        host, port = supervisor.host, supervisor.port
        wanted.append(Port("supervisor", host, port, "ZUVA_SUPERVISOR_PORT"))
    return wanted


def settle_ports(wanted: Sequence[Port], *, move: bool) -> dict[str, str]:
    """Check that every port is free before anything starts.

    Args:
        wanted: The ports.
        move: Where one is taken, put a free one into the environment instead.

    Returns:
        The settings of the ports that were moved, with their new values.

    Raises:
        PortTaken: A port is taken and may not be moved; the message names it and its setting.
    """
    moved = {}
    for port in wanted:
        try:
            check_port_free(port.host, port.port, service=port.service, setting=port.setting)
        except PortTaken:
            if not move:
                raise
            moved[port.setting] = str(free_port(port.host))
    os.environ.update(moved)
    return moved
