"""The database mirrors the chain and the data sets behind it, exactly once."""

from pathlib import Path
from typing import Any

import psycopg

from backend.audit import audit
from protocol.ledger.bindings import contract
from protocol.ledger.transactions import read
from tests.integration.backend.conftest import caught_up, indexer_settings, indexing, rows
from tests.integration.backend.homes import FIRST, Homes


async def test_energy_and_certificates_follow_from_reports_and_mints(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    await homes.register(3)
    async with indexing(indexer_settings(homes, data_dir)):
        before = {home.meter_id: home.generated_wh for home in homes.homes}
        for interval in range(FIRST, FIRST + 4):
            await homes.report(interval)
            await homes.mint(interval)
        await caught_up(connection, homes)
    generated = sum(home.generated_wh - before[home.meter_id] for home in homes.homes)
    assert rows(
        connection,
        "SELECT sum(generated_wh), sum(certified_wh), min(status), max(status) FROM backend.interval",
    ) == [(generated, generated, 1, 1)]
    assert rows(connection, "SELECT sum(minted_wh) FROM backend.certificate") == [(generated,)]
    assert dict(
        rows(connection, "SELECT account, sum(wh)::bigint FROM backend.balance GROUP BY account")
    ) == {home.account: home.generated_wh - before[home.meter_id] for home in homes.homes}
    assert dict(rows(connection, "SELECT meter_id, generated_wh FROM backend.meter")) == {
        home.meter_id: home.generated_wh for home in homes.homes
    }
    assert rows(connection, "SELECT bool_and(meters_certified = meters_reporting) FROM backend.interval") == [
        (True,)
    ]
    assert rows(connection, "SELECT count(*) FROM backend.data_set_reading") == [(12,)]


async def test_energy_counts_as_certified_in_the_interval_that_generated_it(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    """A keeper may claim several intervals at once from the newest leaf, and some homes later than others."""
    certified = (
        "SELECT interval, generated_wh, certified_wh, meters_certified FROM backend.interval ORDER BY 1"
    )
    await homes.register(2)
    async with indexing(indexer_settings(homes, data_dir)):
        for interval in range(FIRST, FIRST + 4):
            await homes.report(interval)
        one, other = homes.sets[FIRST + 2]
        await homes.mint(FIRST + 2, [one])
        await caught_up(connection, homes)
        grown = dict(
            rows(
                connection,
                "SELECT interval, generated_wh FROM backend.meter_interval WHERE meter_id = %s",
                one.reading.meter_id,
            )
        )
        assert [(t, wh, n) for t, _, wh, n in rows(connection, certified)] == [
            (FIRST, grown[FIRST], 1),
            (FIRST + 1, grown[FIRST + 1], 1),
            (FIRST + 2, grown[FIRST + 2], 1),
            (FIRST + 3, 0, 0),
        ]
        await homes.mint(FIRST + 3, [*homes.sets[FIRST + 3]])
        await homes.mint(FIRST + 2, [other])
        await caught_up(connection, homes)
    assert all(generated == wh and n == 2 for _, generated, wh, n in rows(connection, certified))


async def test_a_claim_that_was_set_back_is_as_the_contract_has_it(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    await homes.register(2)
    home, other = homes.homes
    async with indexing(indexer_settings(homes, data_dir)):
        for interval in (FIRST, FIRST + 1):
            await homes.report(interval)
            await homes.mint(interval)
        await homes.dispute(home, FIRST + 1)
        await homes.reset_claim(home)
        await caught_up(connection, homes)
    function = contract("EnergyProduction").functions["claimOf"]
    address = homes.community.book.address("EnergyProduction")
    for one in (home, other):
        claim = function.decode(await read(homes.community.rpc, address, function.encode(one.meter_id)))
        found = "SELECT claimed_wh, seq, timestamp FROM backend.meter_claim WHERE meter_id = %s"
        assert rows(connection, found, one.meter_id) == [claim]
    assert claim[1] == 2
    assert rows(connection, "SELECT count(*) FROM backend.claim_reset") == [(1,)]
    checks = await audit(homes.community.rpc, homes.community.book, homes.database_url)
    assert [check for check in checks if check.difference] == []
