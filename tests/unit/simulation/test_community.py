"""The Mesa model: energy and money conserved in integers, the same for a seed, whenever it is restarted."""

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from itertools import pairwise

import mesa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oracle.acceptance import judge_registers
from oracle.meters import Meter as RegisteredMeter
from oracle.meters import Point, point_of
from protocol.ack import Status
from protocol.reading import Reading
from protocol.registration import Category, Kind, MeterAttributes
from protocol.telemetry import parse_state
from simulation.errors import StateError
from simulation.model.agents import Consumer, Grid, Producer
from simulation.model.community import Community
from simulation.model.households import draw_households
from simulation.model.state import JOULES_PER_WH, State, decode_state

SEED = 20251103
FIRST = 1_762_120_800
"""Midnight of 3 November 2025 in Harare."""
STEPS_A_DAY = 96


@contextmanager
def community(homes: int = 10, *, seed: int = SEED, kept: bytes = b"") -> Iterator[Community]:
    model = Community(
        draw_households(seed, homes),
        seed=seed,
        first=FIRST,
        interval_seconds=900,
        offset_seconds=7200,
        state=decode_state(kept, homes),
    )
    try:
        yield model
    finally:
        model.free()


def test_the_agents_are_producers_consumers_and_a_grid():
    with community(20) as model:
        kinds = {kind: len(agents) for kind, agents in model.agents_by_type.items()}
    assert kinds == {Producer: 12, Consumer: 8, Grid: 1}
    assert isinstance(model, mesa.Model)


def test_energy_is_conserved_in_every_home_and_interval_and_money_in_the_pool():
    with community() as model:
        for _ in range(2 * STEPS_A_DAY):
            before = [astuple(home.meter) for home in model.homes]
            model.step()
            cleared = model.grid.clearing
            assert cleared is not None
            assert sum(cleared.charges_nano) == sum(cleared.payouts_nano) + cleared.grid_nano
            for home, old in zip(model.homes, before, strict=True):
                imported, exported, generated, load, _, _ = (
                    new - was for new, was in zip(astuple(home.meter), old, strict=True)
                )
                assert imported - exported == load - generated
                assert min(imported, exported, generated, load) >= 0
                registers = home.meter
                carried = registers.import_joules % JOULES_PER_WH - registers.export_joules % JOULES_PER_WH
                net_wh = registers.import_wh - registers.export_wh
                assert net_wh * JOULES_PER_WH + carried == registers.load_joules - registers.generated_joules
        state = model.state
        assert sum(m.import_wh for m in state.meters) == state.pool_wh + state.grid_import_wh
        assert sum(m.export_wh for m in state.meters) == state.pool_wh + state.grid_export_wh
        assert sum(m.charge_nano - m.payout_nano for m in state.meters) == state.grid_nano
        assert abs(state.remainder_micro) <= 2 * len(state.meters)
        # whole micro-units: what homes pay is what homes and the grid get, and the remainder
        charges, payouts = (
            sum(m.charge_micro for m in state.meters),
            sum(m.payout_micro for m in state.meters),
        )
        assert charges == payouts + state.grid_nano // 1000 + state.remainder_micro


def test_all_trade_happens_the_sun_feeds_the_pool_and_the_night_the_grid():
    with community(20) as model:
        for step in range(STEPS_A_DAY):
            generated = sum(m.generated_joules for m in model.state.meters)
            model.step()
            generated = sum(m.generated_joules for m in model.state.meters) - generated
            hour = step / 4
            if hour < 5 or hour >= 19:
                assert generated == 0
            if 8 <= hour < 15:
                assert generated > 0
        assert model.state.pool_wh > 0
        assert model.state.grid_import_wh > 0
        assert model.state.grid_export_wh > 0
        for home in model.homes:
            assert (home.meter.generated_wh > 0) == isinstance(home, Producer)
            assert home.household.is_producer or home.meter.payout_nano == 0


def run(steps: int, restarts: set[int], seed: int = SEED) -> bytes:
    """Return the state after some steps, with a new model from what is kept after each of the restarts."""
    kept = b""
    stops = [0, *sorted(restarts), steps]
    for begin, end in pairwise(stops):
        with community(5, seed=seed, kept=kept) as model:
            for _ in range(begin, end):
                model.step()
            kept = model.state.encode()
    return kept


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**62), st.sets(st.integers(1, 259), max_size=5))
def test_restarts_at_any_step_change_nothing(seed: int, restarts: set[int]):
    assert run(260, restarts, seed) == run(260, set(), seed)


