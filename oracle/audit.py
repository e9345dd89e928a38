"""Audit of a node's store against the chain: signatures, roots, totals, certificates against registers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from oracle.acceptance import judge_order, judge_signature, judge_step
from oracle.data_set import Proposal, propose
from oracle.meters import MeterBook, Point, point_of
from oracle.registry_watch import RegistryWatch
from oracle.standing import Side, Standing
from oracle.store.data_sets import DataSets
from oracle.store.repository import OracleStore
from protocol.ack import Status
from protocol.audit import Check
from protocol.eip712 import Domain
from protocol.intervals import day_of
from protocol.ledger.address_book import AddressBook
from protocol.ledger.bindings import contract
from protocol.ledger.logs import Log, read_logs
from protocol.ledger.rpc import Rpc, hexed, quantity
from protocol.ledger.transactions import read
from protocol.reading import Reading, SignedReading

UNKNOWN_DAY = 0xFFFF_FFFF
NOBODY = bytes(20)


@dataclass(frozen=True, slots=True)
class ChainEvents:
    """What the chain says, read once up to one block."""

    last_block: int
    production: Sequence[Log]
    consumption: Sequence[Log]

    def named(self, name: str) -> list[Log]:
        """Return EnergyProduction's events of one name, oldest first."""
        return [log for log in self.production if log.name == name]


async def audit(
    rpc: Rpc, book: AddressBook, store: OracleStore, secrets: Mapping[bytes, bytes]
) -> list[Check]:
    """Compare a node's store with the chain.

    Args:
        rpc: the chain.
        book: where the contracts are.
        store: the node's store, opened for reading.
        secrets: per meter, the secret that salts its consumption leaves.

    Returns:
        The checks; those after a first difference are made all the same.
    """
    watch = RegistryWatch(rpc, book)
    await watch.refresh()
    events = await _read_events(rpc, book)
    # At once, because a chain that goes on keeps the state of its latest blocks only.
    certificates = await _check_certificates(rpc, book, events)
    return [
        await _check_readings(store, watch.meters, book.domain("Registry"), book.interval_seconds),
        await _check_foreign_leaves(
            store.data_sets, watch.meters, book.domain("Registry"), book.interval_seconds
        ),
        Check("readings of replaced keys are void and in no count above", await store.count_void()),
        *await _check_reports(store.data_sets, events, watch.meters, secrets),
        await _check_mints(store.data_sets, events, watch.meters),
        *certificates,
    ]


async def _read_events(rpc: Rpc, book: AddressBook) -> ChainEvents:
    last = quantity(await rpc.call("eth_blockNumber"))

    async def of(name: str) -> list[Log]:
        return [log async for log in read_logs(rpc, name, book.address(name), book.deployment_block, last)]

    return ChainEvents(last, await of("EnergyProduction"), await of("EnergyConsumption"))


async def _check_readings(
    store: OracleStore, meters: MeterBook, domain: Domain, interval_seconds: int
) -> Check:
    statement = "stored readings are signed by their meters and fit their neighbours"
    examined = 0
    before: Point | None = None
    meter_id = b""
    async for signed in store.all_readings():
        examined += 1
        reading = signed.reading
        meter = meters.get(reading.meter_id)
        if meter is None:
            return Check(statement, examined, f"meter {_meter(reading)} is not registered")
        if reading.meter_id != meter_id:
            meter_id, before = reading.meter_id, meter.opening
        # a suspension since then does not undo what was accepted before
        judged = replace(meter, suspended=False)
        status = judge_signature(signed, domain, judged, interval_seconds)
        if status is Status.ACCEPTED and before is not None:
            status = judge_order(before, point_of(reading))
        if status is Status.ACCEPTED:
            status = judge_step(meter.opening, point_of(reading), meter)
        if status is not Status.ACCEPTED:
            return Check(statement, examined, f"reading {_reading(reading)}: {status.words}")
        before = point_of(reading)
    return Check(statement, examined)


