"""The keys, readings and domains that the vectors are made of."""

from typing import Any

from protocol.eip712 import Domain
from protocol.keccak import keccak256
from protocol.keys import SigningKey, address_text
from protocol.reading import COUNTER_LIMIT, Flag, Reading
from protocol.registration import meter_id_of

CHAIN_ID = 31337
REGISTRY = bytes([0x11]) * 20
PRODUCTION = bytes([0x22]) * 20
CONSUMPTION = bytes([0x33]) * 20
TRADING = bytes([0x44]) * 20
BALANCING = bytes([0x55]) * 20
INTERVAL_SECONDS = 1800

Vectors = dict[str, Any]


def device_key(index: int) -> SigningKey:
    """Return the key of the vectors' device number `index`."""
    return SigningKey(keccak256(b"vector device %d" % index))


def account_key(index: int) -> SigningKey:
    """Return the key of the vectors' account number `index`."""
    return SigningKey(keccak256(b"vector account %d" % index))


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


def domain_fields(domain: Domain) -> Vectors:
    """Return a domain as the vectors state it."""
    return {
        "chainId": domain.chain_id,
        "verifyingContract": address_text(domain.verifying_contract),
        "separator": hexed(domain.separator),
    }


def hexed(value: bytes) -> str:
    """Return bytes as 0x and hex digits."""
    return "0x" + value.hex()
