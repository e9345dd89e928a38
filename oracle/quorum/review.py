"""May this node sign what a leader proposes for an interval? Pure.

It signs exactly if every leaf is a reading that it accepted, and the leaves are those that the data set rule
chooses from the union of the proposal and what this node held at the first contact about the interval. So a
leader can neither invent a leaf nor leave one out, and late readings cannot keep the nodes from agreeing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from oracle.backlog import Backlog, Outlook
from oracle.data_set import Proposal, first_due_interval, propose, union
from oracle.quorum.contradiction import Contradiction
from oracle.quorum.messages import (
    MAX_LEAVES,
    TAG_BYTES,
    Claim,
    Key,
    ProposalMessage,
    ProposedInterval,
    key_of,
    parse_records,
    salt_tag,
    statement_of,
)
from protocol.errors import MalformedRecord
from protocol.intervals import interval_end
from protocol.leaf import interval_salt
from protocol.reading import SignedReading

TAKEN_AT_ONCE: Final = 20_000
# an honest leader stops adding intervals long before
LEAVES_LIMIT_BYTES: Final = 2 * MAX_LEAVES * 72


@dataclass(frozen=True, slots=True)
class Objection:
    """Why an interval is not signed.

    Attributes:
        problem: as in a `Vote`.
        words: the same for people.
        missing: leaves whose readings are not here, or not as the leader states them.
        offers: readings that belong into the interval, or before it, and are left out.
        contradictions: why meters of the proposal may not be reported.
        leaf: the leaf that differs, if it comes down to one.
        ours: root here, if the roots differ.
        theirs: root there.
        disputed: meters about which handing over readings does not help.
    """

    problem: Literal["not due", "missing", "offers", "refused"]
    words: str
    missing: tuple[Key, ...] = ()
    offers: tuple[SignedReading, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    leaf: Key | None = None
    ours: bytes | None = None
    theirs: bytes | None = None
    disputed: frozenset[bytes] = frozenset()


def needed(message: ProposalMessage, backlog: Backlog) -> list[SignedReading]:
    """Return those of the readings handed over that are leaves of the proposal and not held here.

    Others are not looked at: to hand readings over costs little, to check their signatures much. At most
    `TAKEN_AT_ONCE` are taken; the rest are still missing and will be handed over again.

    Raises:
        MalformedRecord: the leaves or records are not what they should be, or too many.
    """
    if sum(len(item.leaves) for item in message.intervals) > LEAVES_LIMIT_BYTES:
        raise MalformedRecord("a proposal has too many leaves")
    claims = {claim for item in message.intervals for claim in item.claims()}
    found = []
    for signed in parse_records(message.records):
        key = key_of(signed)
        if key.seq <= backlog.floor(key.meter_id) or Claim(key, statement_of(signed)) not in claims:
            continue
        held = backlog.find(*key)
        if held is None or held.reading != signed.reading:
            found.append(signed)
        if len(found) == TAKEN_AT_ONCE:
            break
    return found


def review(
    item: ProposedInterval,
    outlook: Outlook,
    backlog: Backlog,
    arrived: int,
    against: Callable[[bytes, int], Contradiction | None],
    secrets: Mapping[bytes, bytes],
) -> Proposal | Objection:
    """Return this node's own proposal over the proposed leaves, or why it does not stand by them.

    Args:
        item: the proposed interval.
        outlook: what would be reported before it.
        backlog: what waits here.
        arrived: mark of what had arrived at the first contact.
        against: tells by which contradiction a statement is ruled out.
        secrets: per meter, the secret that salts its consumption leaves.

    Raises:
        MalformedRecord: the leaves are not what they should be.
    """
    claims = item.claims()
    aside = {claim.key.meter_id: found for claim in claims if (found := against(*claim.key)) is not None}
    if aside:
        words = f"{len(aside)} meters contradicted themselves"
        return Objection("offers", words, contradictions=tuple(aside.values()))
    strangers = sorted({claim.key for claim in claims if claim.key.meter_id not in secrets})
    if strangers:
        words = f"{len(strangers)} leaves are of meters that are not enrolled here"
        return Objection(
            "refused", words, leaf=strangers[0], disputed=frozenset(key.meter_id for key in strangers)
        )
    proposed: list[SignedReading] = []
    missing: list[Key] = []
    for claim in claims:
        held = backlog.find(*claim.key)
        if held is not None and statement_of(held) == claim.statement:
            proposed.append(held)
        else:
            missing.append(claim.key)
    misfits = sorted(
        key_of(signed)
        for signed in proposed
        if not backlog.fits(signed, outlook.before(signed.reading.meter_id))
    )
    if misfits:
        words = f"{len(misfits)} leaves do not fit the registers reported before"
        return Objection(
            "refused", words, leaf=misfits[0], disputed=frozenset(key.meter_id for key in misfits)
        )
    if missing:
        newest = {claim.key.meter_id: claim.key.seq for claim in sorted(claims)}
        right = outlook.choose(item.interval, outlook.waiting(item.interval, arrived))
        newer = tuple(s for s in right if s.reading.seq > newest.get(s.reading.meter_id, -1))
        words = f"{len(missing)} leaves are not known here"
        return Objection("missing", words, missing=tuple(missing), offers=newer)
    return _agree(item, proposed, outlook, arrived, secrets, backlog.interval_seconds)


def _agree(
    item: ProposedInterval,
    proposed: list[SignedReading],
    outlook: Outlook,
    arrived: int,
    secrets: Mapping[bytes, bytes],
    interval_seconds: int,
) -> Proposal | Objection:
    interval = item.interval
    known = union(outlook.waiting(interval, arrived), proposed)
    right = outlook.choose(interval, known)
    proposed_keys = {key_of(signed) for signed in proposed}
    left_out = tuple(signed for signed in right if key_of(signed) not in proposed_keys)
    first = first_due_interval(known, outlook.last, interval_seconds)
    if first is not None and first < interval:
        end = interval_end(first, interval_seconds)
        early = (s for readings in known.values() for s in readings if s.reading.timestamp <= end)
        left_out = tuple({key_of(s): s for s in (*left_out, *early)}.values())
        return Objection("offers", f"interval {first} has something to report first", offers=left_out)
    if left_out:
        words = f"{len(left_out)} readings held here belong to interval {interval}"
        return Objection("offers", words, offers=left_out)
    if right != proposed or first != interval:
        surplus = sorted(proposed_keys - {key_of(signed) for signed in right})
        words = f"{len(surplus)} leaves do not belong to interval {interval}, or not in this order"
        return Objection("refused", words, leaf=surplus[0] if surplus else None)
    before = {signed.reading.meter_id: outlook.before(signed.reading.meter_id) for signed in proposed}
    proposal = propose(interval, proposed, before, secrets)
    if proposal.production.root != item.production_root:
        return Objection(
            "refused",
            f"the production root of interval {interval} is not that of its leaves",
            ours=proposal.production.root,
            theirs=item.production_root,
        )
    if proposal.consumption.root != item.consumption_root:
        return Objection(
            "refused",
            f"the consumption root of interval {interval} differs over the same readings: "
            "meters' secrets are not the same at both nodes, enrol them again",
            ours=proposal.consumption.root,
            theirs=item.consumption_root,
            disputed=frozenset(_differing_secrets(item, proposed, secrets)),
        )
    return proposal


def _differing_secrets(
    item: ProposedInterval, proposed: Sequence[SignedReading], secrets: Mapping[bytes, bytes]
) -> Iterator[bytes]:
    ours = salt_tags(item.interval, proposed, secrets)
    if len(item.salt_tags) == len(ours):
        for place, signed in enumerate(proposed):
            part = slice(place * TAG_BYTES, (place + 1) * TAG_BYTES)
            if item.salt_tags[part] != ours[part]:
                yield signed.reading.meter_id


def salt_tags(interval: int, readings: Sequence[SignedReading], secrets: Mapping[bytes, bytes]) -> bytes:
    """Return what tells, per leaf, whether another node has the same secret of its meter."""
    return b"".join(salt_tag(interval_salt(secrets[s.reading.meter_id], interval)) for s in readings)
