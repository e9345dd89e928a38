"""Provisioning does what is missing, and refuses nodes that the community did not begin with."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.keys import create_key, load_key
from protocol.ledger import compiler
from tests.conftest import running, short_directory
from zuva.processes import free_port


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """Run a chain on which one home is provisioned."""
    compiler.build()
    with short_directory() as data:
        port = str(free_port())
        settings = {
            "ZUVA_DATA_DIR": str(data),
            "ZUVA_CHAIN_PORT": port,
            "ZUVA_CHAIN_URL": f"http://127.0.0.1:{port}",
            "ZUVA_REPLAY_HOMES": "1",
            "ZUVA_COMMUNITY_INTERVAL_SECONDS": "3600",
        }
        with running("chain", settings):
            refused = provision(settings, ZUVA_COMMUNITY_INTERVAL_SECONDS="900")
            assert "set ZUVA_COMMUNITY_INTERVAL_SECONDS to 3600 (it is 900)" in reason(refused)
            answer = provision(settings)
            assert answer.returncode == 0, answer.stderr
            yield settings


def provision(environment: dict[str, str], **more: str) -> "subprocess.CompletedProcess[str]":
    inherited = {k: v for k, v in os.environ.items() if k != "NOTIFY_SOCKET"}
    return subprocess.run(
        [sys.executable, "-P", "-m", "zuva", "provision"],
        env=inherited | environment | more,
        capture_output=True,
        text=True,
        timeout=120,
    )


def reason(answer: "subprocess.CompletedProcess[str]") -> str:
    last = json.loads(answer.stderr.splitlines()[-1])
    assert last["event"] == "service_failed"
    return str(last["error"])


def test_a_second_run_registers_nothing_more_and_says_so_by_hand(environment: dict[str, str]) -> None:
    answer = provision(environment)
    assert answer.returncode == 0, answer.stderr
    assert "1 homes, 1 oracle node(s), 0 registered now" in answer.stderr


def test_a_node_without_a_key_is_refused_and_gets_none(environment: dict[str, str]) -> None:
    answer = provision(environment, ZUVA_COMMUNITY_NODES="oracle-1,oracle-2")
    assert answer.returncode == 2
    assert "node oracle-2 has no key" in reason(answer)
    assert not Path(environment["ZUVA_DATA_DIR"], "keys", "oracle-2.key").exists()


def test_nodes_that_are_not_those_of_the_contracts_are_refused(environment: dict[str, str]) -> None:
    create_key(Path(environment["ZUVA_DATA_DIR"], "keys", "oracle-3.key"))
    answer = provision(environment, ZUVA_COMMUNITY_NODES="oracle-1,oracle-3")
    assert answer.returncode == 2
    assert "which are not the nodes oracle-1,oracle-3; set ZUVA_COMMUNITY_NODES" in reason(answer)


def test_a_home_enrolled_for_another_node_is_refused(environment: dict[str, str]) -> None:
    data = Path(environment["ZUVA_DATA_DIR"])
    (path,) = (data / "enrolment").glob("*.json")
    whole = path.read_text()
    content = json.loads(whole)
    stranger = create_key(data / "keys" / "stranger.key")
    content["sealed"] = {f"0x{stranger.address.hex()}": next(iter(content["sealed"].values()))}
    path.write_text(json.dumps(content))
    answer = provision(environment)
    path.write_text(whole)
    assert answer.returncode == 2
    assert "is not enrolled for the node" in reason(answer)
    assert load_key(data / "keys" / "oracle-1.key").address.hex() in reason(answer).lower()
