"""How a wallet shows what is signed here: ERC-7730 descriptors (version 2) of every EIP-712 type.

`python -m protocol.clear_signing` writes them to `contracts/clear-signing`, one file per verifying contract,
bound by the domain's name and version. `descriptor` with an address book also binds them to that deployment,
as wallets and registries ask for.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from protocol import eip712
from protocol.ack import ACK_TYPE, Status
from protocol.category_totals import CATEGORY_TOTALS_TYPE
from protocol.keys import address_text
from protocol.ledger.address_book import AddressBook
from protocol.ledger.artefacts import ROOT
from protocol.order import ORDER_TYPE, Side
from protocol.peers import REQUEST_TYPE, RESPONSE_TYPE
from protocol.reading import READING_TYPE
from protocol.registration import REGISTRATION_TYPE, Category
from protocol.report import REPORT_TYPE
from protocol.rotation import ROTATION_TYPE

FOLDER: Final = ROOT / "contracts" / "clear-signing"
SCHEMA: Final = "https://eips.ethereum.org/assets/eip-7730/erc7730-v2.schema.json"
PERMIT_TYPE: Final = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
TOKEN_NAME: Final = "Zuva Test Dollar"  # noqa: S105 a currency, not a secret

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """How one field is shown.

    Attributes:
        label: what it is, in words.
        format: the format's name.
        params: the format's parameters.
        visible: `always`, or `optional` for what a small screen may leave out.
    """

    label: str
    format: str = "raw"
    params: Mapping[str, object] | None = None
    visible: str = "always"

    def field(self, path: str) -> Json:
        """Return the descriptor's field."""
        params = {} if self.params is None else {"params": dict(self.params)}
        return {
            "path": path,
            "label": self.label,
            "format": self.format,
            **params,
            "visible": self.visible,
        }


@dataclass(frozen=True, slots=True)
class Message:
    """How one EIP-712 type is shown.

    Attributes:
        definition: the type string.
        intent: what signing it does, in words.
        fields: by path, in the order they are shown.
        sentence: the same in one sentence, with fields in braces.
    """

    definition: str
    intent: str
    fields: Mapping[str, Shown]
    sentence: str | None = None

    def format(self) -> Json:
        """Return the descriptor's format."""
        sentence = {} if self.sentence is None else {"interpolatedIntent": self.sentence}
        return {
            "intent": self.intent,
            **sentence,
            "fields": [shown.field(path) for path, shown in self.fields.items()],
        }


def _energy(label: str) -> Shown:
    return Shown(label, "unit", {"base": "Wh", "decimals": 0, "prefix": True})


def _moment(label: str) -> Shown:
    return Shown(label, "date", {"encoding": "timestamp"})


def _account(label: str, *types: str) -> Shown:
    return Shown(label, "addressName", {"types": list(types or ("wallet", "eoa", "contract"))})


def _choice(label: str, name: str) -> Shown:
    return Shown(label, "enum", {"$ref": f"$.metadata.enums.{name}"})


def _small_print(label: str) -> Shown:
    return Shown(label, visible="optional")


_METER: Final = Shown("Meter")
_REGISTERS: Final = {
    "importWh": _energy("Import register"),
    "exportWh": _energy("Export register"),
    "generatedWh": _energy("Generation register"),
}

