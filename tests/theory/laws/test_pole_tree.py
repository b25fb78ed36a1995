from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.theory.laws.pole_tree import PoleTree


def spread(name: str, count: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    if name == "bulk and outliers":
        bulk = 4 * rng.beta(1.5, 1.5, count - 2) - 2
        return np.sort(np.concatenate([bulk, [5.0, 1e4]]))
    if name == "clusters":
        parts = rng.standard_cauchy(count // 2) ** 3, rng.normal(1.0, 1e-9, count // 4)
        rest = np.full(count - count // 2 - count // 4, 1e-3)
        return np.sort(np.concatenate([*parts, rest]))
    return np.sort(rng.exponential(size=count))


@pytest.mark.parametrize("name", ["bulk and outliers", "clusters", "exponential"])
@pytest.mark.parametrize("count", [1, 33, 1000, 5000])
@pytest.mark.parametrize("height", [0.0, 1e-9, 1e-3, 1.0, 1e5])
def test_is_the_direct_sum(name, count, height):
    poles = spread(name, max(count, 4))[:count]
    weights = np.random.default_rng(4).uniform(0.5, 1.5, count) / count
    z = np.linspace(-3.013, 6.01, 37) + 1j * height
    kernel = 1 / (z[:, None] - poles)
    value, slope = PoleTree(poles, weights).sums(z)
    # Relative to the sum of the moduli, what the direct sum has itself.
    scale = np.abs(kernel) @ weights
    assert np.all(np.abs(value - kernel @ weights) < 4e-15 * scale)
    squared = np.abs(kernel) ** 2 @ weights
    assert np.all(np.abs(slope + kernel**2 @ weights) < 8e-15 * squared)
    if height == 0:
        assert not value.imag.any()
        assert not slope.imag.any()


def test_accuracy_against_forty_digits():
    poles = spread("exponential", 3000)
    weights = np.full(3000, 1 / 3000)
    # Beside a pole, half-way to the next, and far out.
    z = np.array([poles[1500] + 1e-13, poles[:2].mean() + 1e-15j, 1e3 - 1e3j])
    value, slope = PoleTree(poles, weights).sums(z)
    with mp.workdps(40):
        kernels = [[1 / (mp.mpc(w) - mp.mpf(x)) for x in poles.tolist()] for w in z]
        exact = [complex(mp.fsum(k) / 3000) for k in kernels]
        exact_slope = [complex(-mp.fsum(x * x for x in k) / 3000) for k in kernels]
    assert np.allclose(value, exact, rtol=1e-13)
    assert np.allclose(slope, exact_slope, rtol=1e-13)


@settings(max_examples=25)
@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=150),
    st.floats(-1e3, 1e3),
    st.floats(1e-6, 1e3),
)
def test_maps_half_planes_and_reflects(poles, x, y):
    tree = PoleTree(np.sort(poles), np.full(len(poles), 1 / len(poles)))
    z = np.array([complex(x, y), complex(x, -y)])
    value, slope = tree.sums(z)
    assert value[0].imag < 0
    assert value[1] == value[0].conjugate()
    assert slope[1] == slope[0].conjugate()


def test_infinite_at_a_pole_and_nowhere_else():
    poles = np.linspace(-1, 1, 257)
    tree = PoleTree(poles, np.full(257, 1 / 257))
    value, slope = tree.sums(np.array([poles[17], 0.5003, poles[-1]]) + 0j)
    assert value[[0, 2]].tolist() == [math.inf] * 2
    assert slope[[0, 2]].tolist() == [-math.inf] * 2
    assert np.isfinite(value[1])


def test_many_points_go_through_in_parts():
    poles = spread("exponential", 400)
    tree = PoleTree(poles, np.full(400, 1 / 400))
    z = np.linspace(-1, 8, 40_000) + 0.01j
    value = tree.sums(z)[0]
    some = [0, 19_999, 20_000, 39_999]
    assert np.allclose(value[some], tree.sums(z[some])[0], rtol=1e-15)
    assert tree.sums(z[:0])[0].shape == (0,)
