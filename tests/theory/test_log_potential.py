from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest

from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.arcsine import Arcsine
from eigenscape.theory.laws.cauchy import Cauchy
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.free_binomial import FreeBinomial
from eigenscape.theory.laws.free_meixner import FreeMeixner
from eigenscape.theory.laws.free_poisson import FreePoisson
from eigenscape.theory.laws.fuss_catalan import FussCatalan
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.mixture import Mixture
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.laws.uniform import Uniform
from eigenscape.theory.log_potential import log_potential

NUMERICAL = log_potential.dispatch(Law)
X = np.array([-1e3, -3.0, -1.0, -1e-9, 0.0, 1e-9, 0.3, 2.0, 2.5, 7.0, 1e6])


@pytest.mark.parametrize(
    "law",
    [
        Semicircle(1.3),
        MarchenkoPastur(0.4, 1.2),
        MarchenkoPastur(1.0),
        MarchenkoPastur(2.5, 0.7),
        FussCatalan(2.0),
        FussCatalan(4.0),
        Cauchy(0.5, 2.0),
    ],
    ids=repr,
)
def test_closed_forms_agree_with_the_integral(law):
    edges = [e for e in (law.hull.lower, law.hull.upper) if math.isfinite(e)]
    x = np.append(X, edges)
    found = log_potential(law, x)
    if isinstance(law, Cauchy):
        assert np.allclose(found, np.log(np.abs(x - 0.5 + 2j)), rtol=1e-15)
    else:
        assert np.allclose(found, NUMERICAL(law, x), rtol=1e-14, atol=1e-13)


def test_semicircle_inside_and_outside():
    found = log_potential(Semicircle(), np.array([0.0, 1.0, 2.0, -3.0]))
    g = (3 - math.sqrt(5)) / 2
    outside = g**2 / 2 - math.log(g)
    assert np.allclose(found, [-0.5, -0.25, 0.5, outside], rtol=0, atol=1e-15)


def test_mean_logarithm_of_marchenko_pastur_by_quadrature():
    with mp.workdps(20):
        c = mp.mpf("0.5")
        a, b = (1 - mp.sqrt(c)) ** 2, (1 + mp.sqrt(c)) ** 2
        exact = mp.quad(
            lambda t: mp.log(t) * mp.sqrt((t - a) * (b - t)) / (2 * mp.pi * c * t),
            [a, 1, b],
        )
    found = log_potential(MarchenkoPastur(0.5), np.zeros(1))[0]
    assert found == pytest.approx(float(exact), abs=1e-14)


def test_uniform_and_arcsine_against_elementary_integrals():
    x = np.array([-5.0, -1.0, -1 + 1e-12, 0.2, 1.0, 1.5])
    below, above = x + 1, x - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = [np.where(t == 0, 0, t * np.log(np.abs(t))) for t in (below, above)]
    exact = (terms[0] - terms[1]) / 2 - 1
    assert np.allclose(log_potential(Uniform(-1.0, 1.0), x), exact, rtol=0, atol=1e-14)
    # The equilibrium measure of [−1, 1]: constant inside.
    far = np.abs(x) + np.sqrt(np.maximum(x**2 - 1, 0))
    found = log_potential(Arcsine(-1.0, 1.0), x)
    assert np.allclose(found, np.log(np.maximum(far, 1) / 2), rtol=0, atol=1e-13)


def test_minus_infinity_at_atoms_and_logarithms_beside():
    law = FreeMeixner(1.0, 0.0, -0.9)
    atoms = np.array([a.location for a in law.atoms])
    assert np.isneginf(log_potential(law, atoms)).all()
    mirrored = Affine(MarchenkoPastur(3.0), -0.7, 0.1)
    place = mirrored.atoms[0].location
    assert np.isneginf(log_potential(mirrored, np.array([place])))[0]
    pair = Discrete(np.array([0.0, 2.0]), np.array([0.5, 0.5]))
    x = np.array([0.0, 1e-9, 5.0])
    expected = [-math.inf, (math.log(1e-9) + math.log(2)) / 2, math.log(15) / 2]
    assert np.allclose(log_potential(pair, x), expected, rtol=1e-9)


def test_mixture_averages_and_binomial_is_affine():
    members = (Semicircle(), Discrete.point_mass(0.5))
    x = np.array([0.5, 1.0])
    found = log_potential(Mixture(np.array([0.5, 0.5]), members), x)
    assert found[0] == -math.inf
    assert found[1] == pytest.approx((-0.25 + math.log(0.5)) / 2)
    # Two fair projections: the equilibrium measure of [0, 2].
    inside = log_potential(FreeBinomial(2.0, 0.5), np.array([0.1, 1.0, 1.9]))
    assert np.allclose(inside, math.log(0.5), rtol=0, atol=1e-13)


def test_derivative_is_the_hilbert_transform():
    law = FreePoisson(2.0, Discrete(np.array([-1.0, 2.0]), np.array([0.5, 0.5])))
    x, h = np.array([-2.0, 0.5, 3.0, 11.0]), 1e-4
    slope = (log_potential(law, x + h) - log_potential(law, x - h)) / (2 * h)
    # Differences: h² of the third derivative, 1e-15/h of rounding.
    assert np.allclose(slope, law.stieltjes(x).real, rtol=0, atol=1e-6)


def test_log_determinant_of_a_matrix(rng):
    size = 300
    x = rng.standard_normal((size, 2 * size)) / np.sqrt(2 * size)
    _, log_determinant = np.linalg.slogdet(x @ x.T + np.eye(size))
    found = log_potential(MarchenkoPastur(0.5), np.array([-1.0]))[0]
    # A linear statistic: its error is of order 1/size, bounded here by its mean 1.
    assert abs(log_determinant / size - found) < 1 / size
