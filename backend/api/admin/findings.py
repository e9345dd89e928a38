"""What is wrong with the community's machinery, judged from numbers. Pure.

A page that shows numbers leaves it to the reader to know which of them are bad; these are the rules.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from backend.api.admin.signers import NodeRecord
from backend.api.database import Row
from backend.api.settings import ApiSettings

Severity = Literal["info", "warning", "critical"]
_ORDER: Final = ("critical", "warning", "info")
MOST_SUBJECTS: Final = 20


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is not as it should be.

    Attributes:
        code: stable name of what it is.
        severity: critical where energy is not settled or data cannot be trusted.
        numbers: what it was judged by, with the limit where there is one.
        subjects: addresses, meter ids or schemas that it is about.
    """

    code: str
    severity: Severity
    numbers: Mapping[str, int | None] = field(default_factory=dict)
    subjects: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that findings are judged by.

    Attributes:
        interval_seconds: length of an interval.
        blocks_behind: blocks not indexed yet, None if unknown.
        silence_seconds: since the indexer was heard of, None if never.
        report_age: real seconds since the newest report came, None if unknown.
        waiting: intervals that wait for their report, None before the first.
        intervals: mismatched, and those before the newest that are half reported or without data set.
        nodes: by address.
        homes: meter_id, online, state_age, behind (intervals), never (reported) of each home in service.
        telemetry: silence_seconds, clock_age, dropped; None if it never ran.
        unknown_refused: readings of unknown meters that were refused recently, by node.
        disagreements: recent ones, by node.
        set_aside: meters that nodes set aside.
        paused: whether the contracts are paused.
    """

    interval_seconds: int
    blocks_behind: int | None
    silence_seconds: int | None
    report_age: int | None
    waiting: int | None
    intervals: Row
    nodes: dict[str, NodeRecord]
    homes: Sequence[Row]
    telemetry: Row | None
    unknown_refused: dict[str, int]
    disagreements: dict[str, int]
    set_aside: Sequence[str]
    paused: bool


def judge(seen: Evidence, settings: ApiSettings) -> list[Found]:
    """Return what is wrong, worst first."""
    found = [
        *_indexer(seen, settings),
        *_reports(seen, settings),
        *_nodes(seen, settings),
        *_homes(seen, settings),
        *_telemetry(seen, settings),
    ]
    return sorted(found, key=lambda one: _ORDER.index(one.severity))


def verdict(found: Iterable[Found]) -> Literal["ok", "warning", "critical"]:
    """Return the worst severity."""
    severities = {one.severity for one in found}
    return "critical" if "critical" in severities else "warning" if "warning" in severities else "ok"


def _indexer(seen: Evidence, settings: ApiSettings) -> Iterator[Found]:
    silence, limit = seen.silence_seconds, int(settings.ready_silence_seconds)
    if silence is None or silence > limit:
        yield Found("indexer-silent", "critical", {"silence_seconds": silence, "limit": limit})
    if (seen.blocks_behind or 0) > settings.ready_lag_blocks:
        numbers = {"blocks": seen.blocks_behind, "limit": settings.ready_lag_blocks}
        yield Found("indexer-behind", "warning", numbers)


def _reports(seen: Evidence, settings: ApiSettings) -> Iterator[Found]:
    limit = settings.admin_silent_intervals * seen.interval_seconds
    if (seen.report_age or 0) > limit:
        yield Found("report-old", "critical", {"age_seconds": seen.report_age, "limit": limit})
    if (seen.waiting or 0) > settings.admin_intervals_waiting:
        numbers = {"waiting": seen.waiting, "limit": settings.admin_intervals_waiting}
        yield Found("intervals-waiting", "warning", numbers)
    for code, severity, name in _INTERVALS:
        if seen.intervals[name]:
            yield Found(code, severity, {"intervals": seen.intervals[name]})
    if seen.paused:
        yield Found("paused", "warning")


_INTERVALS: Final[tuple[tuple[str, Severity, str], ...]] = (
    ("mismatched", "critical", "mismatched"),
    ("half-reported", "warning", "half_reported"),
    ("data-sets-missing", "warning", "data_sets_missing"),
)


def _nodes(seen: Evidence, settings: ApiSettings) -> Iterator[Found]:
    limit = settings.admin_missed_intervals
    silent = {
        address: node.missed_intervals
        for address, node in seen.nodes.items()
        if node.is_silent(limit, settings.admin_missed_seconds)
    }
    if silent:
        numbers = {"nodes": len(silent), "most_missed": max(silent.values()), "limit": limit}
        yield Found("node-not-signing", "warning", numbers, _some(silent))
    recent = settings.admin_recent_seconds
    for code, name, by_node in (
        ("unknown-meters-refused", "readings", seen.unknown_refused),
        ("disagreements", "disagreements", seen.disagreements),
    ):
        counts = {node: count for node, count in by_node.items() if count}
        if counts:
            yield Found(
                code, "warning", {name: sum(counts.values()), "recent_seconds": recent}, _some(counts)
            )
    if seen.set_aside:
        yield Found("meters-set-aside", "critical", {"meters": len(seen.set_aside)}, _some(seen.set_aside))


def _homes(seen: Evidence, settings: ApiSettings) -> Iterator[Found]:
    offline = [home["meter_id"] for home in seen.homes if home["online"] is False]
    if offline:
        numbers: dict[str, int | None] = {"homes": len(offline), "total": len(seen.homes)}
        yield Found("homes-offline", "warning", numbers, _some(offline))
    limit = settings.admin_state_seconds
    silent = {home["meter_id"]: home["state_age"] for home in seen.homes if (home["state_age"] or 0) > limit}
    if silent:
        numbers = {"homes": len(silent), "longest_seconds": max(silent.values()), "limit": limit}
        yield Found("homes-silent", "warning", numbers, _some(silent))
    limit = settings.admin_readings_behind
    without = {home["meter_id"]: home["never"] for home in seen.homes if (home["behind"] or 0) > limit}
    if without:
        numbers = {"homes": len(without), "never": sum(without.values()), "limit": limit}
        yield Found("homes-without-readings", "warning", numbers, _some(without))


def _telemetry(seen: Evidence, settings: ApiSettings) -> Iterator[Found]:
    limit = settings.admin_telemetry_seconds
    told = seen.telemetry or {"silence_seconds": None, "clock_age": None, "dropped": {}}
    silence = told["silence_seconds"]
    if silence is None or silence > limit:
        yield Found("telemetry-silent", "warning", {"silence_seconds": silence, "limit": limit})
    limit = settings.admin_silent_intervals * seen.interval_seconds
    if (told["clock_age"] or 0) > limit:
        yield Found("clock-stale", "warning", {"age_seconds": told["clock_age"], "limit": limit})
    if refused := told["dropped"].get("clock ahead"):
        yield Found("clock-refused", "warning", {"messages": refused})


def _some(subjects: Iterable[str]) -> list[str]:
    return sorted(subjects)[:MOST_SUBJECTS]
