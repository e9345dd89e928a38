"""What the keeper does when the chain takes a report back, or takes nothing at all."""

from types import SimpleNamespace
from typing import Any

import pytest

from oracle.claims import Claimed, Leaf
from oracle.keeper import Keeper, ReportUndone
from oracle.meters import Meter, Point
from protocol.eip712 import Domain
from protocol.keys import SigningKey
from protocol.ledger.errors import RpcError, TransactionReverted
from protocol.reading import Reading, SignedReading

METER_ID = b"\x22" * 32
KEY = SigningKey(b"\x01" * 32)
SIGNED = Reading(METER_ID, 1, 7 * 3600, 3600, 0, 0, 100).sign(KEY, Domain(31337, b"\x11" * 20))


class PausedChain:
    """Refuses every question and every transaction, and counts the latter."""

    def __init__(self) -> None:
        self.mined = 0

    async def transact(self, *_: Any, **__: Any) -> None:
        self.mined += 1
        raise TransactionReverted("a transaction", "ContractsPaused", "contracts paused", {}, bytes(32))

    async def call(self, method: str, *_: Any) -> None:
        raise RpcError(method, 3, "execution reverted")


def keeper(chain: PausedChain, reported: dict[int, list[SignedReading]]) -> Keeper:
    """Return a keeper with one claim to make."""

    async def reported_between(after: int, last: int) -> dict[int, list[SignedReading]]:
        return reported

    made = Keeper(
        chain,
        chain,
        SimpleNamespace(address=lambda _: b"\x33" * 20, interval_seconds=3600),
        SimpleNamespace(reported_between=reported_between),
        {METER_ID: Meter(METER_ID, ((0, KEY.address),), 6_000, 6_000, False, Point(0, 0, 0, 0, 0))},
        200,
    )
    made._claimed = {METER_ID: Claimed(0, 0, 0)}
    made._pending = {METER_ID: [Leaf(7, SIGNED)]}
    return made


async def test_a_report_that_a_fork_took_back_is_no_end_of_the_node() -> None:
    with pytest.raises(ReportUndone, match="interval 7"):
        await keeper(PausedChain(), {}).mint()


async def test_a_pause_costs_one_transaction() -> None:
    chain = PausedChain()
    waiting = keeper(chain, {7: [SIGNED]})
    for _ in range(3):
        with pytest.raises(TransactionReverted):
            await waiting.mint()
    assert chain.mined == 1
