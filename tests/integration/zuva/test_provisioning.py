"""Provisioning does what is missing, applies other nodes, and never puts a new key in a lost one's place."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.keys import address_text, create_key, load_key
from protocol.ledger import address_book, compiler
from protocol.ledger.artefacts import CONTRACTS
from protocol.ledger.bindings import contract
from protocol.ledger.rpc import Rpc
from protocol.ledger.transactions import read
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
            "ZUVA_COMMUNITY_SOURCE": "replay",
            "ZUVA_COMMUNITY_NODES": "oracle-1",
            "ZUVA_COMMUNITY_QUORUM": "1",
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
    assert "1 homes, 1 oracle node(s), quorum 1, 0 registered now" in answer.stderr


def zuva(environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "zuva", *words],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_contracts_are_shown_once_they_are_verified(environment: dict[str, str], tmp_path: Path) -> None:
    answer = zuva(environment, "contracts", "--descriptors", str(tmp_path))
    assert answer.returncode == 0, answer.stderr
    for name in CONTRACTS:
        assert re.search(rf"^{name} +0x[0-9a-fA-F]{{40}} +[\d,]+ bytes$", answer.stdout, re.MULTILINE), name
    assert re.search(r"^quorum +1$", answer.stdout, re.MULTILINE)
    assert re.search(r"^reporters +EnergyProduction EnergyConsumption$", answer.stdout, re.MULTILINE)
    book = address_book.load(Path(environment["ZUVA_DATA_DIR"]) / "address-book.json")
    descriptor = json.loads((tmp_path / "eip712-EnergyTrading.json").read_text())
    assert descriptor["context"]["eip712"]["deployments"] == [
        {"chainId": 31337, "address": address_text(book.address("EnergyTrading"))}
    ]


def test_contracts_of_another_chain_are_not_shown(environment: dict[str, str]) -> None:
    answer = zuva(environment | {"ZUVA_CHAIN_URL": "http://127.0.0.1:9"}, "contracts")
    assert answer.returncode != 0
    assert "no chain answers" in answer.stderr
    assert "quorum" not in answer.stdout


async def test_a_certificates_metadata_is_where_its_contract_says(environment: dict[str, str]) -> None:
    book = address_book.load(Path(environment["ZUVA_DATA_DIR"]) / "address-book.json")
    uri = contract("EnergyProduction").functions["uri"]
    async with Rpc(environment["ZUVA_CHAIN_URL"]) as rpc:
        answer = await read(rpc, book.address("EnergyProduction"), uri.encode(1))
    assert uri.decode(answer) == ("http://127.0.0.1:8000/v1/certificates/{id}.json",)


def sealed(environment: dict[str, str]) -> set[str]:
    (path,) = Path(environment["ZUVA_DATA_DIR"], "enrolment").glob("*.json")
    return set(json.loads(path.read_text())["sealed"])


def keys(environment: dict[str, str]) -> Path:
    return Path(environment["ZUVA_DATA_DIR"], "keys")


def addresses(environment: dict[str, str], *names: str) -> set[str]:
    return {address_text(load_key(keys(environment) / f"{name}.key").address) for name in names}


def test_other_nodes_and_quorum_are_set_in_the_contracts_and_homes_enrolled_for_them(
    environment: dict[str, str],
) -> None:
    three = {"ZUVA_COMMUNITY_NODES": "oracle-1,oracle-2,oracle-3", "ZUVA_COMMUNITY_QUORUM": "2"}
    answer = provision(environment, **three)
    assert "1 homes, 3 oracle node(s), quorum 2 set now" in answer.stderr
    assert sealed(environment) == addresses(environment, "oracle-1", "oracle-2", "oracle-3")
    assert {path.stat().st_mode & 0o777 for path in keys(environment).glob("*.key")} == {0o600}
    assert "quorum 2, 0 registered" in provision(environment, **three).stderr

    answer = provision(environment, ZUVA_COMMUNITY_NODES="oracle-1,oracle-3")
    assert "2 oracle node(s), quorum 1 set now" in answer.stderr
    assert sealed(environment) == addresses(environment, "oracle-1", "oracle-3")


def test_a_node_elsewhere_needs_only_its_public_key_here(environment: dict[str, str]) -> None:
    two = {"ZUVA_COMMUNITY_NODES": "oracle-1,oracle-4"}
    assert provision(environment, **two).returncode == 0
    away = {name: (keys(environment) / name).read_text() for name in ("oracle-4.key", "oracle-4-keeper.key")}
    for name in away:
        (keys(environment) / name).unlink()
    lost = provision(environment, **two)
    assert lost.returncode == 2
    assert "oracle-4.key" in reason(lost)
    assert "is gone: restore it, or set the node's URL" in reason(lost)
    answer = provision(environment, **two, ZUVA_ORACLE_4_URL="http://node.example:18841")
    assert answer.returncode == 0, answer.stderr
    assert not any((keys(environment) / name).exists() for name in away)
    assert len(sealed(environment)) == 2


def test_an_oracle_of_the_contracts_whose_key_is_lost_is_not_replaced(environment: dict[str, str]) -> None:
    provision(environment)
    (keys(environment) / "oracle-1.key").rename(keys(environment) / "kept")
    (keys(environment) / "oracle-1.public").unlink()
    answer = provision(environment)
    (keys(environment) / "kept").rename(keys(environment) / "oracle-1.key")
    assert answer.returncode == 2
    assert "of which no key is in" in reason(answer)
    assert not list(keys(environment).glob("oracle-1.public"))
    assert provision(environment).returncode == 0


def test_an_enrolment_that_only_strangers_can_open_is_sealed_anew_for_a_home(
    environment: dict[str, str],
) -> None:
    provision(environment)
    whole = sealed(environment)
    (path,) = Path(environment["ZUVA_DATA_DIR"], "enrolment").glob("*.json")
    content = json.loads(path.read_text())
    stranger = create_key(keys(environment) / "stranger.key")
    content["sealed"] = {address_text(stranger.address): next(iter(content["sealed"].values()))}
    path.write_text(json.dumps(content))
    assert provision(environment).returncode == 0
    assert sealed(environment) == whole
