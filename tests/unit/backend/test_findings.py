"""What is wrong is said by the API, each with what it was judged by."""

from dataclasses import replace
from typing import Any

import pytest

from backend.api.admin.findings import MOST_SUBJECTS, Evidence, judge, verdict
from backend.api.admin.signers import NodeRecord
from backend.api.settings import ApiSettings

SETTINGS = ApiSettings(database_url="postgresql:///none")
HOME = {"meter_id": "0x01", "online": True, "state_age": 3, "behind": 0, "never": False}
SOUND = Evidence(
    interval_seconds=900,
    blocks_behind=0,
    silence_seconds=1,
    report_age=900,
    waiting=2,
    intervals={"mismatched": 0, "data_sets_missing": 0, "half_reported": 0},
    nodes={"0xaa": NodeRecord(0, 9, 3, 7, 6), "0xbb": NodeRecord(None, 9, 0, None, 9)},
    homes=[HOME, HOME | {"meter_id": "0x02", "online": None, "state_age": None}],
    telemetry={"silence_seconds": 1, "clock_age": 900, "dropped": {"too fast": 5}},
    unknown_refused={"oracle_1": 0},
    disagreements={"oracle_1": 0},
    set_aside=(),
    paused=False,
)


def test_a_sound_community_has_no_findings() -> None:
    assert judge(SOUND, SETTINGS) == []
    assert verdict([]) == "ok"


@pytest.mark.parametrize(
    ("change", "code", "numbers", "subjects"),
    [
        ({"silence_seconds": 16}, "indexer-silent", {"silence_seconds": 16, "limit": 15}, []),
        ({"silence_seconds": None}, "indexer-silent", {"silence_seconds": None, "limit": 15}, []),
        ({"blocks_behind": 65}, "indexer-behind", {"blocks": 65, "limit": 64}, []),
        ({"report_age": 2701}, "report-old", {"age_seconds": 2701, "limit": 2700}, []),
        ({"waiting": 3}, "intervals-waiting", {"waiting": 3, "limit": 2}, []),
        ({"intervals": SOUND.intervals | {"mismatched": 1}}, "mismatched", {"intervals": 1}, []),
        ({"intervals": SOUND.intervals | {"half_reported": 2}}, "half-reported", {"intervals": 2}, []),
        (
            {"intervals": SOUND.intervals | {"data_sets_missing": 3}},
            "data-sets-missing",
            {"intervals": 3},
            [],
        ),
        (
            {"nodes": {"0xaa": NodeRecord(0, 9, 0, None, 9, 900)}},
            "node-not-signing",
            {"nodes": 1, "most_missed": 9, "limit": 6},
            ["0xaa"],
        ),
        (
            {"unknown_refused": {"oracle_1": 3, "oracle_2": 0}},
            "unknown-meters-refused",
            {"readings": 3, "recent_seconds": 86_400},
            ["oracle_1"],
        ),
        (
            {"disagreements": {"oracle_2": 4}},
            "disagreements",
            {"disagreements": 4, "recent_seconds": 86_400},
            ["oracle_2"],
        ),
        ({"set_aside": ["0x03"]}, "meters-set-aside", {"meters": 1}, ["0x03"]),
        ({"homes": [HOME | {"online": False}]}, "homes-offline", {"homes": 1, "total": 1}, ["0x01"]),
        (
            {"homes": [HOME | {"state_age": 301}]},
            "homes-silent",
            {"homes": 1, "longest_seconds": 301, "limit": 300},
            ["0x01"],
        ),
        (
            {"homes": [HOME | {"behind": 5, "never": True}]},
            "homes-without-readings",
            {"homes": 1, "never": 1, "limit": 4},
            ["0x01"],
        ),
        ({"telemetry": None}, "telemetry-silent", {"silence_seconds": None, "limit": 30}, []),
        (
            {"telemetry": {"silence_seconds": 1, "clock_age": 2701, "dropped": {}}},
            "clock-stale",
            {"age_seconds": 2701, "limit": 2700},
            [],
        ),
        (
            {"telemetry": {"silence_seconds": 1, "clock_age": 1, "dropped": {"clock ahead": 7}}},
            "clock-refused",
            {"messages": 7},
            [],
        ),
        ({"paused": True}, "paused", {}, []),
    ],
)
def test_each_fault_is_found_with_its_numbers(
    change: dict[str, Any], code: str, numbers: dict[str, int], subjects: list[str]
) -> None:
    [found] = judge(replace(SOUND, **change), SETTINGS)
    assert (found.code, found.numbers, list(found.subjects)) == (code, numbers, subjects)
    assert verdict([found]) == found.severity


def test_the_worst_comes_first_and_subjects_are_bounded() -> None:
    homes = [HOME | {"meter_id": f"{n:04}", "online": False} for n in range(50)]
    found = judge(replace(SOUND, homes=homes, set_aside=["0x03"]), SETTINGS)
    assert [one.code for one in found] == ["meters-set-aside", "homes-offline"]
    assert len(found[1].subjects) == MOST_SUBJECTS
    assert verdict(found) == "critical"
