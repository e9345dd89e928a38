"""Noise: the same address has the same number for ever, other addresses have others."""

import numpy as np

from simulation.physics.noise import Noise


def test_a_number_belongs_to_its_address_for_ever():
    """A change here changes every simulated community that runs."""
    noise = Noise(20251103, "clouds of the day")
    assert noise.uniforms(3, 20400).round(12).tolist() == [0.681438453138, 0.141637778058, 0.570621385342]
    assert noise.uniform(20400) == noise.uniforms(3, 20400)[0]


def test_seed_purpose_and_address_all_matter():
    first = Noise(1, "a").uniform(5, 6)
    others = [Noise(2, "a").uniform(5, 6), Noise(1, "b").uniform(5, 6), Noise(1, "a").uniform(6, 5)]
    assert len({first, *others}) == 4


def test_numbers_are_spread_evenly_and_neighbours_are_independent():
    rows = np.array([Noise(7, "x").uniforms(1000, home) for home in range(100)])
    assert 0 < rows.min() < rows.max() < 1
    assert abs(rows.mean() - 0.5) < 0.005
    assert abs(np.corrcoef(rows[:-1].ravel(), rows[1:].ravel())[0, 1]) < 0.01
    assert abs(np.corrcoef(rows[:, :-1].ravel(), rows[:, 1:].ravel())[0, 1]) < 0.01


def test_normal_numbers_have_mean_zero_and_spread_one():
    numbers = Noise(7, "x").normals(100_000, 3)
    assert abs(numbers.mean()) < 0.01
    assert abs(numbers.std() - 1) < 0.01
