"""What came of a proposal, and of one exchange about it."""

from dataclasses import dataclass, field

from oracle.quorum.messages import Key

# by signer: two URLs may lead to the same node
Signatures = dict[bytes, bytes]


@dataclass(slots=True)
class Outcome:
    """What came of a proposal.

    Attributes:
        landed: intervals whose production reports were sent and stand.
        not_due: whether a node only waits for its clock.
        words: what keeps the quorum from signing, for people.
    """

    landed: int = 0
    not_due: bool = False
    words: str = ""


@dataclass(slots=True)
class Exchange:
    """What peers answered to one version of a proposal."""

    signatures: list[Signatures]
    missing: set[Key] = field(default_factory=set)
    learnt: bool = False
    not_due: bool = False
    behind: bool = False
    words: list[str] = field(default_factory=list)
