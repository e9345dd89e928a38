"""How many questions of a peer a node has in hand."""

import asyncio

import pytest

from oracle.peers.errors import PeerTooEager
from oracle.peers.turns import Turns

A, B = b"\xaa" * 20, b"\xbb" * 20


async def test_a_peer_is_answered_one_question_at_a_time_and_holds_up_nobody_else() -> None:
    turns = Turns()
    answered: list[str] = []
    go_on = asyncio.Event()

    async def answer(peer: bytes, name: str) -> None:
        async with turns.turn(peer):
            answered.append(name)
            await go_on.wait()

    async with asyncio.TaskGroup() as asking:
        asking.create_task(answer(A, "a1"))
        asking.create_task(answer(A, "a2"))
        asking.create_task(answer(B, "b1"))
        for _ in range(3):
            await asyncio.sleep(0)
        assert answered == ["a1", "b1"]
        with pytest.raises(PeerTooEager):
            await answer(A, "a3")
        go_on.set()
    assert answered == ["a1", "b1", "a2"]
    await answer(A, "a4")
