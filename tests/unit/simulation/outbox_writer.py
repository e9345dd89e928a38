"""A process that fills an outbox until it is killed; run by the crash test.

Every step enqueues one reading a meter and takes out those that are two steps old, in one transaction, and
then prints the step.
"""

import hashlib
import sys
from pathlib import Path

from simulation.publishing.outbox import Outbox, Outgoing, Progress

METERS = tuple(bytes([i]) * 32 for i in range(20))


def record_of(meter: bytes, seq: int) -> bytes:
    return (hashlib.sha512(meter + seq.to_bytes(8, "big")).digest() * 3)[:146]


def main(path: Path) -> None:
    with Outbox(path) as outbox:
        position = outbox.progress.position
        waiting = outbox.unacknowledged()
        print("open", flush=True)
        while True:
            position += 1
            old = [queued.id for queued in waiting if queued.outgoing.seq <= position - 2]
            waiting = [queued for queued in waiting if queued.outgoing.seq > position - 2]
            waiting += outbox.commit(
                Progress(position, position * 10, b"f"),
                enqueue=[Outgoing(meter, position, record_of(meter, position)) for meter in METERS],
                delivered=old,
            )
            print(position, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
