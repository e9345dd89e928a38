"""Inputs that several endpoints take: ids in the path, pages, cursors."""

import base64
import binascii
from typing import Annotated, Literal

from fastapi import Depends, Path, Query

from backend.api.periods import Period
from backend.api.problems import Problem

BIG_LIMIT = 1 << 63

Limit = Annotated[int, Query(ge=1, le=1000, description="Items per page")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before; opaque")]
Interval = Annotated[int, Path(ge=0, lt=BIG_LIMIT, description="Interval index")]
Bound = Annotated[int | None, Query(ge=0, lt=BIG_LIMIT, description="Interval index, inclusive")]
_SECOND_LIMIT = 1 << 36
From = Annotated[
    int | None, Query(alias="from", ge=0, lt=_SECOND_LIMIT, description="Unix seconds, community time")
]
To = Annotated[
    int | None, Query(alias="to", ge=0, lt=_SECOND_LIMIT, description="Unix seconds, community time")
]
Bucket = Annotated[
    Literal["interval", "hour", "day"], Query(description="Hours and days are local, by the community's zone")
]
Account = Annotated[str | None, Query(pattern="^0x[0-9a-fA-F]{40}$", description="20 bytes as 0x and hex")]


def _meter_id(
    meter_id: Annotated[str, Path(pattern="^0x[0-9a-fA-F]{64}$", description="32 bytes as 0x and hex")],
) -> bytes:
    return bytes.fromhex(meter_id[2:])


MeterId = Annotated[bytes, Depends(_meter_id)]


def write_cursor(*key: int) -> str:
    """Return an opaque cursor that stands after the row with this key."""
    text = ",".join(map(str, key))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, parts: int) -> tuple[int, ...] | None:
    """Return the key a cursor stands for, None for the beginning.

    Raises:
        Problem: the cursor is not one of ours.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = tuple(
            int(part) for part in base64.b64decode(padded, altchars=b"-_", validate=True).decode().split(",")
        )
    except (ValueError, binascii.Error):
        key = ()
    if len(key) != parts or not all(0 <= part < BIG_LIMIT for part in key):
        raise Problem(
            422,
            "bad-cursor",
            "The cursor is not valid",
            "a cursor is the next_cursor of an earlier page, unchanged; leave it out to begin anew",
        )
    return key


def period_of(start: int, end: int) -> Period:
    """Return the span that was asked for.

    Raises:
        Problem: it ends before it begins.
    """
    if start >= end:
        raise Problem(
            422, "bad-range", "The range is not valid", f"from is {start}, to is {end}: to must be later"
        )
    return Period(start, end)
