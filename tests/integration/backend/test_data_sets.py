"""Energy comes from data sets that recompute to the reports; what does not fit is named, never counted."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from protocol.keys import SigningKey
from protocol.reading import SignedReading
from tests.integration.backend.conftest import caught_up, indexer_settings, indexing, rows, until
from tests.integration.backend.homes import FIRST, VIEW, Home, Homes

STATUS = "SELECT status FROM backend.interval ORDER BY interval"
PROBLEMS = "SELECT problem FROM backend.interval WHERE status = 2 ORDER BY interval"
SUMS = "SELECT generated_wh, import_wh, export_wh FROM backend.interval ORDER BY interval"


async def report_without_set(homes: Homes, interval: int) -> tuple[int, int]:
    """Report an interval whose data set the node does not show; returns what it adds up to."""
    before = [(home.generated_wh, home.import_wh) for home in homes.homes]
    readings = homes.read(interval)
    generated = sum(home.generated_wh - was for home, (was, _) in zip(homes.homes, before, strict=True))
    imported = sum(home.import_wh - was for home, (_, was) in zip(homes.homes, before, strict=True))
    await homes.send_reports(interval, readings, generated, imported)
    return generated, imported


async def test_a_late_data_set_is_taken_in_between(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    await homes.register(2)
    async with indexing(indexer_settings(homes, data_dir)):
        await homes.report(FIRST)
        await report_without_set(homes, FIRST + 1)
        await homes.report(FIRST + 2)
        await homes.mint(FIRST + 2)
        await homes.report(FIRST + 3)
        await caught_up(connection, homes)
        assert rows(connection, STATUS) == [(1,), (0,), (1,), (1,)]
        homes.keep(FIRST + 1, homes.sets[FIRST + 1])
        await until(lambda: rows(connection, STATUS) == [(1,)] * 4)
    assert rows(connection, SUMS)[1] != (0, 0, 0)
    reported = "SELECT total_wh FROM backend.reported WHERE side = %s ORDER BY interval"
    assert rows(connection, reported, 0) == [(generated,) for generated, _, _ in rows(connection, SUMS)]
    assert rows(connection, reported, 1) == [(imported,) for _, imported, _ in rows(connection, SUMS)]
    certified = "SELECT meters_certified FROM backend.interval ORDER BY interval"
    assert rows(connection, certified) == [(2,), (2,), (2,), (0,)]


async def test_without_the_nodes_view_intervals_wait(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    await homes.register(1)
    async with indexing(indexer_settings(homes, data_dir)):
        await report_without_set(homes, FIRST)
        await caught_up(connection, homes)
        assert rows(connection, STATUS) == [(0,)]
        connection.execute(VIEW.format("oracle_1"))
        homes.keep(FIRST, homes.sets[FIRST])
        await until(lambda: rows(connection, STATUS) == [(1,)])


def forged(signed: SignedReading) -> bytes:
    record = bytearray(signed.record())
    record[60] ^= 1
    return bytes(record)


async def test_the_next_node_is_asked_where_one_is_behind_absent_or_wrong(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    """A node may also keep sets of the same interval that it proposed and that did not land."""
    await homes.register(2)
    names = "oracle_1,oracle_2,oracle_3"
    async with indexing(indexer_settings(homes, data_dir, data_set_schemas=names)):
        await report_without_set(homes, FIRST)
        await report_without_set(homes, FIRST + 1)
        one, other = homes.sets[FIRST]
        homes.keep(FIRST, homes.sets[FIRST][:1], node="oracle_1")
        homes.keep(FIRST, homes.sets[FIRST], records=[forged(one), other.record()], node="oracle_1")
        await until(lambda: rows(connection, STATUS) == [(2,), (0,)])
        assert rows(connection, PROBLEMS)[0][0].startswith("oracle_1: the records hash to")
        homes.keep(FIRST + 1, homes.sets[FIRST + 1], node="oracle_3")
        homes.keep(FIRST, homes.sets[FIRST], node="oracle_3")
        await until(lambda: rows(connection, STATUS) == [(1,), (1,)])
    assert rows(connection, "SELECT count(*) FROM backend.data_set") == [(2,)]


async def test_a_tampered_record_is_a_mismatch_until_it_is_mended(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    await homes.register(2)
    async with indexing(indexer_settings(homes, data_dir)):
        await homes.report(FIRST)
        generated, _ = await report_without_set(homes, FIRST + 1)
        one, other = homes.sets[FIRST + 1]
        homes.keep(FIRST + 1, homes.sets[FIRST + 1], records=[forged(one), other.record()])
        await until(lambda: rows(connection, STATUS) == [(1,), (2,)])
        [(problem,)] = rows(connection, PROBLEMS)
        assert "the records hash to" in problem
        assert rows(connection, "SELECT count(*) FROM backend.data_set_reading") == [(2,)]
        connection.execute(
            "UPDATE oracle_1.data_set SET record = %s WHERE interval = %s AND meter_id = %s",
            (one.record(), FIRST + 1, one.reading.meter_id),
        )
        await until(lambda: rows(connection, STATUS) == [(1,), (1,)])
    assert rows(connection, SUMS)[1][0] == generated
    assert rows(connection, PROBLEMS) == []


@pytest.mark.parametrize(
    ("generated_off", "import_off", "words"),
    [(1, 0, "the production report totals"), (0, 1, "the consumption report totals")],
)
async def test_a_total_that_the_readings_do_not_have_is_a_mismatch(
    homes: Homes,
    data_dir: Path,
    connection: psycopg.Connection[Any],
    generated_off: int,
    import_off: int,
    words: str,
) -> None:
    await homes.register(1)
    home = homes.homes[0]
    before = (home.generated_wh, home.import_wh)
    readings = homes.read(FIRST)
    homes.keep(FIRST, readings)
    async with indexing(indexer_settings(homes, data_dir)):
        await homes.send_reports(
            FIRST,
            readings,
            home.generated_wh - before[0] + generated_off,
            home.import_wh - before[1] + import_off,
        )
        await homes.report(FIRST + 1)
        await caught_up(connection, homes)
    assert rows(connection, STATUS) == [(2,), (1,)]
    [(problem,)] = rows(connection, PROBLEMS)
    assert problem.startswith(words)


async def test_reports_of_one_interval_must_name_one_data_set(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    await homes.register(2)
    before = [(home.generated_wh, home.import_wh) for home in homes.homes]
    readings = homes.read(FIRST)
    homes.keep(FIRST, readings)
    generated = sum(home.generated_wh - was for home, (was, _) in zip(homes.homes, before, strict=True))
    async with indexing(indexer_settings(homes, data_dir)):
        await homes.send_reports(FIRST, readings, generated, 0, sides=("EnergyProduction",))
        await caught_up(connection, homes)
        assert rows(connection, STATUS) == [(1,)]
        await homes.send_reports(FIRST, readings[:1], 0, 0, sides=("EnergyConsumption",))
        await caught_up(connection, homes)
    assert rows(connection, PROBLEMS) == [("the consumption report names another data set",)]


async def test_a_reading_of_a_stranger_is_a_mismatch(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    await homes.register(1)
    stranger = Home(SigningKey.generate(), SigningKey.generate(), bytes(31) + b"\x01")
    readings = homes.read(FIRST, [*homes.homes, stranger])
    homes.keep(FIRST, readings)
    async with indexing(indexer_settings(homes, data_dir)):
        await homes.send_reports(FIRST, readings, 0, 0)
        await caught_up(connection, homes)
    [(problem,)] = rows(connection, PROBLEMS)
    assert problem.endswith(f"the data set has a reading of unregistered meter 0x{stranger.meter_id.hex()}")
    assert rows(connection, "SELECT count(*) FROM backend.data_set_reading") == [(0,)]


async def test_a_meter_may_have_two_leaves_in_a_report(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    """A day's last reading and the interval's own: the growth is counted once, from the last of them."""
    await homes.register(1)
    home = homes.homes[0]
    before = (home.generated_wh, home.import_wh)
    both = [*homes.read(FIRST), *homes.read(FIRST + 1)]
    homes.keep(FIRST + 1, both)
    generated, imported = home.generated_wh - before[0], home.import_wh - before[1]
    energy = (
        "SELECT status, generated_wh, certified_wh, meters_reporting, meters_certified FROM backend.interval"
    )
    async with indexing(indexer_settings(homes, data_dir)):
        await homes.send_reports(FIRST + 1, both, generated, imported)
        await caught_up(connection, homes)
        assert rows(connection, energy) == [(1, generated, 0, 1, 0)]
        assert rows(connection, "SELECT leaf_count FROM backend.data_set") == [(2,)]
        homes.sets[FIRST + 1] = both
        await homes.mint(FIRST + 1, both[:1])
        await caught_up(connection, homes)
        assert rows(connection, energy) == [(1, generated, both[0].reading.generated_wh - before[0], 1, 0)]
        await homes.mint(FIRST + 1, both[1:])
        await caught_up(connection, homes)
    assert rows(connection, energy) == [(1, generated, generated, 1, 1)]
