"""Who is set aside follows from evidence and chain, in whatever order a node learnt of them."""

import itertools
from dataclasses import replace
from types import SimpleNamespace

from oracle.backlog import Backlog
from oracle.quorum.contradiction import Contradiction, Evidence, contradiction_of
from oracle.quorum.messages import pack_evidence, parse_evidence
from oracle.quorum.set_aside import SetAside
from tests.unit.oracle.test_review import DOMAIN, HOUR, METERS, A, T, reading

EARLY = contradiction_of(reading(A, 1, 100), reading(A, 1, 500), METERS)
LATE = contradiction_of(reading(A, 3, 600), reading(A, 4, 550), METERS)
assert EARLY
assert LATE


class Kept:
    """Where evidence is kept: as in a store, all of it."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, Contradiction]] = []

    async def contradictions(self) -> list[tuple[int, Contradiction]]:
        return self.rows

    async def save_contradiction(self, found: Contradiction, block: int) -> None:
        self.rows.append((block, found))


class Place:
    """One node's evidence, and the chain as it sees it."""

    def __init__(self, block: int = 5) -> None:
        self.chain = SimpleNamespace(block=block, reinstated={}, meters=METERS)
        self.kept = Kept()
        self.aside = SetAside(self.kept, self.chain, DOMAIN, HOUR, METERS)
        self.backlog = Backlog(METERS, self.aside, HOUR)
        self.aside.backlog = self.backlog
        self.backlog.ruled_out_to = self.aside.ruled_out_to

    async def hear(self, other: "Place") -> None:
        for found, block in parse_evidence(pack_evidence(other.aside.evidence())):
            assert await self.aside.note(found, block)

    def state(self) -> tuple[object, int]:
        return self.aside.active, self.aside.ruled_out_to(A)


async def exchanged(*places: Place) -> None:
    for one, other in itertools.permutations(places, 2):
        await one.hear(other)
    assert all(place.state() == places[0].state() for place in places)


async def test_nodes_that_noted_different_evidence_leave_out_the_same_after_a_reinstatement() -> None:
    one, other, lost_its_store = Place(), Place(), Place()
    await one.aside.note(EARLY)
    await other.aside.note(EARLY)
    await other.aside.note(LATE)
    assert A not in one.aside
    assert A not in other.aside
    for place in (one, other, lost_its_store):
        place.chain.block, place.chain.reinstated = 9, {A: 8}
    await exchanged(one, other, lost_its_store)
    assert lost_its_store.state() == ({}, 4)
    assert A in lost_its_store.aside
    held = [reading(A, 4, 700), reading(A, 5, 800)]
    for signed in held:
        lost_its_store.backlog.add(signed)
    assert lost_its_store.backlog.outlook().waiting() == {A: held[1:]}
    assert lost_its_store.aside.against(A, 4) == LATE
    assert lost_its_store.aside.against(A, 5) is None


async def test_evidence_is_not_used_again_after_the_reinstatement() -> None:
    honest, lost_its_store = Place(), Place(12)
    await honest.aside.note(EARLY)
    for place in (honest, lost_its_store):
        place.chain.block, place.chain.reinstated = 12, {A: 8}
    # a liar says it was found just now
    await lost_its_store.aside.note(EARLY, 1 << 60)
    await honest.aside.note(EARLY, 1 << 60)
    assert A in honest.aside
    await exchanged(honest, lost_its_store)
    assert A in lost_its_store.aside


async def test_a_contradiction_that_the_chain_went_past_means_nothing() -> None:
    place = Place()
    await place.aside.note(EARLY)
    assert A not in place.aside
    place.backlog.settle(T, [reading(A, 1, 100)])
    assert A in place.aside
    assert place.aside.evidence() == []
    await place.aside.note(EARLY)
    assert A in place.aside


async def test_a_fork_that_takes_a_reinstatement_back_takes_its_effect_back_and_no_other() -> None:
    place = Place()
    await place.aside.note(EARLY)
    place.chain.block, place.chain.reinstated = 9, {A: 8}
    assert A in place.aside
    await place.aside.note(LATE)
    # the Registry is read anew, and says again what it always said
    place.aside.take_back({A})
    assert A not in place.aside
    place.chain.reinstated = {}
    assert A not in place.aside
    assert place.aside.ruled_out_to(A) == 0


async def test_what_is_noted_is_there_after_a_restart() -> None:
    place = Place()
    await place.aside.note(EARLY)
    await place.aside.note(LATE)
    before = place.state()
    await place.aside.load()
    assert place.state() == before


async def test_forged_evidence_sets_nobody_aside() -> None:
    place = Place()
    assert not await place.aside.note(Contradiction(EARLY.first, LATE.first))
    assert A in place.aside
    assert Evidence(EARLY, 3) == parse_evidence(pack_evidence([Evidence(EARLY, 3)]))[0]


async def test_evidence_by_a_key_that_was_replaced_before_holds_no_longer() -> None:
    place = Place()
    await place.aside.note(EARLY)
    assert A not in place.aside
    rotated = replace(METERS[A], keys=(*METERS[A].keys, (T, b"\x09" * 20)))
    place.chain.meters = METERS | {A: rotated}
    assert A in place.aside
    assert place.aside.evidence() == []
