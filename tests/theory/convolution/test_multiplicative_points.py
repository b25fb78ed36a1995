from __future__ import annotations

import numpy as np
import pytest

from eigenscape.core import ConvergenceError
from eigenscape.theory.convolution.multiplicative import (
    free_multiplicative_convolution,
)
from eigenscape.theory.convolution.multiplicative_points import (
    multiplicative_points,
    reach,
    unit,
)
from eigenscape.theory.laws import Affine, Discrete, KestenMcKay, MarchenkoPastur

ATOMS = Discrete(np.array([1.0, 3.0]), np.array([0.3, 0.7]))


def points(first, second, z):
    return multiplicative_points(first, second, (unit(first), unit(second)), z)


PAIRS = [
    (ATOMS, MarchenkoPastur(0.5, 3.0)),
    (ATOMS, Affine(KestenMcKay(3), 1e3, 2.5e3)),
    (Affine(ATOMS, 1e-5), Discrete(np.array([1.0, 2.0]), np.array([0.5, 0.5]))),
    (Affine(KestenMcKay(4), 1.0, 0.5), MarchenkoPastur(2.0)),
]


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=repr)
def test_equations_and_derivatives(first, second):
    scale = first.hull.upper * second.hull.upper
    z = scale * np.array([0.3 + 0.1j, 0.7 + 0.01j, -1 + 0.5j, 30 + 1j, 1e-9 + 1e-9j])
    found = points(first, second, z)
    energy1, energy2 = first.self_energy(found.first), second.self_energy(found.second)
    assert np.allclose(found.first * energy2[0], z, rtol=1e-12)
    assert np.allclose(found.second * energy1[0], z, rtol=1e-12)
    assert np.allclose(found.energy, energy1[0] * energy2[0], rtol=1e-12)
    step = 1e-4 * z.imag
    ends = [points(first, second, z + d) for d in (-step, step)]
    # 1e-4 of the distance to the axis, squared; not at the last point, where the
    # difference would be all rounding.
    for value, slope in (("first", "first_slope"), ("energy", "slope")):
        low, high = (getattr(end, value) for end in ends)
        measured = (high - low) / (2 * step)
        assert np.allclose(getattr(found, slope)[:4], measured[:4], rtol=3e-8)


def test_real_points_on_both_sides_of_an_edge():
    found = points(
        Discrete(np.array([1.0, 2.0]), np.array([0.5, 0.5])),
        MarchenkoPastur(0.1),
        np.array([1.5 + 0j, 10.0 + 0j]),
    )
    assert found.first[0].imag > 0.1
    assert found.first[1].imag == 0
    assert found.energy[0].imag < 0


def test_near_zero_all_is_relative():
    """Two projections of rank ½: z g(z) = (1 + √(z/(z − 1)))/2."""
    half = Discrete(np.array([0.0, 1.0]), np.array([0.5, 0.5]))
    z = 1j * 10.0 ** -np.arange(1, 13, 2)
    found = points(half, half, z)
    g = (1 + np.sqrt(z / (z - 1))) / (2 * z)
    assert np.allclose(found.energy, z - 1 / g, rtol=1e-12, atol=0)
    # The two differ by what the second order leaves: ε/√z.
    apart = np.abs(found.first / found.second - 1)
    assert (apart < 64 * np.finfo(float).eps / np.sqrt(np.abs(z))).all()


def test_reach_bounds_the_radius():
    assert reach(ATOMS) == 3
    assert reach(Affine(ATOMS, -2.0, 1.0)) >= 5
    assert unit(ATOMS) == 4
    law = free_multiplicative_convolution(ATOMS, ATOMS)
    assert law.hull.upper <= reach(law) < 30


def test_a_shifted_law_is_not_trusted_beside_a_singular_edge_at_zero():
    """The arcsine law on [0, 4], known there to the rounding of its shift by 2."""
    arcsine = Affine(KestenMcKay(2), 1.0, 2.0)
    near, nearer = np.array([1e-8 + 0j]), np.array([1e-20 + 0j])
    found = points(arcsine, ATOMS, near)
    assert found.first[0] * ATOMS.self_energy(found.second)[0][0] == pytest.approx(1e-8)
    with pytest.raises(ConvergenceError, match="the fixed point at z"):
        points(arcsine, ATOMS, nearer)