async def _check_foreign_leaves(
    store: DataSets, meters: MeterBook, domain: Domain, interval_seconds: int
) -> Check:
    """Check the leaves that other nodes reported and that this node holds otherwise, or did not take."""
    statement = "leaves that are not among the stored readings are signed by their meters"
    leaves = await store.foreign_leaves()
    for examined, signed in enumerate(leaves, 1):
        meter = meters.get(signed.reading.meter_id)
        judged = replace(meter, suspended=False) if meter else None
        status = judge_signature(signed, domain, judged, interval_seconds)
        if status is not Status.ACCEPTED:
            return Check(statement, examined, f"leaf {_reading(signed.reading)}: {status.words}")
    return Check(statement, len(leaves))


async def _check_reports(
    store: DataSets, events: ChainEvents, meters: MeterBook, secrets: Mapping[bytes, bytes]
) -> list[Check]:
    """Compare each report on the chain with the data set of its hash; other data sets count for nothing."""
    data_sets = await store.everything()
    production = [log.arguments for log in events.production if log.name == "Reported"]
    consumption = [log.arguments for log in events.consumption if log.name == "Reported"]
    named = {
        said["interval"]: data_sets.get(
            (said["interval"], said["dataHash"]), "its data set is not in the store"
        )
        for said in production
    }
    recomputed = _recompute(named, meters, secrets)
    return [
        _compare_reports(Side.PRODUCTION, production, recomputed),
        _compare_reports(Side.CONSUMPTION, consumption, recomputed),
        _compare_standing(await store.standing(), production, consumption),
    ]


def _compare_standing(
    standing: Sequence[Standing],
    production: Sequence[Mapping[str, Any]],
    consumption: Sequence[Mapping[str, Any]],
) -> Check:
    statement = "what the node holds as reported is on the chain"
    on_chain = {
        (side, said["interval"]): said["dataHash"]
        for side, logs in ((Side.PRODUCTION, production), (Side.CONSUMPTION, consumption))
        for said in logs
    }
    for examined, each in enumerate(standing, 1):
        report = each.report
        if on_chain.get((each.side, report.interval)) != report.data_hash:
            words = f"interval {report.interval}: the {each.side} report is not on the chain"
            return Check(statement, examined, words)
    return Check(statement, len(standing))


def _recompute(
    data_sets: Mapping[int, Sequence[SignedReading] | str], meters: MeterBook, secrets: Mapping[bytes, bytes]
) -> dict[int, Proposal | str]:
    """Build every report anew from its signed readings; a text says why one cannot be built."""
    reported = {meter_id: meter.opening for meter_id, meter in meters.items()}
    result: dict[int, Proposal | str] = {}
    for interval, readings in sorted(data_sets.items(), key=lambda item: item[0]):
        if isinstance(readings, str):
            result[interval] = readings
            continue
        if not readings:
            result[interval] = "its data set holds no readings"
            continue
        ids = {signed.reading.meter_id for signed in readings}
        strangers = [m for m in ids if m not in reported or m not in secrets]
        if strangers:
            result[interval] = f"meter 0x{strangers[0].hex()} is not registered or not enrolled"
            continue
        result[interval] = propose(interval, readings, reported, secrets)
        for signed in readings:
            reported[signed.reading.meter_id] = point_of(signed.reading)
    return result


def _compare_reports(
    side: Side, logs: Sequence[Mapping[str, Any]], recomputed: Mapping[int, Proposal | str]
) -> Check:
    statement = f"{side} roots, totals and counts on the chain recompute from signed readings"
    for examined, said in enumerate(logs, 1):
        interval = said["interval"]
        ours = recomputed.get(interval, "it has no production report")
        if isinstance(ours, str):
            return Check(statement, examined, f"interval {interval}: {ours}")
        report = ours.production if side is Side.PRODUCTION else ours.consumption
        pairs = {
            "root": (said["root"], report.root),
            "data hash": (said["dataHash"], report.data_hash),
            "total Wh": (said["totalWh"], report.total_wh),
            "count": (said["count"], report.count),
        }
        for what, (on_chain, ours_value) in pairs.items():
            if on_chain != ours_value:
                words = f"{what} {_shown(on_chain)} on the chain, {_shown(ours_value)} from the readings"
                return Check(statement, examined, f"interval {interval}: {words}")
    return Check(statement, len(logs))


