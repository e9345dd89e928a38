"""Names of other rooms' schemas become part of statements, so only plain ones pass."""

import pytest
from pydantic import ValidationError

from backend.indexer.settings import IndexerSettings


def named(text: str) -> tuple[str, ...]:
    return IndexerSettings(database_url="", data_set_schemas=text).data_set_schemas  # type: ignore[arg-type]


def test_schemas_are_written_with_commas() -> None:
    assert named("oracle_1, oracle_2,") == ("oracle_1", "oracle_2")
    assert named("") == ()


@pytest.mark.parametrize("text", ["oracle-1", "oracle_1; DROP SCHEMA backend", "Oracle", "a,a", "x" * 64])
def test_what_is_no_plain_name_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="data_set_schemas"):
        named(text)


def test_they_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZUVA_INDEXER_DATA_SET_SCHEMAS", "oracle_1,oracle_2,oracle_3")
    settings = IndexerSettings(database_url="")
    assert settings.data_set_schemas == ("oracle_1", "oracle_2", "oracle_3")
