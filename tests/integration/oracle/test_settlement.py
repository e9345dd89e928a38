"""What a node computes of what stands on the chain: nothing of it is remembered from before."""

from oracle.backlog import Backlog
from oracle.data_set import propose
from oracle.meters import Meter, Point, point_of
from oracle.quorum.settlement import Settlement
from oracle.standing import Side, Standing
from oracle.store.repository import OracleStore
from protocol.eip712 import Domain
from protocol.keys import SigningKey
from protocol.reading import Reading, SignedReading
from tests.integration.oracle.community import GENESIS, HOUR

DOMAIN = Domain(31337, b"\x11" * 20)
T0 = GENESIS // HOUR
KEY = SigningKey(b"\x01" * 32)
METER = Meter(b"\x0a" * 32, ((0, KEY.address),), 6_000, 6_000, False, Point(0, GENESIS, 0, 0, 0))
METERS = {METER.meter_id: METER}
OLD, NEW = {METER.meter_id: b"o" * 32}, {METER.meter_id: b"n" * 32}


def reading(seq: int, import_wh: int) -> SignedReading:
    made = Reading(METER.meter_id, seq, GENESIS + seq * HOUR, HOUR, import_wh, 0, 0)
    return made.sign(KEY, DOMAIN)


async def settled(store: OracleStore) -> Settlement:
    # what is asked here, the chain is not asked for
    made = Settlement(None, store.data_sets, Backlog(METERS, METERS, HOUR), METERS)
    await made.load()
    return made


async def test_a_consumption_report_follows_from_chain_and_secrets_not_from_what_was_proposed(
    database_url: str,
) -> None:
    store = await OracleStore.open(database_url, "oracle_8")
    one, two = reading(1, 100), reading(2, 250)
    await store.save_batch([one, two])
    opening, after_one = {METER.meter_id: METER.opening}, {METER.meter_id: point_of(one.reading)}
    settlement = await settled(store)
    # first proposed when nothing was reported yet, and with another secret
    await settlement.keep([propose(T0 + 1, [two], opening, OLD).data_set])
    first, second = propose(T0, [one], opening, NEW), propose(T0 + 1, [two], after_one, NEW)
    await settlement.keep([first.data_set])
    standing = [
        Standing(Side.PRODUCTION, each.production, 1, number, bytes(32))
        for number, each in enumerate((first, second), 1)
    ]
    await store.data_sets.note_standing(standing, (2, bytes(32)))
    for again in (settlement, await settled(store)):
        assert await again.consumption(standing[0], NEW) == first.consumption
        assert await again.consumption(standing[1], NEW) == second.consumption
        assert second.consumption.total_wh == 150
    words = await again.consumption(standing[1], {})
    assert isinstance(words, str)
    assert "not enrolled" in words
    await store.close()
