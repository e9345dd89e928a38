"""A rotation that a node sees late: what the old key signed since then counts nowhere."""

import asyncio

from oracle.backlog import Backlog
from oracle.data_set import DataSet
from oracle.judge import Judge
from oracle.meters import apply_event
from oracle.store.repository import OracleStore
from oracle.voiding import Voiding
from protocol.keys import SigningKey
from protocol.report import data_hash_of
from tests.integration.oracle.community import GENESIS, HOUR
from tests.integration.oracle.test_settlement import DOMAIN, METER, T0, reading

NEW_KEY = SigningKey(b"\x02" * 32)


async def test_what_the_old_key_signed_after_the_rotation_is_void_and_the_new_keys_statement_counts(
    database_url: str,
) -> None:
    store = await OracleStore.open(database_url, "oracle_9")
    meters = {METER.meter_id: METER}
    first, second, third = (reading(seq, 100 * seq) for seq in (1, 2, 3))
    await store.save_batch([first, second, third])
    latest = {METER.meter_id: third}
    backlog = Backlog(meters, meters, HOUR)
    for signed in (first, second, third):
        backlog.add(signed)
    proposed = DataSet(T0 + 2, data_hash_of([third.record()]), (third,))
    await store.data_sets.save([proposed])
    judge = Judge(DOMAIN, HOUR, meters, meters, latest, lambda: GENESIS + 9 * HOUR)
    voiding = Voiding(store, backlog, judge, meters, DOMAIN, asyncio.Lock())
    await voiding.look()
    assert await store.count_void() == 0
    rotation = {"meterId": METER.meter_id, "key": NEW_KEY.address, "validFromInterval": T0 + 1}
    apply_event(meters, "KeyRotated", rotation)
    await voiding.look()
    assert await store.count_void() == 2
    assert backlog.outlook().waiting() == {METER.meter_id: [first]}
    assert judge.newest(METER.meter_id) == first
    # what was proposed of them is still what it was, should it stand on the chain
    assert await store.data_sets.readings(T0 + 2, proposed.data_hash) == [third]
    anew = reading(2, 150).reading.sign(NEW_KEY, DOMAIN)
    await store.save_batch([anew], adopted=True)
    around = await store.neighbours(METER.meter_id, 3)
    assert (around.same, around.before) == (None, anew)
    assert [signed async for signed in store.all_readings()] == [first, anew]
    await store.close()