async def _check_mints(store: DataSets, events: ChainEvents, meters: MeterBook) -> Check:
    """Check every mint against the leaf it claims and the register claimed before."""
    statement = "certificates minted equal the growth of reported registers"
    claimed = {meter_id: meter.opening.generated_wh for meter_id, meter in meters.items()}
    leaves = await store.leaf_registers()
    mints = events.named("Minted")
    for examined, log in enumerate(mints, 1):
        a = log.arguments
        place = f"meter 0x{a['meterId'].hex()}, interval {a['interval']}"
        register = leaves.get((a["interval"], a["meterId"], a["seq"]))
        if register is None:
            return Check(statement, examined, f"{place}: no stored leaf with seq {a['seq']}")
        if register != a["claimedWh"] or a["wh"] != register - claimed[a["meterId"]]:
            words = f"minted {a['wh']} Wh up to {a['claimedWh']}, register {register}"
            return Check(statement, examined, f"{place}: {words}, claimed before {claimed[a['meterId']]}")
        day = a["id"] & UNKNOWN_DAY
        if day not in (UNKNOWN_DAY, day_of(a["timestamp"])):
            return Check(statement, examined, f"{place}: dated day {day}, read at {a['timestamp']}")
        claimed[a["meterId"]] = register
    return Check(statement, len(mints))


async def _check_certificates(rpc: Rpc, book: AddressBook, events: ChainEvents) -> list[Check]:
    minted, retired, balances = Counter[int](), Counter[int](), Counter[tuple[bytes, int]]()
    claimed: dict[bytes, int] = {}
    for log in events.production:
        a = log.arguments
        if log.name == "Minted":
            minted[a["id"]] += a["wh"]
            claimed[a["meterId"]] = a["claimedWh"]
        elif log.name == "Retired":
            retired[a["id"]] += a["wh"]
        else:
            for holder, sign in ((a.get("from"), -1), (a.get("to"), 1)):
                if holder is not None and holder != NOBODY:
                    for certificate, amount in _moved(log):
                        balances[holder, certificate] += sign * amount

    async def ask(function: str, *arguments: object) -> int:
        encoded = contract("EnergyProduction").functions[function]
        to, at = book.address("EnergyProduction"), hexed(events.last_block)
        answer = await read(rpc, to, encoded.encode(*arguments), at)
        value: int = encoded.decode(answer)[0]
        return value

    supply = Counter[int]()
    for (_, certificate), amount in balances.items():
        supply[certificate] += amount
    wanted = {
        "minted totals on the chain equal the mints": {
            f"certificate {i}": (await ask("totalMinted", i), minted[i]) for i in minted
        },
        "supply and retired add up to minted": {
            f"certificate {i}": (await ask("totalSupply", i) + retired[i], minted[i]) for i in minted
        },
        "balances add up to the supply": {
            f"certificate {i}": (supply[i], minted[i] - retired[i]) for i in minted
        },
        "balances on the chain equal the transfers": {
            f"account 0x{account.hex()}, certificate {i}": (await ask("balanceOf", account, i), amount)
            for (account, i), amount in balances.items()
        },
        "claimed registers on the chain equal the last mints": {
            f"meter 0x{meter_id.hex()}": (await ask("claimOf", meter_id), wh)
            for meter_id, wh in claimed.items()
        },
    }
    return [_compare(statement, pairs) for statement, pairs in wanted.items()]


def _compare(statement: str, pairs: Mapping[str, tuple[int, int]]) -> Check:
    for place, (found, expected) in pairs.items():
        if found != expected:
            return Check(statement, len(pairs), f"{place}: {found:,} Wh instead of {expected:,} Wh")
    return Check(statement, len(pairs))


def _moved(log: Log) -> list[tuple[int, int]]:
    if log.name == "TransferSingle":
        return [(log.arguments["id"], log.arguments["value"])]
    if log.name == "TransferBatch":
        return list(zip(log.arguments["ids"], log.arguments["values"], strict=True))
    return []


def _meter(reading: Reading) -> str:
    return f"0x{reading.meter_id.hex()}"


def _reading(reading: Reading) -> str:
    return f"{_meter(reading)} seq {reading.seq}"


def _shown(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else f"{value:,}"
