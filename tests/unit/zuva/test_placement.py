"""Clusters outside their data directory: removed when that is gone for good, and only then."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from zuva.database.placement import belongs_also_to, cluster_of, remove_orphans


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state" / "clusters").mkdir(parents=True)
    return tmp_path / "state"


def cluster(state: Path, data_dir: Path, device: int | None = None) -> Path:
    """Make a cluster as a start under root does where PostgreSQL cannot reach the data directory."""
    inner = state / "clusters" / data_dir.name / "data"
    inner.mkdir(parents=True)
    home = data_dir / "postgres"
    home.mkdir(parents=True)
    (home / "elsewhere").write_text(f"{inner}\n")
    number = home.stat().st_dev if device is None else device
    (inner.parent / "belongs-to").write_text(f"{home}\ndevice {number}\n")
    return inner.parent


def test_a_cluster_goes_with_its_data_directory(state: Path, tmp_path: Path) -> None:
    kept, gone, anew = (cluster(state, tmp_path / name) for name in ("kept", "gone", "anew"))
    shutil.rmtree(tmp_path / "gone")
    (tmp_path / "anew" / "postgres" / "elsewhere").write_text("/somewhere/else\n")
    assert cluster_of(tmp_path / "kept") == kept / "data"
    assert remove_orphans(state) == [anew, gone]
    assert [kept.exists(), gone.exists(), anew.exists()] == [True, False, False]
    assert remove_orphans(state) == []


def test_a_data_directory_that_is_not_mounted_now_keeps_its_cluster(state: Path, tmp_path: Path) -> None:
    elsewhere = cluster(state, tmp_path / "volume", device=987_654_321)
    shutil.rmtree(tmp_path / "volume")
    assert remove_orphans(state) == []
    assert elsewhere.exists()


def test_a_cluster_that_a_server_works_in_is_left_alone(state: Path, tmp_path: Path) -> None:
    used = cluster(state, tmp_path / "gone")
    shutil.rmtree(tmp_path / "gone")
    with subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        cwd=used / "data",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdout is not None
        server.stdout.readline()
        assert remove_orphans(state) == []
        server.communicate(b"\n")
    assert remove_orphans(state) == [used]


def test_a_restored_data_directory_takes_its_cluster_along(state: Path, tmp_path: Path) -> None:
    growing = cluster(state, tmp_path / "growing")
    belongs_also_to(tmp_path / "growing", tmp_path / "whole")
    assert remove_orphans(state) == []
    (tmp_path / "growing").rename(tmp_path / "whole")
    assert remove_orphans(state) == []
    shutil.rmtree(tmp_path / "whole")
    assert remove_orphans(state) == [growing]
