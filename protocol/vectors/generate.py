"""Make the vectors: right ones, and wrong ones with the reason a reader must refuse them."""

from protocol import leaf as leaves
from protocol.ack import Status, encode_ack
from protocol.eip712 import Domain
from protocol.intervals import interval_of
from protocol.keccak import keccak256
from protocol.keys import address_text
from protocol.merkle import MerkleTree
from protocol.peers import ANYONE, PeerRequest, response_digest
from protocol.reading import Reading, SignedReading
from protocol.registration import Registration, meter_id_of
from protocol.report import Report, data_hash_of
from protocol.rotation import KeyRotation
from protocol.vectors.market import balances, books, category_totals, orders
from protocol.vectors.samples import (
    CHAIN_ID,
    CONSUMPTION,
    INTERVAL_SECONDS,
    PRODUCTION,
    REGISTRY,
    Vectors,
    account_key,
    device_key,
    domain_fields,
    hexed,
    oracle_keys,
    sample_readings,
)

_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def readings() -> Vectors:
    """Return the vectors of signed readings and of their wire records."""
    domain = Domain(CHAIN_ID, REGISTRY)
    cases = []
    for reading, key in sample_readings():
        signed = reading.sign(key, domain)
        cases.append(
            _reading_fields(reading)
            | {
                "structHash": hexed(reading.struct_hash()),
                "digest": hexed(reading.digest(domain)),
                "signature": hexed(signed.signature),
                "signer": address_text(key.address),
                "record": hexed(signed.record()),
                "json": signed.to_json(),
            }
        )
    return {"domain": domain_fields(domain), "cases": cases, "wrong": _wrong_records(domain)}


def _wrong_records(domain: Domain) -> list[Vectors]:
    reading, key = sample_readings()[0]
    signed = reading.sign(key, domain)
    record = signed.record()
    r, s, v = signed.signature[:32], int.from_bytes(signed.signature[32:64], "big"), signed.signature[64]
    high_s = r + (_CURVE_ORDER - s).to_bytes(32, "big") + bytes((55 - v,))
    malformed = {
        "empty": b"",
        "one byte short": record[:-1],
        "one byte long": record + b"\0",
        "version 0": b"\0" + record[1:],
        "version 2": b"\2" + record[1:],
        "register beyond 2^63": record[:53] + b"\xff" * 8 + record[61:],
    }
    unsigned = {
        "high s": high_s,
        "v 0": signed.signature[:64] + b"\0",
        "zero r and s": bytes(64) + b"\x1b",
        "r is no point": b"\xff" * 32 + signed.signature[32:],
    }
    foreign = reading.sign(key, Domain(CHAIN_ID + 1, REGISTRY)).signature
    other_contract = reading.sign(key, Domain(CHAIN_ID, PRODUCTION)).signature
    strangers = {
        "signed for another chain": foreign,
        "signed for another contract": other_contract,
        "another device": device_key(9).sign(reading.digest(domain)),
    }
    return (
        [{"name": name, "record": hexed(bad), "refusal": "malformed"} for name, bad in malformed.items()]
        + [
            {"name": name, "record": hexed(SignedReading(reading, bad).record()), "refusal": "bad signature"}
            for name, bad in unsigned.items()
        ]
        + [
            {"name": name, "record": hexed(SignedReading(reading, bad).record()), "refusal": "wrong signer"}
            for name, bad in strangers.items()
        ]
    )


def registrations() -> Vectors:
    """Return the vectors of registrations."""
    domain = Domain(CHAIN_ID, REGISTRY)
    cases = []
    for i in range(3):
        key = device_key(i)
        account = account_key(i).address
        registration = Registration(
            meter_id_of(key.address, i), account, i, 1_790_000_000 + i, 1_000 * i, 2_000 * i, 3_000 * i
        )
        cases.append(
            {
                "meterId": hexed(registration.meter_id),
                "account": address_text(account),
                "nonce": registration.nonce,
                "timestamp": registration.timestamp,
                "importWh": registration.import_wh,
                "exportWh": registration.export_wh,
                "generatedWh": registration.generated_wh,
                "digest": hexed(registration.digest(domain)),
                "signature": hexed(registration.sign(key, domain)),
                "signer": address_text(key.address),
            }
        )
    return {"domain": domain_fields(domain), "cases": cases}


def acks() -> Vectors:
    """Return the vectors of acknowledgements."""
    domain = Domain(CHAIN_ID, REGISTRY)
    node = oracle_keys(1)[0]
    cases = []
    for (reading, key), status in zip(sample_readings(), Status, strict=False):
        record_hash = keccak256(reading.sign(key, domain).record())
        payload = encode_ack(reading.meter_id, reading.seq, record_hash, status, node, domain)
        cases.append(
            {
                "meterId": hexed(reading.meter_id),
                "seq": str(reading.seq),
                "recordHash": hexed(record_hash),
                "status": int(status),
                "payload": hexed(payload),
                "signer": address_text(node.address),
            }
        )
    return {"domain": domain_fields(domain), "cases": cases}