ORDER: Final = Message(
    ORDER_TYPE,
    "Trade energy",
    {
        "side": _choice("Side", "side"),
        "capWh": _energy("At most, each interval"),
        "limitPriceMicroPerKwh": Shown("Limit price per kWh", "unit", {"base": "/kWh", "decimals": 6}),
        "fromInterval": Shown("From interval"),
        "count": Shown("Number of intervals"),
        "market": Shown("Market"),
        "bundled": Shown("With certificates"),
        "sourceMask": Shown("Certificate sources (bit mask)"),
        "account": _account("Account"),
        "epoch": _small_print("Epoch"),
        "salt": _small_print("Salt"),
    },
    "{side} up to {capWh} in each of {count} intervals, at {limitPriceMicroPerKwh} or better",
)
READING: Final = Message(
    READING_TYPE,
    "State meter registers",
    {
        "meterId": _METER,
        "timestamp": _moment("Read at"),
        **_REGISTERS,
        "periodSeconds": Shown("Since the reading before", "duration"),
        "flags": Shown("Quality flags (bit mask)"),
        "seq": Shown("Sequence number"),
    },
)
REGISTRATION: Final = Message(
    REGISTRATION_TYPE,
    "Register a meter",
    {
        "account": _account("Account that will own the certificates"),
        "meterId": _METER,
        "timestamp": _moment("Registers read at"),
        **_REGISTERS,
        "nonce": _small_print("Registration nonce"),
    },
    "Register a meter to {account}",
)
ROTATION: Final = Message(
    ROTATION_TYPE,
    "Change a meter's key",
    {
        "meterId": _METER,
        "key": _account("New key", "eoa"),
        "validFromInterval": Shown("From interval"),
    },
    "Hand the meter over to the key {key} from interval {validFromInterval}",
)
ACK: Final = Message(
    ACK_TYPE,
    "Answer a meter's reading",
    {
        "status": _choice("Answer", "readingStatus"),
        "meterId": _METER,
        "seq": Shown("Sequence number"),
        "recordHash": _small_print("Hash of the reading's record"),
    },
)
REQUEST: Final = Message(
    REQUEST_TYPE,
    "Ask another oracle node",
    {
        "method": Shown("Method"),
        "path": Shown("Path"),
        "recipient": _account("Node that is asked", "eoa"),
        "time": _moment("Asked at"),
        "bodyHash": _small_print("Hash of the request's body"),
    },
)
RESPONSE: Final = Message(
    RESPONSE_TYPE,
    "Answer another oracle node",
    {
        "status": Shown("HTTP status"),
        "requestDigest": _small_print("Digest of the request"),
        "bodyHash": _small_print("Hash of the answer's body"),
    },
)
REPORT: Final = Message(
    REPORT_TYPE,
    "Report an interval",
    {
        "interval": Shown("Interval"),
        "totalWh": _energy("Total of the interval"),
        "count": Shown("Leaves behind the root"),
        "root": Shown("Merkle root"),
        "dataHash": _small_print("Hash of the data set"),
        "previous": _small_print("Link to the report before"),
    },
)
CATEGORY_TOTALS: Final = Message(
    CATEGORY_TOTALS_TYPE,
    "Publish import by category",
    {
        "interval": Shown("Interval"),
        **{
            f"{name}.[{category.value}]": shown
            for category in Category
            for name, shown in (
                ("importWh", _energy(f"{category.name.capitalize()}: import")),
                ("meters", Shown(f"{category.name.capitalize()}: meters")),
            )
        },
    },
)
PERMIT: Final = Message(
    PERMIT_TYPE,
    "Allow spending of test dollars",
    {
        "spender": _account("Who may spend", "contract"),
        "value": Shown("Amount", "tokenAmount", {"tokenPath": "@.to"}),
        "deadline": _moment("Until"),
        "owner": _account("Whose dollars"),
        "nonce": _small_print("Nonce"),
    },
    "Allow {spender} to spend {value}",
)

MESSAGES: Final[Mapping[str, tuple[Message, ...]]] = {
    "Registry": (READING, REGISTRATION, ROTATION, ACK, REQUEST, RESPONSE),
    "EnergyProduction": (REPORT,),
    "EnergyConsumption": (REPORT, CATEGORY_TOTALS),
    "EnergyTrading": (ORDER,),
    "GridBalancing": (REPORT,),
    "TestDollar": (PERMIT,),
}
"""What is signed for which contract."""

_ENUMS: Final[Mapping[str, Mapping[str, str]]] = {
    "side": {str(int(side)): side.name.capitalize() for side in Side},
    "readingStatus": {str(int(status)): status.words.capitalize() for status in Status},
}


def descriptor(contract: str, book: AddressBook | None = None) -> Json:
    """Return the ERC-7730 descriptor of what is signed for a contract.

    Args:
        contract: its name, one of `MESSAGES`.
        book: binds the descriptor to this deployment; None leaves it to every deployment.

    Raises:
        ConfigurationError: the book does not have the contract.
    """
    messages = MESSAGES[contract]
    binding: Json = {
        "domain": {
            "name": TOKEN_NAME if contract == "TestDollar" else eip712.NAME,
            "version": eip712.VERSION,
        }
    }
    if book is not None:
        binding["deployments"] = [{"chainId": book.chain_id, "address": address_text(book.address(contract))}]
    enums = {
        name: dict(values)
        for name, values in _ENUMS.items()
        if any(_uses(message, name) for message in messages)
    }
    return {
        "$schema": SCHEMA,
        "context": {"$id": f"Zuva {contract}", "eip712": binding},
        "metadata": {
            "owner": "Zuva",
            "contractName": contract,
            **({"enums": enums} if enums else {}),
        },
        "display": {"formats": {message.definition: message.format() for message in messages}},
    }


def _uses(message: Message, enum: str) -> bool:
    reference = f"$.metadata.enums.{enum}"
    return any(shown.params and shown.params.get("$ref") == reference for shown in message.fields.values())


def write(folder: Path = FOLDER, book: AddressBook | None = None) -> None:
    """Write every descriptor as `eip712-<contract>.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    for contract in MESSAGES:
        text = json.dumps(descriptor(contract, book), indent=2, ensure_ascii=False)
        (folder / f"eip712-{contract}.json").write_text(text + "\n")


if __name__ == "__main__":
    write()
