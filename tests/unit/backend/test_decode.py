"""Logs become rows exactly as a general ABI decoder reads them; hostile text does not stop the indexer."""

from typing import Any

import pytest
from eth_abi.abi import encode

from backend.indexer.decode import Decoder
from backend.indexer.errors import UnexpectedAbi
from backend.indexer.event_tables import COLUMNS, EVENTS
from protocol.keccak import keccak256
from protocol.ledger import compiler
from protocol.ledger.artefacts import CONTRACTS, load_artefact

ADDRESSES = {name: bytes(19) + bytes([n]) for n, name in enumerate(CONTRACTS, 1)}


@pytest.fixture(scope="module")
def abis() -> dict[str, list[dict[str, Any]]]:
    compiler.build()
    return {name: load_artefact(name).abi for name in CONTRACTS}


@pytest.fixture
def decoder(abis: dict[str, list[dict[str, Any]]]) -> Decoder:
    return Decoder({name: (ADDRESSES[name], abi) for name, abi in abis.items()})


def log(contract: str, signature: str, indexed: list[bytes], data: bytes) -> dict[str, Any]:
    return {
        "address": "0x" + ADDRESSES[contract].hex().upper(),
        "topics": ["0x" + topic.hex() for topic in (keccak256(signature.encode()), *indexed)],
        "data": "0x" + data.hex(),
        "blockNumber": "0x10",
        "blockHash": "0x" + "bb" * 32,
        "blockTimestamp": "0x6553f100",
        "transactionHash": "0x" + "cc" * 32,
        "logIndex": "0x3",
    }


ORIGIN = (16, 3, bytes.fromhex("cc" * 32))


def test_every_table_is_filled_by_an_event() -> None:
    assert {kind.table for kind in EVENTS} == set(COLUMNS)


def test_a_registration_with_its_struct_and_name(decoder: Decoder) -> None:
    attributes = (0, 1, 2, 5000, 10_000, 7, True)
    data = encode(
        [
            "address",
            "(uint8,uint8,uint8,uint32,uint32,uint32,bool,bytes32)",
            "uint64",
            "uint64",
            "uint64",
            "uint64",
            "string",
        ],
        ["0x" + "22" * 20, (*attributes, b"\x44" * 32), 1000, 1, 2, 3, "Mbare 4 \u2600"],
    )
    signature = (
        "MeterRegistered(bytes32,address,address,(uint8,uint8,uint8,uint32,uint32,uint32,bool,bytes32),"
        "uint64,uint64,uint64,uint64,string)"
    )
    events = decoder.rows([log("Registry", signature, [b"\x11" * 32, bytes(12) + b"\x33" * 20], data)])
    assert events.tables == {
        "meter_registered": [
            (b"\x11" * 32, b"\x33" * 20, b"\x22" * 20, *attributes, 1000, 1, 2, 3, "Mbare 4 \u2600", *ORIGIN)
        ]
    }
    assert events.blocks == {16: (bytes.fromhex("bb" * 32), 0x6553F100)}


def test_reports_know_their_side(decoder: Decoder) -> None:
    signature = "Reported(uint64,bytes32,bytes32,uint64,uint32,uint256)"
    data = encode(
        ["bytes32", "bytes32", "uint64", "uint32", "uint256"], [b"\x01" * 32, b"\x02" * 32, 5, 6, 2**255]
    )
    topic = (472_222).to_bytes(32, "big")
    logs = [log(name, signature, [topic], data) for name in ("EnergyProduction", "EnergyConsumption")]
    row = (472_222, b"\x01" * 32, b"\x02" * 32, 5, 6, 2**255, *ORIGIN)
    assert decoder.rows(logs).tables == {"reported": [(0, *row), (1, *row)]}


def test_a_batch_transfer_is_a_row_per_position(decoder: Decoder) -> None:
    signature = "TransferBatch(address,address,address,uint256[],uint256[])"
    parties = [bytes(12) + bytes([n]) * 20 for n in (1, 2, 3)]
    data = encode(["uint256[]", "uint256[]"], [[7, 2**41 - 1], [10, 20]])
    rows = decoder.rows([log("EnergyProduction", signature, parties, data)]).tables["transferred"]
    assert rows == [
        (0, b"\x02" * 20, b"\x03" * 20, 7, 10, *ORIGIN),
        (1, b"\x02" * 20, b"\x03" * 20, 2**41 - 1, 20, *ORIGIN),
    ]


@pytest.mark.parametrize(
    ("reason", "stored"),
    [(b"gr\xfcn", "gr\ufffdn"), (b"a\0b", "a\ufffdb"), (b"", ""), ("\u00e9".encode(), "\u00e9")],
)
def test_text_that_a_database_cannot_store_is_replaced(decoder: Decoder, reason: bytes, stored: str) -> None:
    data = encode(["uint256", "bytes", "uint256"], [5, reason, 9])
    indexed = [bytes(12) + b"\x01" * 20, (1).to_bytes(32, "big"), bytes(12) + b"\x02" * 20]
    signature = "Retired(address,uint256,uint256,address,string,uint256)"
    [row] = decoder.rows([log("EnergyProduction", signature, indexed, data)]).tables["retired"]
    assert row == (b"\x01" * 20, 1, 5, b"\x02" * 20, stored, 9, *ORIGIN)


def test_events_without_a_table_are_left_out(decoder: Decoder) -> None:
    approval = log("EnergyProduction", "ApprovalForAll(address,address,bool)", [bytes(32)] * 2, bytes(32))
    anonymous = approval | {"topics": []}
    assert decoder.rows([approval, anonymous]).tables == {}


def test_the_same_event_of_another_contract_is_not_ours(decoder: Decoder) -> None:
    stray = log("Registry", "MeterSuspended(bytes32)", [bytes(32)], b"") | {"address": "0x" + "ff" * 20}
    assert decoder.rows([stray]).tables == {}


def test_a_log_shorter_than_its_abi_is_refused(decoder: Decoder) -> None:
    with pytest.raises(UnexpectedAbi, match="shorter than its ABI"):
        decoder.rows([log("Registry", "PausedSet(bool)", [], b"")])


def test_contracts_without_the_tables_events_are_refused(abis: dict[str, list[dict[str, Any]]]) -> None:
    lacking = abis | {"Registry": [entry for entry in abis["Registry"] if entry.get("name") != "KeyRotated"]}
    with pytest.raises(UnexpectedAbi, match="no event KeyRotated"):
        Decoder({name: (ADDRESSES[name], abi) for name, abi in lacking.items()})