def trees() -> Vectors:
    """Return the vectors of leaves, roots, proofs and multiproofs."""
    samples = [reading for reading, _ in sample_readings()]
    secret = keccak256(b"vector meter secret")
    interval = interval_of(samples[0].timestamp, INTERVAL_SECONDS)
    salt = leaves.interval_salt(secret, interval)
    cases = []
    for count in range(1, len(samples) + 1):
        chosen = samples[:count]
        tree = MerkleTree(leaves.production_leaf(reading) for reading in chosen)
        some = tree.multiproof(leaves.production_leaf(reading) for reading in chosen[::2])
        cases.append(
            {
                "count": count,
                "root": hexed(tree.root),
                "proofs": [[hexed(p) for p in tree.proof(leaves.production_leaf(r))] for r in chosen],
                "multiproof": {
                    "leaves": [hexed(x) for x in some.leaves],
                    "proof": [hexed(x) for x in some.proof],
                    "flags": list(some.flags),
                },
            }
        )
    return {
        "interval": interval,
        "meterSecret": hexed(secret),
        "salt": hexed(salt),
        "leaves": [
            _reading_fields(reading)
            | {
                "production": hexed(leaves.production_leaf(reading)),
                "consumption": hexed(leaves.consumption_leaf(reading, salt)),
            }
            for reading in samples
        ],
        "trees": cases,
    }


def reports() -> Vectors:
    """Return the vectors of reports, signed by three of five oracles."""
    registry = Domain(CHAIN_ID, REGISTRY)
    samples = sample_readings()
    data_hash = data_hash_of(
        signed.record()
        for signed in sorted(
            (reading.sign(key, registry) for reading, key in samples),
            key=lambda signed: (signed.reading.meter_id, signed.reading.seq),
        )
    )
    root = MerkleTree(leaves.production_leaf(reading) for reading, _ in samples).root
    before = Report(994_443, data_hash, root, 1_000_000, len(samples))
    report = Report(994_445, root, data_hash, 1_234_567, len(samples)).following(before.link)
    oracles = oracle_keys(5)
    cases = []
    for contract in (PRODUCTION, CONSUMPTION):
        domain = Domain(CHAIN_ID, contract)
        digest = report.digest(domain)
        cases.append(
            {
                "domain": domain_fields(domain),
                "interval": report.interval,
                "previous": hexed(report.previous),
                "root": hexed(report.root),
                "dataHash": hexed(report.data_hash),
                "totalWh": report.total_wh,
                "count": report.count,
                "digest": hexed(digest),
                "oracles": [address_text(key.address) for key in oracles],
                "signers": [address_text(key.address) for key in oracles[1:4]],
                "signatures": [hexed(key.sign(digest)) for key in oracles[1:4]],
            }
        )
    return {"cases": cases}


def peers() -> Vectors:
    """Return the vectors of what oracle nodes ask and answer each other."""
    domain = Domain(CHAIN_ID, REGISTRY)
    asking, asked = oracle_keys(2)
    cases = []
    for path, body, recipient in (
        ("/v1/peers/hello", b"", ANYONE),
        ("/v1/peers/proposals", b'{"previous":994443}', asked.address),
    ):
        request = PeerRequest("POST", path, keccak256(body), 1_790_001_000, recipient)
        digest = request.digest(domain)
        answer = b'{"head":994443}'
        answer_digest = response_digest(digest, 200, answer, domain)
        cases.append(
            {
                "method": request.method,
                "path": path,
                "bodyHash": hexed(keccak256(body)),
                "time": request.time,
                "recipient": address_text(recipient),
                "digest": hexed(digest),
                "signature": hexed(asking.sign(digest)),
                "signer": address_text(asking.address),
                "answer": {
                    "requestDigest": hexed(digest),
                    "status": 200,
                    "bodyHash": hexed(keccak256(answer)),
                    "digest": hexed(answer_digest),
                    "signature": hexed(asked.sign(answer_digest)),
                    "signer": address_text(asked.address),
                },
            }
        )
    return {"domain": domain_fields(domain), "cases": cases}


def rotations() -> Vectors:
    """Return the vectors of changes of a meter's key."""
    domain = Domain(CHAIN_ID, REGISTRY)
    cases = []
    for i in range(2):
        present, following = device_key(i), device_key(i + 10)
        rotation = KeyRotation(meter_id_of(present.address, i), following.address, 994_446 + i)
        cases.append(
            {
                "meterId": hexed(rotation.meter_id),
                "key": address_text(following.address),
                "validFromInterval": rotation.valid_from_interval,
                "digest": hexed(rotation.digest(domain)),
                "signature": hexed(rotation.sign(present, domain)),
                "signer": address_text(present.address),
            }
        )
    return {"domain": domain_fields(domain), "cases": cases}


ALL = {
    "readings": readings,
    "registrations": registrations,
    "rotations": rotations,
    "acks": acks,
    "trees": trees,
    "reports": reports,
    "peers": peers,
    "orders": orders,
    "books": books,
    "balances": balances,
    "category_totals": category_totals,
}


def _reading_fields(reading: Reading) -> Vectors:
    # 64-bit counters are written as text: JSON readers in JavaScript lose digits past 2^53
    return {
        "meterId": hexed(reading.meter_id),
        "seq": str(reading.seq),
        "timestamp": str(reading.timestamp),
        "periodSeconds": reading.period_seconds,
        "importWh": str(reading.import_wh),
        "exportWh": str(reading.export_wh),
        "generatedWh": str(reading.generated_wh),
        "flags": reading.flags,
    }
