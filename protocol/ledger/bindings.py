"""Functions, events and errors of a contract by name, derived from its artefact's ABI.

Values are plain Python: integers, bool, str, bytes for bytesN and for addresses (20 bytes), lists for arrays.
A struct argument may be a tuple, or any object with the struct's fields as attributes in snake case.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eth_abi.abi import default_codec
from eth_abi.exceptions import DecodingError, EncodingError

from protocol.keccak import keccak256
from protocol.ledger.artefacts import CONTRACTS, load_artefact
from protocol.ledger.errors import LedgerError

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
_PANICS = {0x01: "assertion failed", 0x11: "arithmetic overflow", 0x12: "division by zero", 0x32: "index"}


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a contract."""

    name: str
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    _adapt: tuple[Callable[[Any], Any], ...]
    _restore: tuple[Callable[[Any], Any], ...]

    def encode(self, *arguments: object) -> bytes:
        """Return the calldata of a call with these arguments.

        Raises:
            LedgerError: the arguments do not fit the function.
        """
        if len(arguments) != len(self.inputs):
            raise LedgerError(f"{self.name} takes {len(self.inputs)} arguments, got {len(arguments)}")
        adapted = [adapt(value) for adapt, value in zip(self._adapt, arguments, strict=True)]
        try:
            return self.selector + default_codec.encode(self.inputs, adapted)
        except (EncodingError, TypeError) as error:
            raise LedgerError(f"the arguments of {self.name} do not fit: {error}") from error

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """Return the values a call answered with."""
        try:
            values = default_codec.decode(self.outputs, data)
        except DecodingError as error:
            raise LedgerError(
                f"the answer of {self.name} cannot be read: is the contract at this address ours? ({error})"
            ) from error
        return tuple(restore(value) for restore, value in zip(self._restore, values, strict=True))


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a contract."""

    name: str
    topic: bytes
    fields: tuple[str, ...]
    _indexed: tuple[tuple[str, str, Callable[[Any], Any]], ...]
    _data: tuple[tuple[str, str, Callable[[Any], Any]], ...]

    def decode(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """Return a log's fields by their ABI names.

        Raises:
            LedgerError: the log is not this event.
        """
        if len(topics) != len(self._indexed) + 1 or topics[0] != self.topic:
            raise LedgerError(f"a log is not the event {self.name}")
        found: dict[str, Any] = {}
        try:
            for (name, kind, restore), topic in zip(self._indexed, topics[1:], strict=True):
                found[name] = restore(default_codec.decode((kind,), topic)[0])
            values = default_codec.decode([kind for _, kind, _ in self._data], data)
        except DecodingError as error:
            raise LedgerError(f"the event {self.name} cannot be read: {error}") from error
        for (name, _, restore), value in zip(self._data, values, strict=True):
            found[name] = restore(value)
        return {name: found[name] for name in self.fields}


@dataclass(frozen=True, slots=True)
class Revert:
    """Why a contract refused, decoded.

    Attributes:
        name: the error's name, `Error` for a plain reason, `Panic` for a failed check, empty when unknown.
        arguments: its arguments by name.
    """

    name: str
    arguments: dict[str, Any]

    @property
    def words(self) -> str:
        """The reason for people, such as `day not closed (meter id 0x.., day 20000)`."""
        if self.name == "Error":
            return str(self.arguments["reason"])
        if not self.name:
            return "no reason was given"
        listed = ", ".join(f"{_words(key)} {_shown(value)}" for key, value in self.arguments.items())
        return _words(self.name) + (f" ({listed})" if listed else "")


class Contract:
    """A contract's interface: `functions`, `events` and constructor, by name.

    Args:
        name: name of the artefact.
        abi: its ABI.
    """

    def __init__(self, name: str, abi: Sequence[dict[str, Any]]) -> None:
        self.name = name
        self.functions = {entry["name"]: _function(entry) for entry in abi if entry["type"] == "function"}
        self.events = {entry["name"]: _event(entry) for entry in abi if entry["type"] == "event"}
        self.errors = {_selector(entry): entry for entry in abi if entry["type"] == "error"}
        constructors = [entry["inputs"] for entry in abi if entry["type"] == "constructor"]
        self._constructor: list[dict[str, Any]] = constructors[0] if constructors else []

    def encode_constructor(self, *arguments: object) -> bytes:
        """Return the encoded constructor arguments, to follow the creation code."""
        kinds = [_kind(each) for each in self._constructor]
        if len(kinds) != len(arguments):
            raise LedgerError(f"{self.name} is deployed with {len(kinds)} arguments, got {len(arguments)}")
        adapters = [_adapter(each) for each in self._constructor]
        return default_codec.encode(
            kinds, [adapt(value) for adapt, value in zip(adapters, arguments, strict=True)]
        )


@lru_cache(maxsize=32)
def contract(name: str) -> Contract:
    """Return the bindings of a compiled contract; raises `ArtefactMissing`."""
    return Contract(name, load_artefact(name).abi)


def decode_revert(data: bytes) -> Revert:
    """Return why a call was refused, given its revert data; knows every error of our contracts."""
    selector, body = data[:4], data[4:]
    try:
        if selector == bytes.fromhex("08c379a0"):
            return Revert("Error", {"reason": default_codec.decode(("string",), body)[0]})
        if selector == bytes.fromhex("4e487b71"):
            code = default_codec.decode(("uint256",), body)[0]
            return Revert("Panic", {"code": _PANICS.get(code, code)})
        for name in CONTRACTS:
            entry = contract(name).errors.get(selector)
            if entry is not None:
                values = default_codec.decode([_kind(each) for each in entry["inputs"]], body)
                named = zip(entry["inputs"], values, strict=True)
                return Revert(entry["name"], {each["name"]: _restorer(each)(v) for each, v in named})
    except DecodingError:
        pass
    return Revert("", {})


def snake(name: str) -> str:
    """Return an ABI name in snake case: `claimedWh` becomes `claimed_wh`."""
    return _CAPITAL.sub(r"_\1", name).lower()


def _function(entry: dict[str, Any]) -> Function:
    return Function(
        name=entry["name"],
        selector=_selector(entry),
        inputs=tuple(_kind(each) for each in entry["inputs"]),
        outputs=tuple(_kind(each) for each in entry["outputs"]),
        _adapt=tuple(_adapter(each) for each in entry["inputs"]),
        _restore=tuple(_restorer(each) for each in entry["outputs"]),
    )


def _event(entry: dict[str, Any]) -> Event:
    named = [(each["name"], _kind(each), _restorer(each), each["indexed"]) for each in entry["inputs"]]
    return Event(
        name=entry["name"],
        topic=keccak256(_signature(entry)),
        fields=tuple(each["name"] for each in entry["inputs"]),
        _indexed=tuple((name, kind, restore) for name, kind, restore, indexed in named if indexed),
        _data=tuple((name, kind, restore) for name, kind, restore, indexed in named if not indexed),
    )


def _signature(entry: dict[str, Any]) -> bytes:
    return f"{entry['name']}({','.join(_kind(each) for each in entry['inputs'])})".encode()


def _selector(entry: dict[str, Any]) -> bytes:
    return keccak256(_signature(entry))[:4]


def _kind(entry: dict[str, Any]) -> str:
    """Return an ABI type with structs spelt out as tuples."""
    kind: str = entry["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_kind(each) for each in entry['components'])}){kind[5:]}"


def _element(entry: dict[str, Any]) -> dict[str, Any] | None:
    """Return the entry of an array's elements, or None for anything that is no array."""
    kind: str = entry["type"]
    return {**entry, "type": kind[: kind.rindex("[")]} if kind.endswith("]") else None


