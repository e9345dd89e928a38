"""What a certificate's id says about it. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from backend.api.words import SOURCES, word

_UNKNOWN_DAY = 0xFFFFFFFF
_SIMULATED = 1 << 40
_LAST_DAY = (date.max - date(1970, 1, 1)).days


@dataclass(frozen=True, slots=True)
class Identity:
    """Source, UTC day since 1970 (None where it could not be proved), simulated or real."""

    source: str
    day: int | None
    simulated: bool

    @property
    def date(self) -> str:
        """The day for people."""
        if self.day is None:
            return "unknown day"
        if self.day > _LAST_DAY:
            return f"day {self.day}"
        return datetime.fromtimestamp(self.day * 86_400, UTC).date().isoformat()


def identity_of(certificate_id: int) -> Identity | None:
    """Return what `certificate_id` stands for, None if no certificate can have it."""
    if certificate_id >> 41:
        return None
    source, day = certificate_id >> 32 & 0xFF, certificate_id & 0xFFFFFFFF
    return Identity(
        word(SOURCES, source), None if day == _UNKNOWN_DAY else day, bool(certificate_id & _SIMULATED)
    )
