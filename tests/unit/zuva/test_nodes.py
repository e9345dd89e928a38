"""Where each oracle node is reached, and which variables its service gets."""

import os

import pytest

from zuva import nodes
from zuva.errors import ConfigurationError


@pytest.fixture(autouse=True)
def three_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("ZUVA_")}
    monkeypatch.setattr(os, "environ", plain | {"ZUVA_COMMUNITY_NODES": "oracle-1,oracle-2,oracle-3"})


def variables(name: str) -> dict[str, str]:
    known = nodes.oracle_nodes()
    return nodes.variables_of(nodes.find(name), known)


def test_every_node_has_a_port_of_its_own_and_knows_the_others() -> None:
    assert variables("oracle-2") == {
        "ZUVA_ORACLE_NAME": "oracle-2",
        "ZUVA_ORACLE_PORT": "18842",
        "ZUVA_ORACLE_PEERS": "http://127.0.0.1:18841,http://127.0.0.1:18843",
    }


def test_a_variable_with_a_nodes_name_is_that_nodes_alone() -> None:
    os.environ |= {"ZUVA_ORACLE_2_PORT": "19000", "ZUVA_ORACLE_2_MINT": "false"}
    assert variables("oracle-2")["ZUVA_ORACLE_PORT"] == "19000"
    assert variables("oracle-2")["ZUVA_ORACLE_MINT"] == "false"
    assert "ZUVA_ORACLE_MINT" not in variables("oracle-1")
    assert variables("oracle-1")["ZUVA_ORACLE_PEERS"].startswith("http://127.0.0.1:19000,")


def test_a_node_with_a_url_runs_elsewhere() -> None:
    os.environ["ZUVA_ORACLE_3_URL"] = "https://node.example/"
    assert [node.is_here for node in nodes.oracle_nodes()] == [True, True, False]
    assert variables("oracle-1")["ZUVA_ORACLE_PEERS"] == "http://127.0.0.1:18842,https://node.example"


def test_a_node_that_listens_everywhere_is_reached_on_loopback() -> None:
    os.environ["ZUVA_ORACLE_HOST"] = "::"
    assert variables("oracle-1")["ZUVA_ORACLE_PEERS"] == "http://[::1]:18842,http://[::1]:18843"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ZUVA_ORACLE_2_PORT", "high", "ZUVA_ORACLE_2_PORT: .* 'high'"),
        ("ZUVA_COMMUNITY_NODES", "api", "ZUVA_COMMUNITY_NODES"),
        ("ZUVA_COMMUNITY_NODES", "oracle-1,oracle-1", "named twice"),
        ("ZUVA_COMMUNITY_QUORUM", "4", "more than the nodes"),
    ],
)
def test_what_cannot_be_is_refused_with_its_name(name: str, value: str, words: str) -> None:
    os.environ[name] = value
    with pytest.raises(ConfigurationError, match=words):
        nodes.oracle_nodes()


def test_what_cannot_hold_for_every_node_is_refused() -> None:
    os.environ["ZUVA_ORACLE_PORT"] = "18841"
    with pytest.raises(ConfigurationError, match="set ZUVA_ORACLE_1_PORT for oracle-1"):
        nodes.check_shared()


def test_a_value_that_one_node_would_refuse_is_told_with_its_name() -> None:
    nodes.check_each()
    os.environ["ZUVA_ORACLE_2_CLAIMS_PER_MINT"] = "many"
    with pytest.raises(ConfigurationError, match=r"oracle-2: setting ZUVA_ORACLE_CLAIMS_PER_MINT: .*'many'"):
        nodes.check_each()


def test_an_unknown_node_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="no oracle node oracle-9; its nodes are oracle-1, oracle-2"):
        nodes.find("oracle-9")
