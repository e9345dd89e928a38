"""The local chain keeps every transaction it acknowledged, with the same block hashes, whatever is killed."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.conftest import running, short_directory
from zuva.processes import free_port
from zuva.provisioning import LOCAL_FAUCET

CHAIN_ID = 31337
DEPLOYER: LocalAccount = Account.from_key(LOCAL_FAUCET)
GENESIS = 1_470_000_000


class Client:
    """A JSON-RPC client of the front."""

    def __init__(self, port: int) -> None:
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)

    def answer(self, method: str, *params: Any) -> dict[str, Any]:
        body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}
        return self.http.post("/", json=body).json()

    def call(self, method: str, *params: Any) -> Any:
        answer = self.answer(method, *params)
        assert "error" not in answer, answer
        return answer["result"]

    def hashes(self) -> list[str]:
        height = int(self.call("eth_blockNumber"), 16)
        return [self.call("eth_getBlockByNumber", hex(n), False)["hash"] for n in range(height + 1)]

    def timestamp(self) -> int:
        return int(self.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)


def transfer(nonce: int, value: int = 1) -> str:
    signed = DEPLOYER.sign_transaction(
        {
            "nonce": nonce, "gas": 21000, "to": "0x" + "11" * 20, "value": value, "chainId": CHAIN_ID,
            "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 0,
        }
    )  # fmt: skip
    return "0x" + signed.raw_transaction.hex()


class Chain:
    """One data directory's chain, started as often as a test likes."""

    def __init__(self, data: Path, clock: str = "stepped") -> None:
        self.data = data
        self.port = free_port()
        self.environment = {
            "ZUVA_DATA_DIR": str(data), "ZUVA_CHAIN_PORT": str(self.port), "ZUVA_CHAIN_CLOCK": clock,
        } | ({"ZUVA_CHAIN_GENESIS_TIMESTAMP": str(GENESIS)} if clock == "stepped" else {})  # fmt: skip

    @contextmanager
    def up(self) -> Iterator[tuple[Client, int]]:
        with running("chain", self.environment) as process:
            yield Client(self.port), process.pid


@pytest.fixture
def chain() -> Iterator[Chain]:
    with short_directory() as data:
        yield Chain(data)


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def test_a_stepped_chain_takes_its_time_from_set_time_and_never_goes_back(chain: Chain) -> None:
    with chain.up() as (client, _):
        assert client.call("zuva_setTime", GENESIS + 900) == GENESIS + 900
        client.call("eth_sendRawTransaction", transfer(0))
        assert client.timestamp() == GENESIS + 900
        client.call("eth_sendRawTransaction", transfer(1))
        assert client.timestamp() == GENESIS + 901
        assert client.call("zuva_setTime", GENESIS) == GENESIS + 901
        pending = client.call("eth_call", {"data": "0x425f5260205ff3"}, "pending")
        assert int(pending, 16) >= GENESIS + 900
    with chain.up() as (client, _):
        client.call("eth_sendRawTransaction", transfer(2))
        assert client.timestamp() == GENESIS + 902


def test_a_wall_chain_answers_the_time_of_this_machine(tmp_path: Path) -> None:
    with Chain(tmp_path, "wall").up() as (client, _):
        now = client.call("zuva_setTime", 1)
        client.call("eth_sendRawTransaction", transfer(0))
        client.call("eth_sendRawTransaction", transfer(1))
        assert now <= client.timestamp() <= client.call("zuva_setTime", 2**33)


@pytest.mark.parametrize("victim", ["front", "anvil", "both"])
def test_every_acknowledged_transaction_survives_kill_9(chain: Chain, victim: str) -> None:
    acknowledged: dict[str, str] = {}
    enough = threading.Event()
    with chain.up() as (client, pid):

        def stream() -> None:
            for nonce in range(100_000):
                try:
                    answer = client.answer("eth_sendRawTransaction", transfer(nonce))
                    block = client.call("eth_getTransactionReceipt", answer["result"])
                    acknowledged[answer["result"]] = block["blockHash"]
                except (httpx.TransportError, AssertionError, KeyError, TypeError):
                    enough.set()
                    return
                if nonce == 150:
                    enough.set()

        sender = threading.Thread(target=stream)
        sender.start()
        enough.wait()
        anvil = children(pid)
        assert anvil
        for target in {"front": [pid], "anvil": anvil, "both": [pid, *anvil]}[victim]:
            os.kill(target, signal.SIGKILL)
        sender.join()
    assert len(acknowledged) >= 150
    with chain.up() as (client, _):
        found = {
            h: (client.call("eth_getTransactionReceipt", h) or {}).get("blockHash") for h in acknowledged
        }
        assert found == acknowledged
        before = client.hashes()
        nonce = int(client.call("eth_getTransactionCount", DEPLOYER.address, "latest"), 16)
        client.call("eth_sendRawTransaction", transfer(nonce))
    with chain.up() as (client, _):
        assert client.hashes()[:-1] == before