def test_another_seed_is_another_community():
    assert run(STEPS_A_DAY, set(), 1) != run(STEPS_A_DAY, set(), 2)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_oracle_would_accept_every_reading_of_a_week(seed: int):
    begin = Point(0, FIRST, 0, 0, 0)
    with community(20, seed=seed) as model:
        meters = [registered(home.household.attributes, begin) for home in model.homes]
        points = [begin] * 20
        for _ in range(7 * STEPS_A_DAY):
            model.step()
            for number, home in enumerate(model.homes):
                counters = home.meter
                registers = (counters.import_wh, counters.export_wh, counters.generated_wh)
                seq = model.state.intervals
                reading = Reading(bytes(32), seq, model.next_begin, 900, *registers, 0)
                assert judge_registers(reading, meters[number], points[number], None) is Status.ACCEPTED
                points[number] = point_of(reading)


def registered(attributes: MeterAttributes, begin: Point) -> RegisteredMeter:
    return RegisteredMeter(
        meter_id=bytes(32),
        keys=((0, bytes(20)),),
        generation_capacity_w=attributes.generation_capacity_w,
        connection_capacity_w=attributes.connection_capacity_w,
        suspended=False,
        opening=begin,
    )


def test_what_meters_show_is_plausible_and_fits_what_registers_count():
    with community(20) as model:
        for _ in range(STEPS_A_DAY):
            before = [(m.generated_joules, m.import_joules - m.export_joules) for m in model.state.meters]
            begin = model.next_begin
            model.step()
            shown = [model.observe(second) for second in range(begin + 60, begin + 901, 60)]
            for number, meter in enumerate(model.state.meters):
                generated, net = before[number]
                made_w = sum(states[number].generation_w or 0 for states in shown)
                drawn_w = sum(states[number].power_w for states in shown)
                assert 60 * made_w == meter.generated_joules - generated
                assert 60 * drawn_w == meter.import_joules - meter.export_joules - net
            for state in shown[-1]:
                assert parse_state(state.encode()) == state
                assert 2070 < (state.voltage_decivolt or 0) < 2530
                assert 49_750 < (state.frequency_millihertz or 0) < 50_250
                assert 0 < (state.temperature_decicelsius or 0) < 600
                assert -1000 <= (state.power_factor_permille or 0) <= 1000
                assert (state.power_factor_permille or 0) * state.power_w >= 0


def test_what_meters_show_moves_from_second_to_second_within_what_they_may():
    noon = FIRST + 12 * 3600
    with community(20) as model:
        shown = [model.observe(second) for second in range(noon, noon + 900, 5)]
        capacities = [one.household.attributes.generation_capacity_w for one in model.homes]
        assert model.observe(noon + 7, [3, 11]) == [model.observe(noon + 7)[number] for number in (3, 11)]
    for home, capacity in enumerate(capacities):
        states = [moment[home] for moment in shown]
        assert len({state.power_w for state in states}) > 10
        assert len({state.voltage_decivolt for state in states}) > 5
        made = [state.generation_w or 0 for state in states]
        assert len(set(made)) > 10 or max(made) == 0
        assert max(made) <= (capacity or 0)
        assert min(made) >= 0


def test_looking_changes_nothing():
    with community(3) as looked, community(3) as left:
        for _ in range(STEPS_A_DAY + 1):
            for second in (looked.next_begin - 86_400, looked.next_begin + 1, looked.next_end):
                looked.observe(second)
            looked.step()
            left.step()
        assert looked.state == left.state


def test_a_model_that_is_let_go_is_freed():
    """Mesa 3.3 keeps every model in a table of the class Agent."""
    with community(3) as model:
        model.step()
        gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_homes_keep_what_they_are_when_others_join():
    few, many = draw_households(SEED, 5), draw_households(SEED, 200)
    assert many[:5] == few
    assert len({home.name for home in many}) == 200
    assert all(len(home.name.encode()) <= 64 for home in many)


def test_meters_are_registered_as_what_they_are():
    for home in draw_households(SEED, 40):
        attributes = home.attributes
        assert attributes.simulated
        assert (attributes.kind is Kind.GENERATION) == home.is_producer
        assert attributes.generation_capacity_w == home.inverter_w <= home.panels_w
        assert attributes.category in (Category.RESIDENTIAL, Category.COMMERCIAL)


def test_the_state_survives_the_disk():
    with community(3) as model:
        for _ in range(50):
            model.step()
        content = model.state.encode()
        assert decode_state(content, 3) == model.state
    assert decode_state(b"", 2) == State(meters=decode_state(b"", 2).meters)


@pytest.mark.parametrize(
    "damage", [lambda c: c[:-1], lambda c: c + b"x", lambda c: b"\x09" + c[1:], lambda c: c[:5]]
)
def test_a_state_that_does_not_fit_is_refused(damage):
    content = decode_state(b"", 3).encode()
    with pytest.raises(StateError, match="kept state"):
        decode_state(damage(content), 3)
    with pytest.raises(StateError, match="3 homes"):
        decode_state(content, 4)


def test_command_line_api_and_registrations_do_not_load_the_simulation_libraries():
    program = (
        "import sys; import simulation.homes.registrations, simulation.replay.service; "
        "import zuva.commands, zuva.api; "
        "sys.exit(','.join({'mesa', 'pvlib', 'pandas', 'scipy'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
