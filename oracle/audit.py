"""Audit of a node's store against the chain: signatures, roots, totals, certificates against registers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oracle.acceptance import judge_registers, judge_signature
from oracle.data_set import Proposal, propose
from oracle.meters import MeterBook, Point, point_of
from oracle.registry_watch import RegistryWatch
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
    return [
        await _check_readings(store, watch.meters, book.domain("Registry"), book.interval_seconds),
        *await _check_reports(store, events, watch.meters, secrets),
        await _check_mints(store, events, watch.meters),
        *await _check_certificates(rpc, book, events),
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
        status = judge_signature(signed, domain, meter, interval_seconds)
        if status in (Status.ACCEPTED, Status.SUSPENDED_METER) and before is not None:
            status = judge_registers(reading, meter, before, None)
        if status is not Status.ACCEPTED:
            return Check(statement, examined, f"reading {_reading(reading)}: {status.words}")
        before = point_of(reading)
    return Check(statement, examined)


async def _check_reports(
    store: OracleStore, events: ChainEvents, meters: MeterBook, secrets: Mapping[bytes, bytes]
) -> list[Check]:
    stored = {reports.production.interval for reports in await store.reports_after(-1)}
    sides = {
        "production": [log for log in events.production if log.name == "Reported"],
        "consumption": [log for log in events.consumption if log.name == "Reported"],
    }
    data_sets = await store.data_sets_between(-1, max(stored, default=-1))
    recomputed = _recompute({t: data_sets.get(t, []) for t in stored}, meters, secrets)
    checks = []
    for side, logs in sides.items():
        checks.append(_compare_reports(side, logs, recomputed))
        on_chain = {log.arguments["interval"] for log in logs}
        head = max(on_chain, default=-1)
        missing = sorted(t for t in stored if t <= head and t not in on_chain)
        difference = f"interval {missing[0]} was proposed but is not on the chain" if missing else None
        checks.append(
            Check(f"proposals up to the head are {side} reports on the chain", len(stored), difference)
        )
    return checks


def _recompute(
    data_sets: Mapping[int, Sequence[SignedReading]], meters: MeterBook, secrets: Mapping[bytes, bytes]
) -> dict[int, Proposal | str]:
    """Build every proposal anew from its signed readings; a text says why one cannot be built."""
    reported = {meter_id: meter.opening for meter_id, meter in meters.items()}
    result: dict[int, Proposal | str] = {}
    for interval, readings in sorted(data_sets.items()):
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


def _compare_reports(side: str, logs: Sequence[Log], recomputed: Mapping[int, Proposal | str]) -> Check:
    statement = f"{side} roots, totals and counts on the chain recompute from signed readings"
    for examined, log in enumerate(logs, 1):
        interval = log.arguments["interval"]
        ours = recomputed.get(interval, "its data set is not in the store")
        if isinstance(ours, str):
            return Check(statement, examined, f"interval {interval}: {ours}")
        report = ours.production if side == "production" else ours.consumption
        pairs = {
            "root": (log.arguments["root"], report.root),
            "data hash": (log.arguments["dataHash"], report.data_hash),
            "total Wh": (log.arguments["totalWh"], report.total_wh),
            "count": (log.arguments["count"], report.count),
        }
        for what, (on_chain, ours_value) in pairs.items():
            if on_chain != ours_value:
                words = f"{what} {_shown(on_chain)} on the chain, {_shown(ours_value)} from the readings"
                return Check(statement, examined, f"interval {interval}: {words}")
    return Check(statement, len(logs))


async def _check_mints(store: OracleStore, events: ChainEvents, meters: MeterBook) -> Check:
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