def _adapter(entry: dict[str, Any]) -> Callable[[Any], Any]:
    """Return what turns our value into what eth-abi encodes."""
    element = _element(entry)
    if element is not None:
        each = _adapter(element)
        return lambda values: [each(value) for value in values]
    if entry["type"] == "tuple":
        parts = [(snake(part["name"]), _adapter(part)) for part in entry["components"]]

        def adapt(value: object) -> tuple[Any, ...]:
            if isinstance(value, tuple):
                return tuple(part(item) for (_, part), item in zip(parts, value, strict=True))
            return tuple(part(getattr(value, name)) for name, part in parts)

        return adapt
    return lambda value: value


def _restorer(entry: dict[str, Any]) -> Callable[[Any], Any]:
    """Return what turns eth-abi's decoded value into ours."""
    element = _element(entry)
    if element is not None:
        each = _restorer(element)
        return lambda values: [each(value) for value in values]
    if entry["type"] == "tuple":
        parts = [(part["name"], _restorer(part)) for part in entry["components"]]
        return lambda values: {name: part(value) for (name, part), value in zip(parts, values, strict=True)}
    if entry["type"] == "address":
        return lambda value: bytes.fromhex(value[2:])
    return lambda value: value


def _words(name: str) -> str:
    return snake(name).replace("_", " ")


def _shown(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
