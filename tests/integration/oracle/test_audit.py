"""The audit passes on an honest store, and names the first difference on one that was tampered with."""

from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio

from oracle.audit import audit
from oracle.store.repository import OracleStore
from protocol.audit import Check
from tests.conftest import short_directory
from tests.integration.oracle.community import GENESIS, HOUR, OracleCommunity, eventually, oracle_community

T0 = GENESIS // HOUR
DELETE_ONE_LEAF = (
    "DELETE FROM oracle_1.proposal_leaf WHERE seq = 3"
    " AND meter_id > (SELECT min(meter_id) FROM oracle_1.reading)"
)


@pytest_asyncio.fixture
async def audited(artefacts: None, database_url: str, broker_url: str) -> AsyncIterator[OracleCommunity]:
    """A community with three certified hours of two meters; its node is stopped."""
    with short_directory() as data:
        async with oracle_community(data, database_url, broker_url, meters=2) as community:
            async with community.node_running():
                community.step_clock(GENESIS + HOUR)
                for hour in range(1, 4):
                    signed = [community.sign(m, m.advance(100 * hour, imported=7)) for m in community.meters]
                    community.publish(*signed)
                    await community.acknowledged(*signed)
                    community.step_clock(GENESIS + (hour + 1) * HOUR)

                async def all_certified() -> bool:
                    claims = [
                        await community.ask("EnergyProduction", "claimOf", m.last.meter_id)
                        for m in community.meters
                    ]
                    return all(claim[0] == 600 for claim in claims)

                await eventually(all_certified, "certificates")
            yield community


async def run_audit(community: OracleCommunity) -> list[Check]:
    store = await OracleStore.open_to_read(community.settings.database_url, "oracle_1")
    try:
        secrets = {m.last.meter_id: m.secret for m in community.meters}
        return await audit(community.rpc, community.book, store, secrets)
    finally:
        await store.close()


def differences(checks: list[Check]) -> list[str]:
    return [check.difference for check in checks if check.difference]


async def tamper(community: OracleCommunity, *statements: str) -> None:
    """Change the store past its own guard, as somebody with the database's password could."""
    async with await psycopg.AsyncConnection.connect(community.settings.database_url) as connection:
        await connection.execute("SET session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement)


async def test_an_honest_store_passes_and_everything_was_looked_at(audited: OracleCommunity) -> None:
    checks = await run_audit(audited)
    assert differences(checks) == []
    assert all(
        check.examined > 0
        for check in checks
        if "not among the stored readings" not in check.statement and "void" not in check.statement
    )
    assert checks[0].examined == 6


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        # a register inside the signed record: the signature no longer fits
        ("UPDATE oracle_1.reading SET record = set_byte(record, 76, 9) WHERE seq = 2", "bad signature"),
        ("DELETE FROM oracle_1.reading WHERE seq = 2", "its data set holds no readings"),
        (f"DELETE FROM oracle_1.proposal WHERE interval = {T0 + 1}", "its data set is not in the store"),
        (DELETE_ONE_LEAF, "root"),
    ],
)
async def test_a_changed_store_is_found_out(audited: OracleCommunity, statement: str, words: str) -> None:
    await tamper(audited, statement)
    assert any(words in difference for difference in differences(await run_audit(audited)))


async def test_a_report_that_never_reached_the_chain_is_found_out(audited: OracleCommunity) -> None:
    await tamper(
        audited,
        "INSERT INTO oracle_1.reported SELECT side, interval - 1, data_hash, root, total_wh, leaf_count,"
        f" signers, block_number, block_hash FROM oracle_1.reported WHERE interval = {T0}",
    )
    assert any("is not on the chain" in difference for difference in differences(await run_audit(audited)))
