"""Every type that is signed has a descriptor for wallets, in the form of ERC-7730 version 2."""

import importlib
import json
import pkgutil
import re

import pytest

import protocol
from protocol import clear_signing
from protocol.clear_signing import FOLDER, MESSAGES, SCHEMA, descriptor, write
from protocol.errors import ConfigurationError
from protocol.keys import address_text
from protocol.ledger.address_book import AddressBook, DeployedContract
from protocol.ledger.artefacts import ROOT

TYPE = re.compile(r"[A-Z]\w*\([^()]*\)")
PARAMS = {
    "raw": (set(), set()),
    "duration": (set(), set()),
    "addressName": (set(), {"types", "sources", "senderAddress"}),
    "tokenAmount": (set(), {"token", "tokenPath", "nativeCurrencyAddress", "threshold", "message"}),
    "date": ({"encoding"}, {"encoding"}),
    "unit": ({"base"}, {"base", "decimals", "prefix"}),
    "enum": ({"$ref"}, {"$ref"}),
}
"""By format of the schema: parameters that are required, and those that are known."""


def all_formats() -> list[tuple[str, str, dict]]:
    return [
        (contract, definition, shown)
        for contract in MESSAGES
        for definition, shown in descriptor(contract)["display"]["formats"].items()
    ]


def fields_of(definition: str) -> dict[str, str]:
    """Every path of a struct type with its type; fixed arrays by element."""
    paths = {}
    for field in definition[definition.index("(") + 1 : -1].split(","):
        kind, name = field.split(" ")
        if match := re.fullmatch(r"(\w+)\[(\d+)\]", kind):
            paths |= {f"{name}.[{i}]": match[1] for i in range(int(match[2]))}
        else:
            paths[name] = kind
    return paths


def signed_types() -> set[str]:
    """The type strings that this room signs."""
    found = set()
    for module in pkgutil.iter_modules(protocol.__path__):
        if module.ispkg or module.name == "clear_signing":
            continue
        for name, value in vars(importlib.import_module(f"protocol.{module.name}")).items():
            if name.endswith("_TYPE") and isinstance(value, str) and TYPE.fullmatch(value):
                found.add(value)
    return found


def test_every_signed_type_is_described() -> None:
    described = {definition for _, definition, _ in all_formats()}
    assert len(signed_types()) >= 9
    assert signed_types() <= described


def test_every_type_that_a_contract_hashes_is_described() -> None:
    described = {definition for _, definition, _ in all_formats()}
    hashed = set()
    for source in (ROOT / "contracts").rglob("*.sol"):
        hashed |= {match[1] for match in re.finditer(r'keccak256\(\s*"([^"]+)"', source.read_text())}
    types = {each for each in hashed if TYPE.fullmatch(each)}
    assert len(types) >= 4
    assert types <= described


def test_the_committed_files_are_what_the_code_makes() -> None:
    files = {path.name: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
    assert files == {f"eip712-{contract}.json": descriptor(contract) for contract in MESSAGES}


@pytest.mark.parametrize(("contract", "definition", "shown"), all_formats())
def test_every_field_is_shown_once_with_a_label_and_its_unit(contract, definition, shown) -> None:
    fields = fields_of(definition)
    paths = [field["path"] for field in shown["fields"]]
    assert sorted(paths) == sorted(fields)
    assert len({field["label"] for field in shown["fields"]}) == len(paths)
    for field in shown["fields"]:
        name, kind = field["path"].split(".")[0], fields[field["path"]]
        assert field["label"][0].isupper()
        assert field["label"].strip() == field["label"]
        unit = field.get("params", {}).get("base")
        assert (unit == "Wh") == name.endswith("Wh")
        assert (unit == "/kWh") == name.endswith("MicroPerKwh")
        assert (field["format"] == "date") == (name in {"timestamp", "time", "deadline"})
        assert (field["format"] == "duration") == name.endswith("Seconds")
        assert (field["format"] == "addressName") == (kind == "address")
        if field["format"] in {"unit", "date", "duration", "enum", "tokenAmount"}:
            assert kind.startswith("uint")
    for used in re.findall(r"{([^}]*)}", shown.get("interpolatedIntent", "")):
        assert used in fields


@pytest.mark.parametrize("contract", MESSAGES)
def test_a_descriptor_has_the_form_of_the_schema(contract: str) -> None:
    whole = descriptor(contract)
    assert list(whole) == ["$schema", "context", "metadata", "display"]
    assert whole["$schema"] == SCHEMA
    assert set(whole["context"]) == {"$id", "eip712"}
    assert set(whole["context"]["eip712"]) == {"domain"}
    name = "Zuva Test Dollar" if contract == "TestDollar" else "Zuva"
    assert whole["context"]["eip712"]["domain"] == {"name": name, "version": "1"}
    assert set(whole["metadata"]) <= {"owner", "contractName", "enums"}
    enums = whole["metadata"].get("enums", {})
    assert all(isinstance(text, str) for values in enums.values() for text in values.values())
    assert set(whole["display"]) == {"formats"}
    for definition, shown in whole["display"]["formats"].items():
        assert TYPE.fullmatch(definition)
        assert set(shown) <= {"intent", "interpolatedIntent", "fields"}
        assert isinstance(shown["intent"], str)
        for field in shown["fields"]:
            assert set(field) <= {"path", "label", "format", "params", "visible"}
            assert field["visible"] in {"always", "optional"}
            required, known = PARAMS[field["format"]]
            params = field.get("params", {})
            assert required <= set(params) <= known
            if field["format"] == "date":
                assert params["encoding"] == "timestamp"
            if field["format"] == "enum":
                assert params["$ref"].removeprefix("$.metadata.enums.") in enums


def test_every_enum_is_used_and_names_what_the_protocol_numbers() -> None:
    assert descriptor("EnergyTrading")["metadata"]["enums"] == {"side": {"0": "Buy", "1": "Sell"}}
    answers = descriptor("Registry")["metadata"]["enums"]["readingStatus"]
    assert answers["0"] == "Accepted"
    assert answers["7"] == "Register fell"
    assert "enums" not in descriptor("GridBalancing")["metadata"]


def test_an_address_book_binds_the_descriptors_to_its_deployment(tmp_path) -> None:
    address = bytes(range(20))
    contracts = {name: DeployedContract(address=address, code_hash=bytes(32)) for name in MESSAGES}
    book = AddressBook(
        chain_id=31337, genesis_hash=bytes(32), interval_seconds=900, deployment_block=1, contracts=contracts
    )
    write(tmp_path, book)
    for contract in MESSAGES:
        whole = json.loads((tmp_path / f"eip712-{contract}.json").read_text())
        assert whole["context"]["eip712"]["deployments"] == [
            {"chainId": 31337, "address": address_text(address)}
        ]
    with pytest.raises(ConfigurationError, match="no contract EnergyTrading"):
        clear_signing.descriptor("EnergyTrading", book.model_copy(update={"contracts": {}}))