def test_refused_and_waiting_transactions_come_back_the_same(chain: Chain) -> None:
    with chain.up() as (client, _):
        assert "error" in client.answer("eth_sendRawTransaction", transfer(0, 10**40))
        client.call("eth_sendRawTransaction", transfer(1))  # waits for nonce 0
        assert "error" in client.answer("eth_sendRawTransaction", "0x02ff")
        client.call("eth_sendRawTransaction", transfer(0))
        assert int(client.call("eth_getTransactionCount", DEPLOYER.address, "latest"), 16) == 2
        before = client.hashes()
    with chain.up() as (client, _):
        assert client.hashes() == before


def test_a_torn_last_line_is_cut_off_and_the_chain_goes_on(chain: Chain) -> None:
    with chain.up() as (client, _):
        for nonce in range(5):
            client.call("eth_sendRawTransaction", transfer(nonce))
        before = client.hashes()
    journal = chain.data / "chain" / "journal"
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-40])
    with chain.up() as (client, _):
        assert client.hashes() == before[:-1]
        client.call("eth_sendRawTransaction", transfer(4))
        assert client.hashes() == before


def test_a_batch_is_answered_in_order_and_mined_in_order(chain: Chain) -> None:
    with chain.up() as (client, _):
        calls = [("eth_sendRawTransaction", [transfer(n)]) for n in range(20)] + [("eth_chainId", [])]
        body = [{"jsonrpc": "2.0", "id": n, "method": m, "params": p} for n, (m, p) in enumerate(calls)]
        answers = client.http.post("/", json=body).json()
        assert [answer["id"] for answer in answers] == list(range(21))
        assert answers[20]["result"] == hex(CHAIN_ID)
        numbers = [
            int(client.call("eth_getTransactionReceipt", answer["result"])["blockNumber"], 16)
            for answer in answers[:20]
        ]
        assert numbers == list(range(1, 21))
        reads = [{"jsonrpc": "2.0", "id": n, "method": "eth_chainId", "params": []} for n in range(3)]
        assert [a["result"] for a in client.http.post("/", json=reads).json()] == [hex(CHAIN_ID)] * 3


def test_what_would_change_the_chain_past_the_journal_is_refused(chain: Chain) -> None:
    with chain.up() as (client, _):
        for method in (
            "anvil_setBalance",
            "evm_mine",
            "evm_setTime",
            "hardhat_reset",
            "eth_sendTransaction",
            "x",
        ):
            assert client.answer(method)["error"]["code"] == -32601
        assert client.answer("zuva_setTime", "soon")["error"]["code"] == -32602
        assert client.answer("eth_sendRawTransaction", "0xzz")["error"]["code"] == -32602
        assert client.http.post("/", content=b"{").json()["error"]["code"] == -32700
        assert client.http.post("/", content=b"[]").json()["error"]["code"] == -32600
        assert client.http.post("/", content=b"[1]").json()[0]["error"]["code"] == -32600
        assert client.http.post("/", content=b"0" * (17 << 20)).status_code == 413
        assert client.http.get("/").status_code == 405
        assert client.call("eth_blockNumber") == "0x0"


def everything(client: Client) -> dict[str, Any]:
    """All that an indexer or an audit reads from block 0 on."""
    height = int(client.call("eth_blockNumber"), 16)
    blocks = [client.call("eth_getBlockByNumber", hex(n), True) for n in range(height + 1)]
    sent = [transaction["hash"] for block in blocks for transaction in block["transactions"]]
    return {
        "blocks": blocks,
        "receipts": [client.call("eth_getTransactionReceipt", one) for one in sent],
        "logs": client.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": hex(height)}),
        "pool": client.call("txpool_content"),
        "account": client.call("eth_getBalance", DEPLOYER.address, "latest"),
    }


def logging(nonce: int) -> str:
    """Deploy a contract of nothing whose constructor logs its block's number."""
    signed = DEPLOYER.sign_transaction(
        {
            "nonce": nonce, "gas": 100_000, "value": 0, "chainId": CHAIN_ID,
            "data": "0x4360005260206000a060006000f3",
            "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 0,
        }
    )  # fmt: skip
    return "0x" + signed.raw_transaction.hex()


