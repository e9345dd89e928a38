"""What `zuva status` says of lags: what nobody says is unknown, and absence is words, not an error."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from zuva.health import disk_use, look, node_lag, overview_lags, words_of_bytes
from zuva.processes import free_port


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            {"intervals_waiting": 2, "lag_seconds": 1800, "peers": [{"alive": True}, {"alive": False}]},
            "2 intervals waiting, 1,800 s behind, 1 of 2 peers alive",
        ),
        ({"intervals_waiting": 0, "lag_seconds": 0, "peers": []}, "0 intervals waiting, 0 s behind"),
        (
            {"intervals_waiting": 0, "lag_seconds": 0, "disagreements": 3, "set_aside": 1},
            "3 disagreements, 1 set",
        ),
        ({}, "unknown intervals waiting, unknown s behind"),
        ({"intervals_waiting": "many", "peers": ["x", None]}, "unknown intervals waiting"),
    ],
)
def test_a_node_says_how_far_behind_it_is(answer: dict[str, Any], words: str) -> None:
    assert words in node_lag("oracle-1", answer).words


def test_the_overview_gives_the_lags_of_indexer_and_telemetry() -> None:
    overview = {
        "indexer": {"block_number": 120, "head_number": 125, "silence_seconds": 0.4},
        "telemetry": {"seen_at": 1000},
    }
    indexer, telemetry = overview_lags(overview, 1007.6)
    assert (indexer.words, telemetry.words) == ("5 blocks behind, heard of 0 s ago", "stored 8 s ago")
    assert indexer.figures == {"blocks_behind": 5, "silence_seconds": 0.4}
    [alone] = overview_lags({"indexer": {"head_number": None}, "telemetry": None}, 0)
    assert alone.words == "unknown blocks behind"


def test_who_does_not_answer_is_said_and_the_disk_is_measured_all_the_same(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "chain.log").write_bytes(b"x" * 5000)
    (tmp_path / "community.json").write_text("{}")
    found = asyncio.run(look(nobody, {"oracle-1": nobody}, tmp_path))
    assert [lag.service for lag in found.lags] == ["oracle-1", "indexer"]
    assert all("no answer from" in lag.words for lag in found.lags)
    assert found.disk_bytes["logs"] >= 5000
    assert set(found.disk_bytes) == {"logs", "community.json"}
    assert disk_use(tmp_path / "absent") == {}


def test_sizes_are_short() -> None:
    assert [words_of_bytes(n) for n in (0, 999, 12_345, 5_000_000_000, 10**13)] == [
        "0 B",
        "999 B",
        "12.3 kB",
        "5.0 GB",
        "10000.0 GB",
    ]
