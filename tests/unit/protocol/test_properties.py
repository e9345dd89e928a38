"""Round trips and refusals that hold for every value, not only for the vectors."""

import contextlib
import json
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.ack import Status, encode_ack, parse_ack
from protocol.clock import CLOCK_AHEAD_SECONDS, ClockAhead, SteppedClock, encode_clock, parse_clock
from protocol.eip712 import Domain
from protocol.errors import BadSignature, ConfigurationError, MalformedRecord, ProtocolError
from protocol.intervals import day_of, interval_end, interval_of, interval_start
from protocol.keys import SigningKey, address_bytes, address_text, create_key, load_key, recover
from protocol.leaf import consumption_leaf, interval_salt, production_leaf
from protocol.merkle import MerkleTree, MultiProof, hash_pair, verify, verify_multiproof
from protocol.reading import COUNTER_LIMIT, UNSIGNED_BYTES, Reading, parse_payload, parse_record
from protocol.report import data_hash_of
from protocol.secrets import Enrolment, load_enrolment, seal, unseal
from protocol.topics import ack_topic, parse_ack_topic, parse_reading_topic, reading_topic

DOMAIN = Domain(31337, bytes([0x11]) * 20)
KEY = SigningKey(bytes(31) + b"\x07")
words = st.binary(min_size=32, max_size=32)
counters = st.integers(0, COUNTER_LIMIT - 1)
readings = st.builds(
    Reading,
    meter_id=words,
    seq=counters,
    timestamp=counters,
    period_seconds=st.integers(0, 2**32 - 1),
    import_wh=counters,
    export_wh=counters,
    generated_wh=counters,
    flags=st.integers(0, 2**32 - 1),
)


@given(readings)
def test_a_signed_reading_survives_its_record_and_its_json_twin(reading: Reading) -> None:
    signed = reading.sign(KEY, DOMAIN)
    assert len(signed.record()) == 146
    assert parse_record(signed.record()) == signed
    assert parse_payload(signed.to_json().encode()).record() == signed.record()
    assert signed.signer(DOMAIN) == KEY.address


@given(readings, st.sampled_from(["seq", "timestamp", "import_wh", "export_wh", "generated_wh", "flags"]))
def test_changing_any_field_changes_the_signer(reading: Reading, field: str) -> None:
    signature = reading.sign(KEY, DOMAIN).signature
    changed = replace(reading, **{field: getattr(reading, field) ^ 1})
    with contextlib.suppress(BadSignature):
        assert recover(changed.digest(DOMAIN), signature) != KEY.address


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_or_reencode_to_themselves(payload: bytes) -> None:
    try:
        signed = parse_payload(payload)
    except MalformedRecord:
        return
    assert signed.record() == payload


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_json_that_is_not_a_reading_is_refused(value: object) -> None:
    with pytest.raises(MalformedRecord):
        parse_payload(b"{" + json.dumps(value).encode())


def test_a_json_twin_with_a_spare_missing_or_mistyped_field_is_refused() -> None:
    reading = Reading(bytes(32), 1, 2, 3, 4, 5, 6)
    fields = json.loads(reading.sign(KEY, DOMAIN).to_json())
    wrong = [
        fields | {"spare": 1},
        {k: v for k, v in fields.items() if k != "seq"},
        fields | {"seq": "1"},
        fields | {"seq": 1.0},
        fields | {"seq": True},
        fields | {"importWh": -1},
        fields | {"importWh": 2**64},
        fields | {"importWh": 2**63},
        fields | {"flags": 2**32},
        fields | {"version": 2},
        fields | {"meterId": fields["meterId"][:-1]},
        fields | {"meterId": "0x" + "zz" * 32},
        fields | {"signature": "0x00"},
    ]
    for variant in wrong:
        with pytest.raises(MalformedRecord):
            parse_payload(json.dumps(variant).encode())
    with pytest.raises(MalformedRecord):
        parse_payload(b" " * 2000 + json.dumps(fields).encode())
    with pytest.raises(MalformedRecord):
        parse_payload(json.dumps(fields | {"spare": "x" * 2000}).encode())


