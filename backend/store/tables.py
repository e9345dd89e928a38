"""Column types and the metadata that all of the backend's tables share."""

from typing import Annotated

from sqlalchemy import BigInteger, LargeBinary, MetaData, Numeric, SmallInteger
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = "backend"

Binary = Annotated[bytes, mapped_column(LargeBinary)]
"""A hash, address or meter id, as raw bytes."""

Big = Annotated[int, mapped_column(BigInteger)]
"""Energy in Wh, seconds, block numbers, intervals, sequence numbers."""

Small = Annotated[int, mapped_column(SmallInteger)]

TokenId = Annotated[int, mapped_column(Numeric(78, 0))]
"""A uint256, such as a certificate id or the set of signers."""


class Base(DeclarativeBase):
    """All tables of the backend live in one schema."""

    metadata = MetaData(
        schema=SCHEMA,
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
        },
    )


class FromEvent:
    """Where a row's event is on the chain."""

    block_number: Mapped[Big]
    log_index: Mapped[int]
    tx_hash: Mapped[Binary]


class OfEvent(FromEvent):
    """A row that is a whole event, keyed by the event's place."""

    block_number: Mapped[Big] = mapped_column(primary_key=True)
    log_index: Mapped[int] = mapped_column(primary_key=True)
