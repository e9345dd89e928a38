"""Choosing from what nodes chose equals choosing from all they hold, whatever each of them heard."""

from hypothesis import given
from hypothesis import strategies as st

from oracle.data_set import choose, union
from oracle.meters import Point
from protocol.intervals import DAY_SECONDS, interval_of
from protocol.reading import Reading, SignedReading

HOUR = 3600
MIDNIGHT = 20_000 * DAY_SECONDS
METERS = (b"\x0a" * 32, b"\x0b" * 32)
STEPS = st.sampled_from([600, HOUR, 5 * HOUR, 12 * HOUR, DAY_SECONDS, 2 * DAY_SECONDS])


def stream(meter_id: bytes, start: int, steps: list[int]) -> list[SignedReading]:
    readings, timestamp = [], start
    for seq, seconds in enumerate(steps, 1):
        timestamp += seconds
        readings.append(SignedReading(Reading(meter_id, seq, timestamp, seconds, 0, 0, 10 * seq), bytes(65)))
    return readings


@given(st.data())
def test_the_choice_of_choices_is_the_choice_of_everything(data: st.DataObject) -> None:
    start = MIDNIGHT + data.draw(st.sampled_from([0, HOUR, 13 * HOUR]))
    streams = {m: stream(m, start, data.draw(st.lists(STEPS, min_size=1, max_size=12))) for m in METERS}
    reported = dict.fromkeys(METERS, Point(0, start, 0, 0, 0))
    newest = max(s.reading.timestamp for readings in streams.values() for s in readings)
    interval = interval_of(data.draw(st.integers(start + HOUR, newest + HOUR)), HOUR)

    def of(held: dict[bytes, list[SignedReading]]) -> list[SignedReading]:
        return choose(held, reported, interval, HOUR)

    everything: dict[bytes, list[SignedReading]] = {}
    choices: dict[bytes, list[SignedReading]] = {}
    for _ in range(3):
        heard = {
            m: [s for s in readings if data.draw(st.booleans(), label=f"heard {s.reading.seq}")]
            for m, readings in streams.items()
        }
        everything = union(everything, (s for readings in heard.values() for s in readings))
        choices = union(choices, of(heard))
    assert of(choices) == of(everything)


def test_a_reading_after_days_without_any_stands_beside_the_last_before() -> None:
    # closed at midnight, then nothing for two days: the second day's energy has no certain day
    readings = stream(METERS[0], MIDNIGHT, [DAY_SECONDS, DAY_SECONDS + HOUR, HOUR])
    reported = {METERS[0]: Point(0, MIDNIGHT, 0, 0, 0)}
    interval = interval_of(MIDNIGHT + 3 * DAY_SECONDS, HOUR)
    chosen = choose({METERS[0]: readings}, reported, interval, HOUR)
    assert [s.reading.seq for s in chosen] == [1, 2, 3]


def test_of_one_seq_the_first_holder_counts() -> None:
    (ours,) = stream(METERS[0], MIDNIGHT, [HOUR])
    other = SignedReading(ours.reading, b"\x01" * 65)
    assert union({METERS[0]: [ours]}, [other]) == {METERS[0]: [ours]}
