"""What a peer said that this node cannot agree to, down to the leaf."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A proposal, or a report on the chain, that this node's readings do not bear out.

    Attributes:
        interval: interval index.
        words: what differs, for people.
        peer: who proposed it; None for a report on the chain.
        meter_id: the differing leaf's meter, if it comes down to one.
        seq: its sequence number.
        ours: what this node holds of it: a record, or a hash or root.
        theirs: what the other side holds of it.
    """

    interval: int
    words: str
    peer: bytes | None = None
    meter_id: bytes | None = None
    seq: int | None = None
    ours: bytes | None = None
    theirs: bytes | None = None