def test_a_chain_from_its_snapshot_is_the_chain_of_its_journal(chain: Chain) -> None:
    chain.environment["ZUVA_CHAIN_SNAPSHOT_TRANSACTIONS"] = "10"
    with chain.up() as (client, _):
        client.call("zuva_setTime", GENESIS + 900)
        for nonce in range(0, 30, 2):
            client.call("eth_sendRawTransaction", transfer(nonce))
            client.call("eth_sendRawTransaction", logging(nonce + 1))
        client.call("eth_sendRawTransaction", transfer(32))  # waits for nonces 30 and 31
        assert "error" in client.answer("eth_sendRawTransaction", transfer(30, 10**40))
        before = everything(client)
        assert len(before["logs"]) == 15
    assert (chain.data / "chain" / "snapshot").exists()
    with chain.up() as (client, _):
        assert everything(client) == before
        assert client.call("zuva_setTime", 0) > GENESIS + 900 + 30
        for nonce in (30, 31):
            client.call("eth_sendRawTransaction", transfer(nonce))
        after = everything(client)
        assert after["pool"]["queued"] == {}
    (chain.data / "chain" / "snapshot").unlink()
    with chain.up() as (client, _):
        assert everything(client) == after


@pytest.mark.parametrize("damage", ["torn", "flipped", "foreign", "newer than the journal"])
def test_a_snapshot_that_does_not_fit_is_passed_over(chain: Chain, damage: str) -> None:
    chain.environment["ZUVA_CHAIN_SNAPSHOT_TRANSACTIONS"] = "1"
    with chain.up() as (client, _):
        for nonce in range(6):
            client.call("eth_sendRawTransaction", transfer(nonce))
        before = client.hashes()
    snapshot, journal = chain.data / "chain" / "snapshot", chain.data / "chain" / "journal"
    whole = snapshot.read_bytes()
    match damage:
        case "torn":
            snapshot.write_bytes(whole[:-100])
        case "flipped":
            snapshot.write_bytes(whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:])
        case "foreign":
            snapshot.write_bytes(b"anything\n")
            snapshot.with_suffix(".new").write_bytes(whole[:1000])
        case _:
            lines = journal.read_bytes().splitlines(keepends=True)
            journal.write_bytes(b"".join(lines[:-2]))
            before = before[:-2]
    with chain.up() as (client, _):
        assert client.hashes() == before
        client.call("eth_sendRawTransaction", transfer(len(before) - 1))
    with chain.up() as (client, _):
        assert client.hashes()[:-1] == before


def test_kill_9_while_snapshots_are_made_loses_nothing(chain: Chain) -> None:
    """Snapshots follow each other as fast as they can; wherever the kill hits, nothing is missing."""
    chain.environment["ZUVA_CHAIN_SNAPSHOT_TRANSACTIONS"] = "1"
    chain.environment["ZUVA_CHAIN_SNAPSHOT_SECONDS"] = "0.001"
    acknowledged: list[str] = []
    for burst in (7, 23, 60, 90):
        with chain.up() as (client, pid):
            nonce = int(client.call("eth_getTransactionCount", DEPLOYER.address, "latest"), 16)
            assert nonce == len(acknowledged)
            for one in range(nonce, nonce + burst):
                sent = client.call("eth_sendRawTransaction", transfer(one))
                acknowledged.append(client.call("eth_getTransactionReceipt", sent)["blockHash"])
            os.kill(pid, signal.SIGKILL)
        assert (chain.data / "chain" / "snapshot").exists()
    with chain.up() as (client, _):
        assert client.hashes()[1:] == acknowledged
    (chain.data / "chain" / "snapshot").unlink()
    with chain.up() as (client, _):
        assert client.hashes()[1:] == acknowledged


def test_requests_have_ids_and_the_chain_has_figures(chain: Chain) -> None:
    chain.environment["ZUVA_CHAIN_SNAPSHOT_TRANSACTIONS"] = "1"
    with chain.up() as (client, _):
        for nonce in range(3):
            client.call("eth_sendRawTransaction", transfer(nonce))
        body = {"jsonrpc": "2.0", "id": 7, "method": "eth_chainId", "params": []}
        named = client.http.post("/", json=body, headers={"X-Request-ID": "page-1"})
        assert named.headers.get_list("X-Request-ID") == ["page-1"]
        given = [
            client.http.post("/", json=body, headers={"X-Request-ID": bad}).headers["X-Request-ID"]
            for bad in ("", "x" * 65, "a b")
        ]
        assert len({*given, "x" * 65, "a b"}) == 5
    with chain.up() as (client, _):
        figures = dict(
            line.rsplit(" ", 1)
            for line in client.http.get("/metrics").text.splitlines()
            if line.startswith("zuva_chain_")
        )
    assert float(figures["zuva_chain_transactions"]) == 3
    assert float(figures["zuva_chain_snapshot_transactions"]) == 3
    assert float(figures["zuva_chain_repeated_transactions"]) == 0
    assert float(figures["zuva_chain_requests_total"]) == 0
