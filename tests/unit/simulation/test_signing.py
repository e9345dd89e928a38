"""Signed steps go on where the outbox stands, and notice when the data are not the same any more."""

import pytest

from protocol.eip712 import Domain
from protocol.reading import parse_record
from simulation.errors import OutboxError
from simulation.identities import Home, derive_homes
from simulation.publishing.outbox import Progress
from simulation.replay.measurements import HomeSeries, Measurements, Slot
from simulation.replay.registers import ZERO, Registers
from simulation.replay.signing import SignedStep, SignedSteps

DOMAIN = Domain(31337, b"\x11" * 20)
HOMES = derive_homes(["a", "b"], b"\x07" * 32)
L = 3600


def data(slots: int, load: int = 300) -> Measurements:
    rows = tuple(Slot(t * L, load, 100 * (t % 7)) for t in range(slots))
    return Measurements(L, (HomeSeries("a", rows), HomeSeries("b", rows[2:])))


def signed(
    measurements: Measurements,
    progress: Progress = Progress(),  # noqa: B008 - frozen
    homes: list[Home] = HOMES,
    domain: Domain = DOMAIN,
    opening: Registers = ZERO,
) -> SignedSteps:
    return SignedSteps(measurements, homes, domain, opening, progress)


def progress_after(steps: list[SignedStep], count: int) -> Progress:
    return Progress(steps[count - 1].position, 0, steps[count - 1].fingerprint)


def test_every_reading_is_signed_by_its_home_and_carries_its_registers():
    steps = list(signed(data(4)))
    assert [len(step.outgoing) for step in steps] == [1, 1, 2, 2]
    for step in steps:
        for outgoing in step.outgoing:
            record = parse_record(outgoing.record)
            home = next(home for home in HOMES if home.meter_id == outgoing.meter_id)
            assert record.signer(DOMAIN) == home.key.address
            assert record.reading.timestamp == step.end
            assert record.reading.seq == outgoing.seq
    last = parse_record(steps[-1].outgoing[0].record).reading
    assert (last.import_wh, last.export_wh, last.generated_wh) == (300 + 200 + 100 + 0, 0, 600)


@pytest.mark.parametrize("count", range(1, 11))
def test_going_on_gives_exactly_the_rest(count: int):
    steps = list(signed(data(10)))
    rest = signed(data(10), progress_after(steps, count))
    assert rest.issued == sum(len(step.outgoing) for step in steps[:count])
    assert list(rest) == steps[count:]


def test_longer_data_with_the_same_beginning_are_gone_on_with():
    steps = list(signed(data(5)))
    longer = list(signed(data(9), progress_after(steps, 5)))
    assert longer == list(signed(data(9)))[5:]


@pytest.mark.parametrize(
    "changed",
    [
        {"measurements": data(9, load=301)},
        {"homes": derive_homes(["a", "c"], b"\x07" * 32)},
        {"domain": Domain(31337, b"\x12" * 20)},
        {"domain": Domain(1, b"\x11" * 20)},
        {"opening": Registers(1, 0, 0)},
    ],
)
def test_other_data_homes_or_deployment_are_refused(changed: dict):
    progress = progress_after(list(signed(data(5))), 5)
    with pytest.raises(OutboxError, match="other data, homes or another deployment"):
        signed(**{"measurements": data(9), "progress": progress} | changed)


def test_shorter_data_are_refused():
    progress = progress_after(list(signed(data(5))), 5)
    with pytest.raises(OutboxError, match="5 slots far, the data have only 4"):
        signed(data(4), progress)
