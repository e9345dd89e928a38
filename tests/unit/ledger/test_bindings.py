"""Bindings are made from ABIs; eth-abi and web3 agree with them."""

import pytest
from eth_abi import encode
from hypothesis import given
from hypothesis import strategies as st

from protocol.keccak import keccak256
from protocol.ledger import compiler
from protocol.ledger.artefacts import load_artefact
from protocol.ledger.bindings import contract, decode_revert, snake
from protocol.ledger.errors import ArtefactMissing, LedgerError
from protocol.ledger.logs import decode_log
from protocol.report import ReportMessage

words = st.binary(min_size=32, max_size=32)
u64 = st.integers(0, 2**64 - 1)
addresses = st.binary(min_size=20, max_size=20)


@pytest.fixture(scope="module", autouse=True)
def artefacts() -> None:
    compiler.build()


@given(u64, words, words, words, u64, st.integers(0, 2**32 - 1), st.lists(st.binary(max_size=80), max_size=4))
def test_a_struct_is_taken_from_its_fields_in_snake_case(
    interval, previous, root, data_hash, wh, count, signatures
):
    data = (
        contract("EnergyProduction")
        .functions["report"]
        .encode(ReportMessage(interval, previous, root, data_hash, wh, count), signatures)
    )
    kinds = ("(uint64,bytes32,bytes32,bytes32,uint64,uint32)", "bytes[]")
    signature = b"report((uint64,bytes32,bytes32,bytes32,uint64,uint32),bytes[])"
    expected = keccak256(signature)[:4] + encode(
        kinds, [(interval, previous, root, data_hash, wh, count), signatures]
    )
    assert data == expected


MINTED = contract("EnergyProduction").events["Minted"]


@given(words, u64, st.integers(0, 2**41), addresses, u64, u64, u64, u64)
def test_a_log_becomes_an_event(meter_id, interval, token, account, wh, claimed, seq, timestamp):
    log = {
        "address": "0x" + "11" * 20,
        "topics": [
            "0x" + each.hex()
            for each in (
                MINTED.topic,
                meter_id,
                interval.to_bytes(32, "big"),
                token.to_bytes(32, "big"),
            )
        ],
        "data": "0x"
        + encode(
            ("address", "uint64", "uint64", "uint64", "uint64"), (account, wh, claimed, seq, timestamp)
        ).hex(),
        "blockNumber": "0x10",
        "blockHash": "0x" + "22" * 32,
        "transactionHash": "0x" + "33" * 32,
        "logIndex": "0x2",
    }
    event = decode_log("EnergyProduction", log)
    assert (event.name, event.address, event.block_number, event.log_index) == ("Minted", b"\x11" * 20, 16, 2)
    assert event.arguments == {
        "meterId": meter_id,
        "interval": interval,
        "id": token,
        "account": account,
        "wh": wh,
        "claimedWh": claimed,
        "seq": seq,
        "timestamp": timestamp,
    }


def test_both_reporting_contracts_share_the_event() -> None:
    topics = {contract(name).events["Reported"].topic for name in ("EnergyProduction", "EnergyConsumption")}
    assert len(topics) == 1


def test_logs_that_are_not_ours_are_left_alone() -> None:
    assert decode_log("EnergyProduction", {"address": "0x" + "11" * 20, "topics": [], "data": "0x"}) is None
    assert (
        decode_log(
            "EnergyProduction", {"address": "0x" + "11" * 20, "topics": ["0x" + "00" * 32], "data": "0x"}
        )
        is None
    )


def test_a_log_of_our_topic_in_another_shape_is_refused() -> None:
    log = {"address": "0x" + "11" * 20, "topics": ["0x" + MINTED.topic.hex()], "data": "0x"}
    with pytest.raises(LedgerError, match="not the event Minted"):
        decode_log("EnergyProduction", log)


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (
            keccak256(b"DayNotClosed(bytes32,uint256)")[:4]
            + encode(("bytes32", "uint256"), (b"\xab" * 32, 20000)),
            "DayNotClosed",
            f"day not closed (meter id 0x{'ab' * 32}, day 20000)",
        ),
        (keccak256(b"Error(string)")[:4] + encode(("string",), ("too dark",)), "Error", "too dark"),
        (
            keccak256(b"Panic(uint256)")[:4] + encode(("uint256",), (0x11,)),
            "Panic",
            "panic (code arithmetic overflow)",
        ),
        (b"", "", "no reason was given"),
        (b"\x01\x02\x03\x04", "", "no reason was given"),
        (keccak256(b"DayNotClosed(bytes32,uint256)")[:4] + b"\x00", "", "no reason was given"),
    ],
)
def test_reverts_are_told_in_words(data: bytes, name: str, said: str) -> None:
    revert = decode_revert(data)
    assert (revert.name, revert.words) == (name, said)


def test_arguments_that_do_not_fit_are_named() -> None:
    mint = contract("EnergyProduction").functions["mint"]
    with pytest.raises(LedgerError, match="mint takes 4 arguments, got 1"):
        mint.encode(1)
    with pytest.raises(LedgerError, match="arguments of mint do not fit"):
        mint.encode(-1, [], [], [])
    with pytest.raises(LedgerError, match="Registry is deployed with 4 arguments, got 0"):
        contract("Registry").encode_constructor()


def test_an_answer_of_a_foreign_contract_is_explained() -> None:
    with pytest.raises(LedgerError, match="is the contract at this address ours"):
        contract("EnergyProduction").functions["head"].decode(b"")


def test_a_contract_that_was_not_compiled_says_the_mend(tmp_path) -> None:
    with pytest.raises(ArtefactMissing, match=r"run: python -m protocol\.ledger\.compiler"):
        load_artefact("Registry", tmp_path)
    (tmp_path / "Registry.json").write_text("{}")
    with pytest.raises(ArtefactMissing, match="damaged"):
        load_artefact("Registry", tmp_path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("claimedWh", "claimed_wh"), ("co2Grams", "co2_grams"), ("gramsPerMWh", "grams_per_mwh"), ("a", "a")],
)
def test_names_in_snake_case(name: str, expected: str) -> None:
    assert snake(name) == expected
