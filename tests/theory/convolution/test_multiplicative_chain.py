"""Products of three and more laws at once, against closed forms and against pairs."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from eigenscape.core import ConvergenceError
from eigenscape.theory.convolution.multiplicative import (
    free_multiplicative_convolution,
    multiplicative_subordination,
)
from eigenscape.theory.convolution.multiplicative_chain import chain_energy
from eigenscape.theory.convolution.multiplicative_points import unit
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.arcsine import Arcsine
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.fuss_catalan import FussCatalan
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.laws.uniform import Uniform

CHAINS = {
    "a gap": (
        Discrete(np.array([1.0, 30.0]), np.array([0.5, 0.5])),
        MarchenkoPastur(0.1),
        Uniform(0.5, 1.0),
    ),
    "atoms at 0": (
        Discrete(np.array([0.0, 1.0, 2.0]), np.array([0.2, 0.3, 0.5])),
        MarchenkoPastur(2.0, 1e-3),
        Uniform(0.0, 1.0),
    ),
    "four": (
        MarchenkoPastur(0.5),
        Affine(Arcsine(0.0, 1.0), 100.0),
        Discrete(np.array([0.3, 4.0]), np.array([0.9, 0.1])),
        Uniform(2.0, 3.0),
    ),
}


def chained(laws):
    return functools.reduce(free_multiplicative_convolution, laws)


@pytest.mark.parametrize("order", [3, 4])
def test_square_gaussian_matrices_are_fuss_catalan(order):
    law, exact = chained([MarchenkoPastur(1.0)] * order), FussCatalan(float(order))
    upper = exact.hull.upper
    x = upper * np.concatenate([np.geomspace(1e-6, 0.99, 60), [-5.0, -1e-3, 1.1, 30]])
    found, wanted = law.stieltjes(x + 0j), exact.stieltjes(x + 0j)
    assert np.abs(found / wanted - 1).max() < 3e-13
    z = x[::7] + 0.3j
    assert np.abs(law.stieltjes(z) / exact.stieltjes(z) - 1).max() < 1e-13


@pytest.mark.parametrize("name", CHAINS)
def test_chains_are_pairs_of_pairs(name):
    *first, last = laws = CHAINS[name]
    half, upper = chained(first), float(np.prod([law.hull.upper for law in laws]))
    z = upper * np.array([-3, -1e-5, 0.02, 0.3, 0.8, 0.2 + 1e-3j, 1j, -2 + 1e-6j])
    z = z[:: len(laws) - 2]
    # z g(z) = w g(w) of either factor, by the equations of two.
    w, other = multiplicative_subordination(half, last, z)
    energy, _ = chain_energy(laws, tuple(map(unit, laws)), z)
    expected = half.self_energy(w)[0] * last.self_energy(other)[0]
    assert np.abs(energy / expected - 1).max() < 1e-11
    step = 1e-5 * upper
    off = z[np.imag(z) > step]
    ahead, behind = (
        chain_energy(laws, tuple(map(unit, laws)), off + s)[0] for s in (step, -step)
    )
    slope = chain_energy(laws, tuple(map(unit, laws)), off)[1]
    assert np.abs((ahead - behind) / (2 * step) / slope - 1).max() < 1e-4


def test_a_factor_on_both_sides_of_zero_goes_in_pairs():
    laws = (Semicircle(1.0), MarchenkoPastur(0.5), MarchenkoPastur(0.2))
    law = chained(laws)
    # The second moment of the product is φ(X²) φ(A)² φ(B)²: the mean of X is 0.
    x = np.linspace(law.hull.lower, law.hull.upper, 4001)
    second = np.trapezoid(law.density(x) * x**2, x)
    assert second == pytest.approx(1.0, rel=1e-4)


def test_the_wrong_half_plane_is_not_certain():
    laws = CHAINS["a gap"]
    with pytest.raises(ConvergenceError, match="converge"):
        chain_energy(laws, tuple(map(unit, laws)), np.array([1.0 - 1j]))
