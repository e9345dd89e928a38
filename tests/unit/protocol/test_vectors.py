"""The committed vectors are what the code makes, and eth-account agrees with every one of them."""

import json
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

import protocol.vectors
from protocol.ack import parse_ack
from protocol.eip712 import Domain
from protocol.errors import BadSignature, MalformedRecord
from protocol.keys import address_bytes, address_text, recover
from protocol.merkle import MultiProof, verify, verify_multiproof
from protocol.reading import parse_payload, parse_record
from protocol.vectors.generate import ALL

FOLDER = Path(protocol.vectors.__file__).parent


def load(name: str) -> dict:
    return json.loads((FOLDER / f"{name}.json").read_text())


def unhex(text: str) -> bytes:
    return bytes.fromhex(text[2:])


@pytest.mark.parametrize("name", ALL)
def test_the_committed_file_is_what_the_code_makes(name: str) -> None:
    assert load(name) == json.loads(json.dumps(ALL[name]()))


def typed_data(domain: dict, name: str, types: list[tuple[str, str]], message: dict):
    return encode_typed_data(
        full_message={
            "domain": {
                "name": "Zuva",
                "version": "1",
                "chainId": domain["chainId"],
                "verifyingContract": domain["verifyingContract"],
            },
            "primaryType": name,
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                ],
                name: [{"name": field, "type": kind} for field, kind in types],
            },
            "message": {field: message[field] for field, _ in types},
        }
    )


READING_FIELDS = [
    ("meterId", "bytes32"),
    ("seq", "uint64"),
    ("timestamp", "uint64"),
    ("periodSeconds", "uint32"),
    ("importWh", "uint64"),
    ("exportWh", "uint64"),
    ("generatedWh", "uint64"),
    ("flags", "uint32"),
]
REGISTRATION_FIELDS = [
    ("meterId", "bytes32"),
    ("account", "address"),
    ("nonce", "uint64"),
    ("timestamp", "uint64"),
    ("importWh", "uint64"),
    ("exportWh", "uint64"),
    ("generatedWh", "uint64"),
]
REPORT_FIELDS = [
    ("interval", "uint64"),
    ("previous", "bytes32"),
    ("root", "bytes32"),
    ("dataHash", "bytes32"),
    ("totalWh", "uint64"),
    ("count", "uint32"),
]
REQUEST_FIELDS = [
    ("method", "string"),
    ("path", "string"),
    ("bodyHash", "bytes32"),
    ("time", "uint64"),
    ("recipient", "address"),
]
RESPONSE_FIELDS = [
    ("requestDigest", "bytes32"),
    ("status", "uint16"),
    ("bodyHash", "bytes32"),
]


def integers(case: dict) -> dict:
    return {k: int(v) if isinstance(v, str) and v.isdigit() else v for k, v in case.items()}


def test_eth_account_recovers_the_same_device_from_every_reading() -> None:
    vectors = load("readings")
    for case in vectors["cases"]:
        message = typed_data(vectors["domain"], "MeterReading", READING_FIELDS, integers(case))
        assert Account.recover_message(message, signature=case["signature"]) == case["signer"]


def test_every_reading_parses_from_its_record_and_its_json_twin() -> None:
    vectors = load("readings")
    domain = Domain(vectors["domain"]["chainId"], address_bytes(vectors["domain"]["verifyingContract"]))
    assert domain.separator == unhex(vectors["domain"]["separator"])
    for case in vectors["cases"]:
        signed = parse_record(unhex(case["record"]))
        assert parse_payload(case["json"].encode()) == signed
        assert signed.reading.digest(domain) == unhex(case["digest"])
        assert address_text(signed.signer(domain)) == case["signer"]


def test_every_wrong_record_is_refused_for_its_reason() -> None:
    vectors = load("readings")
    domain = Domain(vectors["domain"]["chainId"], address_bytes(vectors["domain"]["verifyingContract"]))
    right = vectors["cases"][0]["signer"]
    for wrong in vectors["wrong"]:
        record = unhex(wrong["record"])
        if wrong["refusal"] == "malformed":
            with pytest.raises(MalformedRecord):
                parse_record(record)
        elif wrong["refusal"] == "bad signature":
            with pytest.raises(BadSignature):
                parse_record(record).signer(domain)
        else:
            try:
                signer = address_text(parse_record(record).signer(domain))
            except BadSignature:
                continue
            assert signer != right, wrong["name"]


def test_eth_account_recovers_the_same_device_from_every_registration() -> None:
    vectors = load("registrations")
    for case in vectors["cases"]:
        message = typed_data(vectors["domain"], "Registration", REGISTRATION_FIELDS, case)
        assert Account.recover_message(message, signature=case["signature"]) == case["signer"]


def test_eth_account_recovers_the_signers_of_every_report() -> None:
    for case in load("reports")["cases"]:
        message = typed_data(case["domain"], "Report", REPORT_FIELDS, case)
        signers = [Account.recover_message(message, signature=s) for s in case["signatures"]]
        assert signers == case["signers"]
        assert [recover(unhex(case["digest"]), unhex(s)) for s in case["signatures"]] == [
            address_bytes(a) for a in signers
        ]


def test_every_acknowledgement_is_signed_by_its_node() -> None:
    vectors = load("acks")
    domain = Domain(vectors["domain"]["chainId"], address_bytes(vectors["domain"]["verifyingContract"]))
    for case in vectors["cases"]:
        ack = parse_ack(unhex(case["payload"]))
        assert (str(ack.seq), int(ack.status)) == (case["seq"], case["status"])
        signer = ack.signer(unhex(case["meterId"]), unhex(case["recordHash"]), domain)
        assert address_text(signer) == case["signer"]


def test_every_proof_leads_to_its_root() -> None:
    vectors = load("trees")
    leaves = [unhex(leaf["production"]) for leaf in vectors["leaves"]]
    for tree in vectors["trees"]:
        root = unhex(tree["root"])
        for leaf, proof in zip(leaves, tree["proofs"], strict=False):
            assert verify(root, leaf, [unhex(p) for p in proof])
        some = tree["multiproof"]
        assert verify_multiproof(
            root,
            MultiProof(
                tuple(map(unhex, some["leaves"])), tuple(map(unhex, some["proof"])), tuple(some["flags"])
            ),
        )


def test_eth_account_recovers_the_nodes_that_ask_and_answer() -> None:
    vectors = load("peers")
    for case in vectors["cases"]:
        message = typed_data(vectors["domain"], "PeerRequest", REQUEST_FIELDS, case)
        assert Account.recover_message(message, signature=case["signature"]) == case["signer"]
        answer = case["answer"]
        message = typed_data(vectors["domain"], "PeerResponse", RESPONSE_FIELDS, answer)
        assert Account.recover_message(message, signature=answer["signature"]) == answer["signer"]
