"""What the store keeps of faults: meters that contradict themselves, proposals nobody can justify."""

from collections.abc import Sequence
from typing import Any

from oracle.quorum.contradiction import Contradiction
from oracle.quorum.disagreement import Disagreement
from oracle.store.connection import Connection
from protocol.reading import parse_record

DISAGREEMENTS_KEPT = 10_000


class Faults:
    """Contradictions and disagreements in a node's schema."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def contradictions(self) -> list[tuple[int, Contradiction]]:
        """Return every contradiction noted, with the block at which it was, oldest first."""
        rows = await self._connection.rows(
            "SELECT block_number, first_record, second_record FROM {s}.set_aside ORDER BY block_number"
        )
        return [(block, Contradiction(parse_record(a), parse_record(b))) for block, a, b in rows]

    async def save_contradiction(self, contradiction: Contradiction, block: int) -> None:
        """Keep the evidence for good."""
        await self._connection.execute(
            "INSERT INTO {s}.set_aside (meter_id, block_number, first_record, second_record, words)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            contradiction.meter_id,
            block,
            contradiction.first.record(),
            contradiction.second.record(),
            contradiction.words,
        )

    async def save_disagreements(self, disagreements: Sequence[Disagreement]) -> None:
        """Keep disagreements; the oldest go once there are `DISAGREEMENTS_KEPT`."""
        async with self._connection.transaction() as cursor:
            await cursor.executemany(
                self._connection.sql(
                    "INSERT INTO {s}.disagreement (interval, peer, meter_id, seq, ours, theirs, words)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s)"
                ),
                [(d.interval, d.peer, d.meter_id, d.seq, d.ours, d.theirs, d.words) for d in disagreements],
            )
            await cursor.execute(
                self._connection.sql(
                    "DELETE FROM {s}.disagreement WHERE id <= (SELECT max(id) FROM {s}.disagreement) - %s"
                ),
                (DISAGREEMENTS_KEPT,),
            )

    async def newest_disagreements(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest disagreements as they are shown, newest first."""
        rows = await self._connection.rows(
            "SELECT extract(epoch FROM noted_at)::bigint, interval, peer, meter_id, seq, ours, theirs, words"
            " FROM {s}.disagreement ORDER BY id DESC LIMIT %s",
            limit,
        )
        names = ("at", "interval", "peer", "meter_id", "seq", "ours", "theirs", "words")
        return [
            {
                name: "0x" + value.hex() if isinstance(value, bytes) else value
                for name, value in zip(names, row, strict=True)
            }
            for row in rows
        ]
