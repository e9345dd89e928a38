"""Energy of a home that came back after a gap is spread over the gap, and sums stay what was measured."""

from pathlib import Path
from typing import Any

import psycopg

from protocol.intervals import interval_end
from tests.integration.backend.conftest import caught_up, indexer_settings, indexing, rows
from tests.integration.backend.homes import FIRST, Homes
from tests.integration.backend.serving import serving

FLOWS = ("generated_wh", "import_wh", "export_wh")


async def test_energy_after_a_gap_is_pro_rata(
    homes: Homes, data_dir: Path, connection: psycopg.Connection[Any]
) -> None:
    await homes.register(2)
    steady, away = homes.homes
    async with indexing(indexer_settings(homes, data_dir)), serving(homes.database_url) as client:
        for interval in range(FIRST, FIRST + 6):
            # back in the fourth interval, and again in the sixth
            await homes.report(interval, [steady] if interval - FIRST in (1, 2, 4) else None)
        await caught_up(connection, homes)

        def grown(meter: bytes, field: str, since: int, upto: int) -> int:
            return int(
                rows(
                    connection,
                    f"SELECT sum({field})::bigint FROM backend.meter_interval"
                    " WHERE meter_id = %s AND interval BETWEEN %s AND %s",
                    meter,
                    FIRST + since,
                    FIRST + upto,
                )[0][0]
            )

        span = f"from={FIRST * 3600}&to={(FIRST + 6) * 3600}"
        own = (await client.get(f"/v1/meters/0x{away.meter_id.hex()}/production?bucket=hour&{span}")).json()[
            "items"
        ]
        assert [one["intervals"] for one in own] == [1, 0, 0, 1, 0, 1]
        assert [one["intervals_spread"] for one in own] == [0, 1, 1, 0, 1, 0]
        together = (await client.get(f"/v1/production?bucket=hour&{span}")).json()["items"]
        for field in FLOWS:
            first, second = grown(away.meter_id, field, 3, 3), grown(away.meter_id, field, 5, 5)
            shares = [
                grown(away.meter_id, field, 0, 0),
                *[first // 3] * 2,
                first // 3 + first % 3,
                second // 2,
                second // 2 + second % 2,
            ]
            assert [one[field] for one in own] == shares
            assert [one[field] for one in together] == [
                share + grown(steady.meter_id, field, n, n) for n, share in enumerate(shares)
            ]
        measured = (await client.get(f"/v1/meters/0x{away.meter_id.hex()}/production")).json()["items"]
        assert [one["intervals_spread"] for one in measured] == [0, 2, 1]
        assert [one["generated_wh"] for one in measured] == [
            grown(away.meter_id, "generated_wh", n, n) for n in (0, 3, 5)
        ]
        # a span that ends within the gap
        part = (
            await client.get(
                f"/v1/payouts?from={(FIRST + 2) * 3600}&to={(FIRST + 3) * 3600}"
                f"&account=0x{away.account.hex()}"
            )
        ).json()
        [meter], [account] = part["meters"], part["accounts"]
        assert meter["export_wh"] == account["export_wh"] == grown(away.meter_id, "export_wh", 3, 3) // 3
        assert (meter["intervals_known"], meter["intervals_spread"]) == (1, 1)
        assert part["community"]["export_wh"] == meter["export_wh"] + grown(
            steady.meter_id, "export_wh", 2, 2
        )
        assert (part["intervals_expected"], part["intervals_known"]) == (1, 1)
        # before anything was measured, and after
        for query in (f"from={(FIRST - 9) * 3600}&to={FIRST * 3600}", f"from={(FIRST + 99) * 3600}"):
            nothing = (await client.get(f"/v1/payouts?{query}")).json()
            assert (nothing["intervals_expected"], nothing["intervals_known"]) == (0, 0)
            for one in (*nothing["meters"], nothing["community"]):
                assert (one["intervals_known"], one["generated_wh"], one["payout_micro"]) == (0, None, None)
        for bucket in ("hour", "day", "interval"):
            for path in ("/v1", f"/v1/meters/0x{away.meter_id.hex()}"):
                late = await client.get(f"{path}/production?bucket={bucket}&from={(FIRST + 99) * 3600}")
                assert late.json()["items"] == []
        series = f"/v1/meters/0x{away.meter_id.hex()}/telemetry?from={(FIRST + 99) * 3600}"
        assert (await client.get(series)).json()["items"] == []
        today = (await client.get("/v1/community")).json()["today"]
        assert today["generated_wh"] == sum(one["generated_wh"] for one in together)
        assert interval_end(FIRST, 3600) == own[0]["end"]
