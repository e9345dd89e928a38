"""Signs a source's steps from where the outbox stands, and proves that the source is still the same."""

import hashlib
import struct
from collections.abc import Iterator, Sequence

from protocol.eip712 import Domain
from protocol.reading import Reading
from simulation.errors import OutboxError
from simulation.identities import Home
from simulation.publishing.feed import SignedStep
from simulation.publishing.outbox import Outgoing, Progress
from simulation.replay.measurements import Measurements
from simulation.replay.registers import RegisterReading, Registers, steps

_PACKED = struct.Struct(">32sQQIQQQI")


class SignedSteps:
    """The steps that follow `progress`, each signed when it is asked for.

    Attributes:
        issued: number of readings in the steps up to `progress`.

    Raises:
        OutboxError: the outbox was filled from other data, another deployment or other keys.
    """

    def __init__(
        self,
        measurements: Measurements,
        homes: Sequence[Home],
        domain: Domain,
        opening: Registers,
        progress: Progress,
    ) -> None:
        self._homes = homes
        self._domain = domain
        self._position = 0
        self._hash = hashlib.sha256(domain.separator)
        self._steps = steps(measurements, opening)
        self.issued = self._skip_to(progress)

    def _skip_to(self, progress: Progress) -> int:
        issued = 0
        while self._position < progress.position:
            step = next(self._steps, None)
            if step is None:
                raise OutboxError(
                    f"the outbox is {progress.position} slots far, the data have only {self._position}; "
                    "replay the longer data again, or use another data directory"
                )
            self._record(step.readings)
            issued += len(step.readings)
        if progress.position and self._hash.digest() != progress.fingerprint:
            raise OutboxError(
                "the outbox was filled from other data, homes or another deployment; "
                "replay the same data again, or use another data directory"
            )
        return issued

    def _record(self, readings: list[tuple[int, RegisterReading]]) -> None:
        homes = self._homes
        self._hash.update(
            b"".join(
                _PACKED.pack(
                    homes[index].meter_id, r.seq, r.timestamp, r.period_seconds, *r.registers, r.flags
                )
                for index, r in readings
            )
        )
        self._position += 1

    def __iter__(self) -> Iterator[SignedStep]:
        return self

    def __next__(self) -> SignedStep:
        end, readings = next(self._steps)
        outgoing = []
        for index, reading in readings:
            home = self._homes[index]
            statement = Reading(
                home.meter_id,
                reading.seq,
                reading.timestamp,
                reading.period_seconds,
                *reading.registers,
                reading.flags,
            )
            record = statement.sign(home.key, self._domain).record()
            outgoing.append(Outgoing(home.meter_id, reading.seq, record))
        self._record(readings)
        return SignedStep(end, outgoing, self._position, self._hash.digest())