@given(words, counters, words, st.sampled_from(list(Status)))
def test_an_acknowledgement_survives_its_wire_form(
    meter_id: bytes, seq: int, record_hash: bytes, status: Status
) -> None:
    ack = parse_ack(encode_ack(meter_id, seq, record_hash, status, KEY, DOMAIN))
    assert (ack.seq, ack.status) == (seq, status)
    assert ack.signer(meter_id, record_hash, DOMAIN) == KEY.address


@pytest.mark.parametrize("payload", [b"", bytes(74), bytes(75), b"\x01" + bytes(8) + b"\xff" + bytes(65)])
def test_a_malformed_acknowledgement_is_refused(payload: bytes) -> None:
    with pytest.raises(MalformedRecord):
        parse_ack(payload)


@given(st.sets(words, min_size=1, max_size=60), st.data())
def test_every_leaf_and_every_subset_proves_and_nothing_else_does(leaves: set[bytes], data) -> None:
    tree = MerkleTree(leaves)
    chosen = data.draw(st.sets(st.sampled_from(sorted(leaves)), min_size=1))
    for leaf in chosen:
        assert verify(tree.root, leaf, tree.proof(leaf))
    multiproof = tree.multiproof(chosen)
    assert set(multiproof.leaves) == chosen
    assert verify_multiproof(tree.root, multiproof)
    stranger = data.draw(words)
    assume(stranger not in leaves)
    assert not verify(tree.root, stranger, tree.proof(next(iter(chosen))))
    forged = MultiProof((stranger, *multiproof.leaves[1:]), multiproof.proof, multiproof.flags)
    assert not verify_multiproof(tree.root, forged)
    with pytest.raises(ProtocolError):
        tree.proof(stranger)


@given(st.lists(words, min_size=1, max_size=30, unique=True), st.randoms())
def test_the_root_depends_on_the_set_only(leaves: list[bytes], random) -> None:
    shuffled = list(leaves)
    random.shuffle(shuffled)
    assert MerkleTree(leaves).root == MerkleTree(shuffled).root


def test_a_tree_refuses_no_leaves_and_repeated_leaves() -> None:
    with pytest.raises(ProtocolError):
        MerkleTree([])
    with pytest.raises(ProtocolError):
        MerkleTree([bytes(32), bytes(32)])


def test_an_inner_node_does_not_pass_for_a_leaf() -> None:
    reading = Reading(bytes(32), 1, 2, 3, 4, 5, 6)
    a, b = production_leaf(reading), production_leaf(replace(reading, seq=2))
    assert hash_pair(a, b) == MerkleTree([a, b]).root
    assert hash_pair(a, b) not in (production_leaf(reading), production_leaf(replace(reading, seq=2)))


@given(readings, words, st.integers(0, 2**63))
def test_a_salt_hides_a_known_register(reading: Reading, secret: bytes, interval: int) -> None:
    salted = consumption_leaf(reading, interval_salt(secret, interval))
    assert salted != consumption_leaf(reading, bytes(32))
    assert salted != consumption_leaf(reading, interval_salt(secret, interval + 1))


@given(st.integers(1, 2**40), st.sampled_from([60, 900, 1800, 3600]))
def test_a_timestamp_lies_in_its_interval(timestamp: int, seconds: int) -> None:
    t = interval_of(timestamp, seconds)
    assert interval_start(t, seconds) < timestamp <= interval_end(t, seconds)
    assert interval_of(interval_end(t, seconds), seconds) == t


def test_midnight_belongs_to_the_day_that_ends() -> None:
    assert day_of(86_400) == 0
    assert day_of(86_401) == 1


@given(words)
def test_topics_name_their_meter(meter_id: bytes) -> None:
    assert parse_reading_topic(reading_topic(meter_id)) == meter_id
    assert parse_ack_topic(ack_topic(meter_id, "oracle-1")) == (meter_id, "oracle-1")


