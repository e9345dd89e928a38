"""What nodes say to each other: JSON, bytes as hex; lists of fixed-size records as one run of hex."""

from collections.abc import Iterable, Sequence
from itertools import islice
from struct import Struct
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from oracle.quorum.contradiction import Contradiction, Evidence
from protocol.errors import MalformedRecord
from protocol.keccak import keccak256
from protocol.keys import SIGNATURE_BYTES
from protocol.reading import RECORD_BYTES, UNSIGNED_BYTES, SignedReading, parse_record

MAX_INTERVALS: Final = 16
MAX_LEAVES: Final = 100_000
MAX_EVIDENCE: Final = 1_000
# readings handed to a leader at once; after a long absence more may wait than a message holds
MAX_OFFERS: Final = 20_000
# names of data sets in one question
MAX_WANTED: Final = 64
# meters named in one message
MAX_METERS: Final = 1_000
TAG_BYTES: Final = 4
_LEAF = Struct(">32sQ32s")
_KEY = Struct(">32sQ")
_EVIDENCE = Struct(f">{RECORD_BYTES}s{RECORD_BYTES}sQ")


def _unhex(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise ValueError("expected hex digits")  # noqa: TRY004 - pydantic's way to refuse
    return bytes.fromhex(value)


Hex = Annotated[bytes, BeforeValidator(_unhex), PlainSerializer(bytes.hex, return_type=str)]
Word = Annotated[Hex, Field(min_length=32, max_length=32)]
Signature = Annotated[Hex, Field(max_length=SIGNATURE_BYTES)]
Signatures = Annotated[list[Signature], Field(max_length=MAX_INTERVALS)]
Records = Annotated[Hex, Field(max_length=MAX_LEAVES * RECORD_BYTES)]
PackedEvidence = Annotated[
    list[Annotated[Hex, Field(max_length=_EVIDENCE.size)]], Field(max_length=MAX_EVIDENCE)
]
Meters = Annotated[Hex, Field(max_length=MAX_METERS * 32)]
Interval = Annotated[int, Field(ge=0, lt=1 << 32)]


class Key(NamedTuple):
    """Names a reading: meter and sequence number."""

    meter_id: bytes
    seq: int


def key_of(signed: SignedReading) -> Key:
    """Return the key of a reading."""
    return Key(signed.reading.meter_id, signed.reading.seq)


class Claim(NamedTuple):
    """One leaf of a proposal: a reading, and the hash of what it states."""

    key: Key
    statement: bytes


def statement_of(signed: SignedReading) -> bytes:
    """Return the hash of what a reading states, its signature left out."""
    return keccak256(signed.record()[:UNSIGNED_BYTES])


class Message(BaseModel):
    """Base of all messages; unknown fields are passed over, so that newer nodes can say more."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ProposedInterval(Message):
    """One interval of a proposal; roots are there to find a difference early, each node computes its own.

    `salt_tags`, sent once nodes disagree, tell per leaf whose secret of a meter differs; see `salt_tag`.
    """

    interval: Interval
    data_hash: Word
    production_root: Word
    consumption_root: Word
    leaves: Annotated[Hex, Field(max_length=MAX_LEAVES * _LEAF.size)]
    salt_tags: Annotated[Hex, Field(max_length=MAX_LEAVES * TAG_BYTES)] = b""

    def claims(self) -> list[Claim]:
        """Return the leaves; raises `MalformedRecord`."""
        if len(self.leaves) % _LEAF.size:
            raise MalformedRecord(f"a proposal's leaves have {_LEAF.size} bytes each")
        return [Claim(Key(m, seq), statement) for m, seq, statement in _LEAF.iter_unpack(self.leaves)]


class ProposalMessage(Message):
    """Consecutive reports that a leader asks others to sign.

    Attributes:
        previous: interval of the production report that the first one follows; 0 for none.
        intervals: ascending.
        records: signed readings that a peer asked for.
        set_aside: pairs of signed statements by which meters contradict themselves, each with the
            first block whose reinstatement would end it.
        left_out: ids of meters in dispute, without which the one interval is reported.
    """

    previous: Interval
    intervals: Annotated[list[ProposedInterval], Field(min_length=1, max_length=MAX_INTERVALS)]
    records: Records = b""
    set_aside: PackedEvidence = []
    left_out: Meters = b""


class Vote(Message):
    """What a node answers to a proposal: signatures of the first intervals, and why not of the next one.

    Attributes:
        production_head: newest interval reported on the chain as the voter sees it.
        signatures: of the production reports it agrees to.
        problem: what keeps it from signing the next one; `offers` means its own readings make another set.
        words: the same for people.
        missing: keys of leaves whose readings it needs.
        records: readings that it holds and the proposal has not.
        set_aside: the same as the voter knows it, as far as it is not in the proposal.
        disputed: ids of the meters about which handing over readings does not help.
    """

    production_head: Interval
    signatures: Signatures = []
    problem: Literal["", "behind", "not due", "missing", "offers", "refused"] = ""
    words: Annotated[str, Field(max_length=500)] = ""
    missing: Annotated[Hex, Field(max_length=MAX_LEAVES * _KEY.size)] = b""
    records: Records = b""
    set_aside: PackedEvidence = []
    disputed: Meters = b""


class ConsumptionRequest(Message):
    """Asks for signatures of consumption reports whose production reports stand on the chain."""

    previous: Interval
    intervals: Annotated[list[Interval], Field(min_length=1, max_length=MAX_INTERVALS)]


class ConsumptionVote(Message):
    """Signatures of the first of the asked reports, and why not of the next one."""

    signatures: Signatures = []
    words: Annotated[str, Field(max_length=500)] = ""


class DataSetName(Message):
    """Names a data set by its content."""

    interval: Interval
    data_hash: Word


class DataSetsRequest(Message):
    """Asks for data sets that stand on the chain."""

    wanted: Annotated[list[DataSetName], Field(min_length=1, max_length=MAX_WANTED)]


class ServedDataSet(DataSetName):
    """A data set with its records, ordered by (meter id, seq)."""

    records: Records


class DataSetsAnswer(Message):
    """Those of the wanted data sets that are here, as many as fit in an answer."""

    data_sets: Annotated[list[ServedDataSet], Field(max_length=MAX_WANTED)] = []


class Hello(Message):
    """What nodes tell each other every other second.

    Attributes:
        name: the node's name.
        production_head: newest interval it saw reported to EnergyProduction.
        consumption_head: newest interval it saw reported to EnergyConsumption.
        mints: whether it can keep.
    """

    name: Annotated[str, Field(max_length=64)]
    production_head: Interval
    consumption_head: Interval
    mints: bool


def pack_claims(readings: Iterable[SignedReading]) -> bytes:
    """Return the leaves of a proposal as they are sent."""
    return b"".join(
        _LEAF.pack(signed.reading.meter_id, signed.reading.seq, statement_of(signed)) for signed in readings
    )


def salt_tag(salt: bytes) -> bytes:
    """Return what tells one salt from another without saying it."""
    return keccak256(salt)[:TAG_BYTES]


def pack_meters(meter_ids: Iterable[bytes]) -> bytes:
    """Return ids of meters as they are sent; not more than a message holds."""
    return b"".join(sorted(meter_ids)[:MAX_METERS])


def parse_meters(packed: bytes) -> frozenset[bytes]:
    """Return ids of meters that were sent; raises `MalformedRecord`."""
    if len(packed) % 32:
        raise MalformedRecord("a meter's id has 32 bytes")
    return frozenset(packed[start : start + 32] for start in range(0, len(packed), 32))


def pack_keys(keys: Iterable[Key]) -> bytes:
    """Return keys as they are sent."""
    return b"".join(_KEY.pack(*key) for key in keys)


def parse_keys(packed: bytes) -> list[Key]:
    """Return keys that were sent; raises `MalformedRecord`."""
    if len(packed) % _KEY.size:
        raise MalformedRecord(f"keys of readings have {_KEY.size} bytes each")
    return [Key(meter_id, seq) for meter_id, seq in _KEY.iter_unpack(packed)]


def pack_records(readings: Iterable[SignedReading]) -> bytes:
    """Return readings as they are sent."""
    return b"".join(signed.record() for signed in readings)


def pack_offers(readings: Iterable[SignedReading]) -> bytes:
    """Return the first of some readings for a leader as they are sent; with those taken it asks again."""
    return pack_records(islice(readings, MAX_OFFERS))


def parse_records(packed: bytes) -> list[SignedReading]:
    """Return readings that were sent; raises `MalformedRecord`."""
    return [
        parse_record(packed[start : start + RECORD_BYTES]) for start in range(0, len(packed), RECORD_BYTES)
    ]


def pack_evidence(evidence: Iterable[Evidence]) -> list[bytes]:
    """Return contradictions as they are sent; no more of them than a message holds."""
    some = islice(evidence, MAX_EVIDENCE)
    return [_EVIDENCE.pack(found.first.record(), found.second.record(), block) for found, block in some]


def parse_evidence(packed: Sequence[bytes]) -> list[Evidence]:
    """Return contradictions that were sent, unverified; raises `MalformedRecord`."""
    if any(len(each) != _EVIDENCE.size for each in packed):
        raise MalformedRecord(f"evidence has {_EVIDENCE.size} bytes: two records and a block number")
    parts = (_EVIDENCE.unpack(each) for each in packed)
    # a block number is kept in a signed column of 8 bytes
    return [
        Evidence(Contradiction(parse_record(first), parse_record(second)), min(block, (1 << 63) - 1))
        for first, second, block in parts
    ]
