"""Logs of the deployment's contracts to rows of the event tables, by the compiled contracts' ABI.

Every argument but strings, bytes and arrays sits at a fixed place, so a log is decoded by slicing; a general
ABI decoder costs many times as much and refuses text that is not UTF-8, which any account can put on chain.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from backend.indexer.errors import UnexpectedAbi
from backend.indexer.event_tables import COLUMNS, EVENTS, EventKind
from backend.indexer.window import EventRows, Row
from protocol.keccak import keccak256

_WORD = 32
_Value = Any
_Take = Callable[[list[bytes], bytes], _Value]


@dataclass(frozen=True, slots=True)
class _Layout:
    kind: EventKind
    takes: tuple[_Take, ...]
    words: int


class Decoder:
    """Decodes the logs of one deployment.

    Args:
        contracts: address (20 bytes) and ABI by contract name.

    Raises:
        UnexpectedAbi: an ABI does not have the events of the tables.
    """

    def __init__(self, contracts: dict[str, tuple[bytes, list[dict[str, Any]]]]) -> None:
        self._layouts: dict[tuple[str, str], _Layout] = {}
        for kind in EVENTS:
            for contract in kind.contracts:
                address, abi = contracts[contract]
                topic, layout = _layout_of(kind, contract, abi)
                self._layouts["0x" + address.hex(), "0x" + topic.hex()] = layout
        self.addresses = ["0x" + address.hex() for address, _ in contracts.values()]
        self._side = {
            "0x" + contracts["EnergyProduction"][0].hex(): 0,
            "0x" + contracts["EnergyConsumption"][0].hex(): 1,
        }

    def rows(self, logs: Iterable[dict[str, Any]]) -> EventRows:
        """Decode `logs` (JSON-RPC objects); events without a table are left out."""
        events = EventRows()
        tables, blocks = events.tables, events.blocks
        for log in logs:
            address = log["address"].lower()
            topics = log["topics"]
            layout = self._layouts.get((address, topics[0])) if topics else None
            if layout is None:
                continue
            number = int(log["blockNumber"], 16)
            if number not in blocks:
                blocks[number] = (bytes.fromhex(log["blockHash"][2:]), int(log["blockTimestamp"], 16))
            origin = (number, int(log["logIndex"], 16), bytes.fromhex(log["transactionHash"][2:]))
            data = bytes.fromhex(log["data"][2:])
            if len(data) < layout.words * _WORD:
                raise UnexpectedAbi(
                    f"an event {layout.kind.event} in block {number} is shorter than its ABI says: "
                    "compile the contracts that are deployed"
                )
            raw_topics = [bytes.fromhex(topic[2:]) for topic in topics]
            values = tuple(take(raw_topics, data) for take in layout.takes)
            rows = tables.setdefault(layout.kind.table, [])
            if layout.kind.sided:
                rows.append((self._side[address], *values, *origin))
            elif layout.kind.batch:
                rows.extend(_batch_rows(values, origin))
            else:
                rows.append((*layout.kind.constants, *values, *origin))
        return events


def _batch_rows(values: Row, origin: Row) -> Iterable[Row]:
    sender, recipient, ids, amounts = values
    for position, (certificate_id, wh) in enumerate(zip(ids, amounts, strict=True)):
        yield (position, sender, recipient, certificate_id, wh, *origin)


def _layout_of(kind: EventKind, contract: str, abi: list[dict[str, Any]]) -> tuple[bytes, _Layout]:
    found = [entry for entry in abi if entry["type"] == "event" and entry["name"] == kind.event]
    if len(found) != 1:
        raise UnexpectedAbi(f"the compiled {contract} has no event {kind.event}: compile the contracts again")
    takes: dict[str, _Take] = {}
    topic, offset = 1, 0
    for argument in found[0]["inputs"]:
        if argument["indexed"]:
            takes[argument["name"]] = _from_topic(topic, _static(argument["type"]))
            topic += 1
        elif argument["type"] == "tuple":
            for part in argument["components"]:
                takes[f"{argument['name']}.{part['name']}"] = _from_data(offset, _static(part["type"]))
                offset += _WORD
        else:
            takes[argument["name"]] = _of_data(argument["type"], offset)
            offset += _WORD
    missing = [name for name in kind.arguments if name not in takes]
    expected = len(COLUMNS[kind.table]) - 3 - len(kind.constants) - int(kind.sided) - int(kind.batch)
    if missing or len(kind.arguments) != expected:
        raise UnexpectedAbi(
            f"event {kind.event} of the compiled {contract} does not fit the table {kind.table}"
            f" (missing: {', '.join(missing) or 'none'}): compile the contracts again"
        )
    signature = f"{kind.event}({','.join(_canonical(argument) for argument in found[0]['inputs'])})"
    layout = _Layout(kind, tuple(takes[name] for name in kind.arguments), offset // _WORD)
    return keccak256(signature.encode()), layout


def _canonical(argument: dict[str, Any]) -> str:
    kind: str = argument["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_canonical(part) for part in argument['components'])}){kind[5:]}"


def _static(kind: str) -> Callable[[bytes], _Value]:
    if kind == "bool":
        return lambda word: word[31] != 0
    if kind == "address":
        return lambda word: word[12:]
    if kind == "bytes32":
        return lambda word: word
    if kind.startswith("uint"):
        return lambda word: int.from_bytes(word, "big")
    raise UnexpectedAbi(f"an event argument of type {kind} is not one the tables know")


def _from_topic(index: int, convert: Callable[[bytes], _Value]) -> _Take:
    return lambda topics, _: convert(topics[index])


def _from_data(offset: int, convert: Callable[[bytes], _Value]) -> _Take:
    return lambda _, data: convert(data[offset : offset + _WORD])


def _of_data(kind: str, offset: int) -> _Take:
    if kind == "string":
        return lambda _, data: _text(_tail(data, offset))
    if kind == "bytes":
        return lambda _, data: _tail(data, offset)
    if kind.endswith("[]"):
        convert = _static(kind[:-2])
        return lambda _, data: _words(data, offset, convert)
    return _from_data(offset, _static(kind))


def _tail(data: bytes, offset: int) -> bytes:
    start = int.from_bytes(data[offset : offset + _WORD], "big")
    length = int.from_bytes(data[start : start + _WORD], "big")
    return data[start + _WORD : start + _WORD + length]


def _words(data: bytes, offset: int, convert: Callable[[bytes], _Value]) -> list[_Value]:
    start = int.from_bytes(data[offset : offset + _WORD], "big")
    count = int.from_bytes(data[start : start + _WORD], "big")
    first = start + _WORD
    return [convert(data[at : at + _WORD]) for at in range(first, first + count * _WORD, _WORD)]


def _text(raw: bytes) -> str:
    """Decode text that any account may have written: PostgreSQL takes neither broken UTF-8 nor NUL."""
    return raw.decode("utf-8", "replace").replace("\0", "\ufffd")
