"""Net metering: energy is conserved, registers only rise, outages leave no reading."""

from hypothesis import given
from hypothesis import strategies as st

from protocol.reading import Flag
from simulation.replay.measurements import HomeSeries, Measurements, Slot
from simulation.replay.registers import Registers, home_readings, steps

L = 3600
energies = st.integers(0, 10**9)
openings = st.builds(Registers, energies, energies, energies)


@st.composite
def homes(draw: st.DrawFn, name: str = "home") -> HomeSeries:
    rows = draw(st.dictionaries(st.integers(0, 60), st.tuples(energies, energies), min_size=1, max_size=30))
    return HomeSeries(name, tuple(Slot(t * L, *rows[t]) for t in sorted(rows)))


@given(homes(), openings)
def test_import_less_export_is_load_less_generation_in_every_slot(home: HomeSeries, opening: Registers):
    before = opening
    for slot, reading in zip(home.slots, home_readings(home, L, opening), strict=True):
        after = reading.registers
        imported, exported, generated = (b - a for a, b in zip(before, after, strict=True))
        assert imported - exported == slot.load_wh - slot.pv_wh
        assert generated == slot.pv_wh
        assert min(imported, exported) == 0
        assert max(imported, exported) >= 0
        before = after


@given(homes(), openings)
def test_registers_end_at_opening_plus_the_sums(home: HomeSeries, opening: Registers):
    *_, last = home_readings(home, L, opening)
    assert last.registers.generated_wh - opening.generated_wh == sum(slot.pv_wh for slot in home.slots)
    assert last.registers.import_wh - opening.import_wh == sum(
        max(slot.load_wh - slot.pv_wh, 0) for slot in home.slots
    )
    assert last.registers.export_wh - opening.export_wh == sum(
        max(slot.pv_wh - slot.load_wh, 0) for slot in home.slots
    )


@given(homes())
def test_sequence_rises_by_one_and_periods_cover_the_time_without_overlap(home: HomeSeries):
    readings = list(home_readings(home, L))
    assert [reading.seq for reading in readings] == list(range(1, len(home.slots) + 1))
    assert [reading.timestamp for reading in readings] == [slot.start + L for slot in home.slots]
    time = home.slots[0].start
    for reading in readings:
        assert reading.timestamp - reading.period_seconds == time
        assert bool(reading.flags & Flag.POWER_UP) == (reading.period_seconds > L)
        time = reading.timestamp


@given(st.lists(homes(), min_size=1, max_size=5))
def test_steps_hold_every_reading_once_in_order_of_time(series: list[HomeSeries]):
    found: dict[int, list] = {index: [] for index in range(len(series))}
    previous = 0
    for step in steps(Measurements(L, tuple(series))):
        assert step.end > previous
        assert step.readings
        previous = step.end
        for index, reading in step.readings:
            assert reading.timestamp == step.end
            found[index].append(reading)
    for index, home in enumerate(series):
        assert found[index] == list(home_readings(home, L))
