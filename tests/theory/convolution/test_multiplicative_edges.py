from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.theory.convolution.multiplicative_edges import multiplicative_gaps
from eigenscape.theory.laws import (
    Affine,
    Arcsine,
    Discrete,
    MarchenkoPastur,
    Semicircle,
    Uniform,
)


def test_one_population_is_marchenko_pastur():
    population = Discrete(np.array([1.0, 1.0 + 1e-9]), np.array([0.5, 0.5]))
    gaps = multiplicative_gaps(population, MarchenkoPastur(0.25))
    assert gaps.start == pytest.approx([2.25], rel=2e-9)
    assert gaps.end == pytest.approx([0.25], rel=2e-9)


def test_edges_of_two_wisharts_in_closed_form():
    """S = 1/((1 + cT)(1 + dT)): z = (1 + T)(1 + cT)(1 + dT)/T, and z′(T) = 0."""
    c, d = 0.3, 0.6
    gaps = multiplicative_gaps(MarchenkoPastur(c), MarchenkoPastur(d))
    roots = np.roots([2 * c * d, c + d + c * d, 0.0, -1.0])
    real = np.sort(roots[np.abs(roots.imag) < 1e-12].real)
    z = (1 + real) * (1 + c * real) * (1 + d * real) / real
    assert gaps.start == pytest.approx([z.max()], rel=1e-13)
    assert gaps.end == pytest.approx([z[(z > 0) & (z < 1)].min()], rel=1e-12)


def test_a_hard_edge_stays_at_zero():
    gaps = multiplicative_gaps(MarchenkoPastur(1.0), MarchenkoPastur(1.0))
    assert gaps.end.tolist() == [0.0]
    assert gaps.start == pytest.approx([6.75], rel=1e-15)


def test_semicircle_times_wishart_is_symmetric():
    gaps = multiplicative_gaps(Semicircle(1.0), MarchenkoPastur(0.5))
    assert gaps.end == pytest.approx(-gaps.start, rel=1e-14)
    # z(w) = w (1 + cT), T = wg − 1 = σ²g²: with w = g + 1/g, z = (g + 1/g)(1 + g²/2)
    # and z′ = 0 where 3g⁴/2 + 3g²/2 − 1 = 0.
    square = (-1.5 + math.sqrt(2.25 + 6)) / 3
    g = math.sqrt(square)
    edge = (g + 1 / g) * (1 + square / 2)
    assert gaps.start == pytest.approx([edge], rel=1e-14)


def test_far_apart_populations_keep_a_wishart_cluster_each():
    population = Discrete(np.array([1.0, 1e4, 1e8]), np.array([0.3, 0.3, 0.4]))
    gaps = multiplicative_gaps(population, MarchenkoPastur(0.1))
    # A population of mass p and those below it: a Marchenko–Pastur law of ratio cp,
    # scaled by 1 − c for each mass above; the rest is of order 1e-4.
    above = 1 - 0.1 * np.array([0.7, 0.4, 0.0])
    spread = np.sqrt(0.1 * np.array([0.3, 0.3, 0.4]) / above)
    expected = population.locations * above * (1 + spread) ** 2
    assert gaps.start == pytest.approx(expected, rel=1e-3)
    expected = population.locations * above * (1 - spread) ** 2
    assert np.sort(gaps.end) == pytest.approx(expected, rel=1e-3)


def test_many_atoms_leave_only_the_wide_gaps():
    places = np.concatenate([np.linspace(1, 2, 400), np.linspace(8, 9, 400)])
    gaps = multiplicative_gaps(Discrete.empirical(places), MarchenkoPastur(0.02))
    assert gaps.start.size == 2
    shifted = Affine(Discrete.empirical(places), 2.0)
    doubled = multiplicative_gaps(shifted, MarchenkoPastur(0.02))
    assert doubled.start == pytest.approx(2 * gaps.start, rel=1e-14)


@settings(max_examples=20)
@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_edges_scale_with_factors_of_diverging_densities(first, second):
    found = multiplicative_gaps(Arcsine(0.0, first), Uniform(0.0, second))
    unit = multiplicative_gaps(Arcsine(0.0, 1.0), Uniform(0.0, 1.0))
    assert found.end == unit.end == 0
    assert found.start == pytest.approx(first * second * unit.start, rel=1e-12)
