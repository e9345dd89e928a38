"""How much a message holds."""

from oracle.quorum.messages import MAX_LEAVES, MAX_OFFERS, Vote, pack_offers
from protocol.eip712 import Domain
from protocol.keys import SigningKey
from protocol.reading import RECORD_BYTES, Reading

SIGNED = Reading(b"\x22" * 32, 1, 3600, 3600, 0, 0, 100).sign(
    SigningKey(b"\x01" * 32), Domain(31337, b"\x11" * 20)
)


def test_more_readings_than_a_vote_holds_are_offered_in_parts() -> None:
    packed = pack_offers([SIGNED] * (MAX_OFFERS + 1))
    assert len(packed) == MAX_OFFERS * RECORD_BYTES
    vote = Vote(production_head=0, records=packed)
    assert Vote.model_validate_json(vote.model_dump_json()) == vote
    assert MAX_OFFERS <= MAX_LEAVES
