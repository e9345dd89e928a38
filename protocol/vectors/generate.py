"""Make the vectors: right ones, and wrong ones with the reason a reader must refuse them."""

from typing import Any

from protocol import leaf as leaves
from protocol.ack import Status, encode_ack
from protocol.eip712 import Domain
from protocol.intervals import interval_of
from protocol.keccak import keccak256
from protocol.keys import SigningKey, address_text
from protocol.merkle import MerkleTree
from protocol.peers import ANYONE, PeerRequest, response_digest
from protocol.reading import COUNTER_LIMIT, Flag, Reading, SignedReading
from protocol.registration import Registration, meter_id_of
from protocol.report import Report, data_hash_of

CHAIN_ID = 31337
REGISTRY = bytes([0x11]) * 20
PRODUCTION = bytes([0x22]) * 20
CONSUMPTION = bytes([0x33]) * 20
INTERVAL_SECONDS = 1800
_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

Vectors = dict[str, Any]


def device_key(index: int) -> SigningKey:
    """Return the key of the vectors' device number `index`."""
    return SigningKey(keccak256(b"vector device %d" % index))


def oracle_keys(count: int) -> list[SigningKey]:
    """Return the vectors' oracle keys in rising order of address."""
    return sorted(
        (SigningKey(keccak256(b"vector oracle %d" % i)) for i in range(count)), key=lambda key: key.address
    )


def sample_readings() -> list[tuple[Reading, SigningKey]]:
    """Return readings of five meters at the end of one interval, with their devices' keys."""
    samples = []
    for i in range(5):
        key = device_key(i)
        flags = Flag.POWER_UP | Flag.CLOCK_UNSYNCED if i == 3 else 0
        samples.append(
            (
                Reading(
                    meter_id=meter_id_of(key.address, i),
                    seq=42 + i,
                    timestamp=1_790_001_000 - 1_790_001_000 % INTERVAL_SECONDS,
                    period_seconds=INTERVAL_SECONDS,
                    import_wh=12_345_678 * (i + 1),
                    export_wh=2_345_678 * i,
                    generated_wh=9_999_999 + i,
                    flags=int(flags),
                ),
                key,
            )
        )
    extreme = COUNTER_LIMIT - 1
    key = device_key(5)
    samples.append(
        (Reading(meter_id_of(key.address, 5), extreme, extreme, 2**32 - 1, extreme, extreme, extreme, 0), key)
    )
    return samples


def readings() -> Vectors:
    """Return the vectors of signed readings and of their wire records."""
    domain = Domain(CHAIN_ID, REGISTRY)
    cases = []
    for reading, key in sample_readings():
        signed = reading.sign(key, domain)
        cases.append(
            _reading_fields(reading)
            | {
                "structHash": _hex(reading.struct_hash()),
                "digest": _hex(reading.digest(domain)),
                "signature": _hex(signed.signature),
                "signer": address_text(key.address),
                "record": _hex(signed.record()),
                "json": signed.to_json(),
            }
        )
    return {"domain": _domain(domain), "cases": cases, "wrong": _wrong_records(domain)}


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
        [{"name": name, "record": _hex(bad), "refusal": "malformed"} for name, bad in malformed.items()]
        + [
            {"name": name, "record": _hex(SignedReading(reading, bad).record()), "refusal": "bad signature"}
            for name, bad in unsigned.items()
        ]
        + [
            {"name": name, "record": _hex(SignedReading(reading, bad).record()), "refusal": "wrong signer"}
            for name, bad in strangers.items()
        ]
    )


def registrations() -> Vectors:
    """Return the vectors of registrations."""
    domain = Domain(CHAIN_ID, REGISTRY)
    cases = []
    for i in range(3):
        key = device_key(i)
        account = SigningKey(keccak256(b"vector account %d" % i)).address
        registration = Registration(
            meter_id_of(key.address, i), account, i, 1_790_000_000 + i, 1_000 * i, 2_000 * i, 3_000 * i
        )
        cases.append(
            {
                "meterId": _hex(registration.meter_id),
                "account": address_text(account),
                "nonce": registration.nonce,
                "timestamp": registration.timestamp,
                "importWh": registration.import_wh,
                "exportWh": registration.export_wh,
                "generatedWh": registration.generated_wh,
                "digest": _hex(registration.digest(domain)),
                "signature": _hex(registration.sign(key, domain)),
                "signer": address_text(key.address),
            }
        )
    return {"domain": _domain(domain), "cases": cases}


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
                "meterId": _hex(reading.meter_id),
                "seq": str(reading.seq),
                "recordHash": _hex(record_hash),
                "status": int(status),
                "payload": _hex(payload),
                "signer": address_text(node.address),
            }
        )
    return {"domain": _domain(domain), "cases": cases}


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
                "root": _hex(tree.root),
                "proofs": [[_hex(p) for p in tree.proof(leaves.production_leaf(r))] for r in chosen],
                "multiproof": {
                    "leaves": [_hex(x) for x in some.leaves],
                    "proof": [_hex(x) for x in some.proof],
                    "flags": list(some.flags),
                },
            }
        )
    return {
        "interval": interval,
        "meterSecret": _hex(secret),
        "salt": _hex(salt),
        "leaves": [
            _reading_fields(reading)
            | {
                "production": _hex(leaves.production_leaf(reading)),
                "consumption": _hex(leaves.consumption_leaf(reading, salt)),
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
                "domain": _domain(domain),
                "interval": report.interval,
                "previous": _hex(report.previous),
                "root": _hex(report.root),
                "dataHash": _hex(report.data_hash),
                "totalWh": report.total_wh,
                "count": report.count,
                "digest": _hex(digest),
                "oracles": [address_text(key.address) for key in oracles],
                "signers": [address_text(key.address) for key in oracles[1:4]],
                "signatures": [_hex(key.sign(digest)) for key in oracles[1:4]],
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
                "bodyHash": _hex(keccak256(body)),
                "time": request.time,
                "recipient": address_text(recipient),
                "digest": _hex(digest),
                "signature": _hex(asking.sign(digest)),
                "signer": address_text(asking.address),
                "answer": {
                    "requestDigest": _hex(digest),
                    "status": 200,
                    "bodyHash": _hex(keccak256(answer)),
                    "digest": _hex(answer_digest),
                    "signature": _hex(asked.sign(answer_digest)),
                    "signer": address_text(asked.address),
                },
            }
        )
    return {"domain": _domain(domain), "cases": cases}


ALL = {
    "readings": readings,
    "registrations": registrations,
    "acks": acks,
    "trees": trees,
    "reports": reports,
    "peers": peers,
}


def _domain(domain: Domain) -> Vectors:
    return {
        "chainId": domain.chain_id,
        "verifyingContract": address_text(domain.verifying_contract),
        "separator": _hex(domain.separator),
    }


def _reading_fields(reading: Reading) -> Vectors:
    # 64-bit counters are written as text: JSON readers in JavaScript lose digits past 2^53
    return {
        "meterId": _hex(reading.meter_id),
        "seq": str(reading.seq),
        "timestamp": str(reading.timestamp),
        "periodSeconds": reading.period_seconds,
        "importWh": str(reading.import_wh),
        "exportWh": str(reading.export_wh),
        "generatedWh": str(reading.generated_wh),
        "flags": reading.flags,
    }


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
