"""Measured homes become certificates, to the watt-hour, whatever is killed on the way.

`ZUVA_MEASURED_HOMES` names a CSV of measured homes (and `ZUVA_MEASURED_ZONE` its zone), of which eight homes
and a week are replayed; without it the built-in days are repeated to a week.
"""

import csv
import os
import sqlite3
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from benchmarks.community import RunningCommunity, running_community
from protocol.ledger import compiler
from simulation.day import DAY_FILE, DAY_ZONE
from tests.conftest import short_directory
from tests.integration.held import HeldPublisher

HOMES = 8
DAYS = 7
SLOTS = HOMES * DAYS * 24


def measured_week(folder: Path) -> tuple[Path, str, Counter[str]]:
    """Return a CSV of eight homes and a week, its zone, and each home's generation in Wh."""
    source = Path(os.environ.get("ZUVA_MEASURED_HOMES", DAY_FILE))
    zone = os.environ.get("ZUVA_MEASURED_ZONE", DAY_ZONE)
    with source.open() as file:
        rows = [(r["home"], datetime.fromisoformat(r["slot_start"]), r) for r in csv.DictReader(file)]
    homes = sorted({home for home, _, _ in rows})[:HOMES]
    first = min(start for _, start, _ in rows)
    whole_days = (max(start for _, start, _ in rows) - first + timedelta(hours=1)).days
    week, generated = [], Counter[str]()
    for day in range(DAYS):
        shift = timedelta(days=day - day % whole_days)
        begin = first + timedelta(days=day % whole_days)
        for home, start, row in rows:
            if home in homes and begin <= start < begin + timedelta(days=1):
                week.append((home, (start + shift).isoformat(), row["load_wh"], row["pv_wh"]))
                generated[home] += int(row["pv_wh"])
    path = folder / "week.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["home", "slot_start", "load_wh", "pv_wh"])
        writer.writerows(sorted(week))
    assert len(week) == SLOTS
    return path, zone, generated


def certified_by_home(community: RunningCommunity) -> Counter[str]:
    return Counter(
        {m["name"]: m["total"]["certified_wh"] for m in community.get("/v1/meters?limit=100")["items"]}
    )


def readings_visible(community: RunningCommunity) -> int:
    return int(community.get("/v1/totals")["readings"])


@pytest.mark.parametrize("victims", [[], ["oracle-2", "chain"], ["indexer", "broker", "db"]], ids="-".join)
def test_certificates_equal_the_generation_to_the_watt_hour(victims: list[str], tmp_path: Path) -> None:
    compiler.build()
    file, zone, generated = measured_week(tmp_path)
    pace = "0.06" if victims else "0"
    settings = {"ZUVA_REPLAY_FILE": str(file), "ZUVA_REPLAY_ZONE": zone, "ZUVA_REPLAY_PACE_SECONDS": pace}
    with short_directory() as data, running_community(data, settings) as community:
        replay = HeldPublisher(community, "replay", ahead=6 * HOMES)

        def visible(threshold: int) -> bool:
            replay.hold_after(threshold)
            return readings_visible(community) > threshold

        for number, victim in enumerate(victims, 1):
            threshold = SLOTS * number // (len(victims) + 2)
            community.wait_for("progress", partial(visible, threshold), 180)
            replay.go_on()
            assert community.state("replay") == "ready", "the replay was over before the kill"
            community.kill(victim)
        community.wait_for("end of the replay", lambda: community.state("replay") == "done", 240)
        community.wait_for("all readings", lambda: readings_visible(community) == SLOTS, 120)
        community.wait_for("certificates", lambda: +certified_by_home(community) == +generated, 120)
        audit = community.command("audit")
        assert audit.returncode == 0, audit.stdout + audit.stderr
        with sqlite3.connect(data / "replay" / "outbox.sqlite") as outbox:
            assert outbox.execute("SELECT count(*) FROM unacknowledged").fetchone() == (0,)
            assert outbox.execute("SELECT count(*) FROM refused").fetchone() == (0,)