@pytest.mark.parametrize(
    "topic",
    [
        "zuva/1/0/reading",
        f"zuva/1/1/{'0' * 64}/reading",
        f"zuva/2/0/{'0' * 64}/reading",
        f"zuva/1/a/{'A' * 64}/reading",
        f"zuva/1/0/{'0' * 63}/reading",
        f"zuva/1/0/{'0' * 64}/state",
        f"other/1/0/{'0' * 64}/reading",
    ],
)
def test_a_topic_outside_the_scheme_is_refused(topic: str) -> None:
    with pytest.raises(MalformedRecord):
        parse_reading_topic(topic)


def test_a_stepped_clock_never_goes_back() -> None:
    clock = SteppedClock(100)
    assert clock.step(200, wall=1000)
    assert not clock.step(150, wall=1000)
    assert clock.now() == 200
    assert parse_clock(encode_clock(200)) == 200
    for wrong in (b"", b"{}", b"[]", b'{"time": "1"}', b'{"time": -1}', b'{"time": 1.5}', b'{"time": true}'):
        with pytest.raises(MalformedRecord):
            parse_clock(wrong)


def test_a_stepped_clock_is_not_led_into_the_future() -> None:
    clock = SteppedClock(100)
    with pytest.raises(ClockAhead):
        clock.step(1000 + CLOCK_AHEAD_SECONDS + 1, wall=1000)
    assert clock.now() == 100
    assert clock.step(1000 + CLOCK_AHEAD_SECONDS, wall=1000)


@given(st.binary(min_size=20, max_size=20))
def test_addresses_survive_their_checksummed_text(address: bytes) -> None:
    from eth_utils.address import to_checksum_address

    assert address_text(address) == to_checksum_address(address)
    assert address_bytes(address_text(address)) == address


def test_a_key_file_is_private_and_never_overwritten(tmp_path) -> None:
    path = tmp_path / "keys" / "oracle-1.key"
    key = create_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path).address == key.address
    with pytest.raises(FileExistsError):
        create_key(path)
    assert key.secret.hex() not in repr(key)


def test_a_missing_or_damaged_key_file_says_so(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match="no key file"):
        load_key(tmp_path / "absent.key")
    (tmp_path / "open.key").write_text("00" * 32)
    (tmp_path / "open.key").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load_key(tmp_path / "open.key")
    for name in ("bad.key", "short.key"):
        (tmp_path / name).touch(0o600)
    (tmp_path / "bad.key").write_text("not hex")
    with pytest.raises(ConfigurationError, match="64 hex digits"):
        load_key(tmp_path / "bad.key")
    (tmp_path / "short.key").write_text("00ff")
    with pytest.raises(ConfigurationError, match="32 bytes"):
        load_key(tmp_path / "short.key")


def test_only_the_node_it_was_sealed_to_opens_a_meter_secret(tmp_path) -> None:
    node, stranger = SigningKey.generate(), SigningKey.generate()
    secret = b"s" * 32
    Enrolment(b"m" * 32, {node.address: seal(secret, node.public_key)}).save(tmp_path)
    enrolment = load_enrolment(tmp_path / f"{(b'm' * 32).hex()}.json")
    assert unseal(enrolment.sealed[node.address], node) == secret
    with pytest.raises(ConfigurationError):
        unseal(enrolment.sealed[node.address], stranger)
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(ConfigurationError):
        load_enrolment(tmp_path / "bad.json")


@given(st.lists(readings, min_size=1, max_size=4), readings)
def test_a_data_set_is_known_by_what_its_readings_state_not_by_their_signatures(chosen, other) -> None:
    mine = [reading.sign(KEY, DOMAIN).record() for reading in chosen]
    resigned = [record[:UNSIGNED_BYTES] + bytes(65) for record in mine]
    assert data_hash_of(mine) == data_hash_of(resigned)
    assume(other != chosen[0])
    assert data_hash_of([other.sign(KEY, DOMAIN).record(), *mine[1:]]) != data_hash_of(mine)
