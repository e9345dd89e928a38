"""Two of three nodes are there and cannot agree about one meter: everybody else's reports go on."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from oracle.meter_secrets import MeterSecrets
from tests.conftest import short_directory
from tests.integration.oracle.community import GENESIS, HOUR, OracleCommunity, oracle_community
from tests.integration.oracle.test_quorum import T0, publish_hour, reported


@pytest_asyncio.fixture
async def trio(artefacts: None, database_url: str, broker_url: str) -> AsyncIterator[OracleCommunity]:
    """Three nodes that are not started yet, and two meters."""
    with short_directory() as data:
        async with oracle_community(
            data, database_url, broker_url, meters=2, nodes=3, quorum=2, round_seconds=0.5, dispute_rounds=3
        ) as built:
            yield built


@pytest.mark.parametrize("other", [None, b"o" * 32], ids=["no secret", "another secret"])
async def test_a_meter_whose_secret_differs_at_one_node_is_left_out_and_comes_later(
    trio: OracleCommunity, monkeypatch: pytest.MonkeyPatch, other: bytes | None
) -> None:
    odd = trio.meters[1]
    whole = MeterSecrets.refresh
    mended: list[bool] = []

    def refresh(self: MeterSecrets) -> None:
        whole(self)
        if self._key.address != trio.nodes[1].key.address:
            return
        if mended:
            self[odd.last.meter_id] = odd.secret
        elif other is None:
            self.pop(odd.last.meter_id, None)
        else:
            self[odd.last.meter_id] = other

    monkeypatch.setattr(MeterSecrets, "refresh", refresh)
    async with trio.nodes_running(0, 1):
        await publish_hour(trio, 1, by=2)
        trio.step_clock(GENESIS + 2 * HOUR)
        await reported(trio, 1)
        _, meta = await trio.ask("EnergyProduction", "reportOf", T0)
        assert (meta["totalWh"], meta["count"]) == (100, 1)
        mended.append(True)
        await trio.nodes[1].stop()
        await trio.nodes[1].start()
        await publish_hour(trio, 2, by=2)
        trio.step_clock(GENESIS + 3 * HOUR)
        await reported(trio, 2)
        _, meta = await trio.ask("EnergyProduction", "reportOf", T0 + 1)
        assert (meta["totalWh"], meta["count"]) == (300, 2)
