"""What an audit finds: one check after the other, each with how much it looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One audited statement.

    Attributes:
        statement: what should hold, in words.
        examined: how many things were looked at.
        difference: the first thing for which it does not hold, in words; None if it holds for all.
    """

    statement: str
    examined: int
    difference: str | None = None
