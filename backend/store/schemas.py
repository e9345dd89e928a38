"""Names of other rooms' schemas, as settings give them."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def _split(value: object) -> object:
    return (
        tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value
    )


def _plain(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} is no schema name; write lower-case names with commas, such as oracle_1"
            )
    if len(set(names)) != len(names):
        raise ValueError("a schema is named twice; name each once, such as oracle_1,oracle_2")
    return names


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_plain)]
"""Schemas of oracle nodes, written with commas in between; none where no node's store is at hand."""
