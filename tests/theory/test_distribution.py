from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest

from eigenscape.theory.distribution import Distribution
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.arcsine import Arcsine
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.free_binomial import FreeBinomial
from eigenscape.theory.laws.fuss_catalan import FussCatalan
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.mixture import Mixture
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.laws.uniform import Uniform

U = np.array([1e-9, 0.01, 0.3, 0.5, 0.77, 1 - 1e-9])


def test_closed_forms():
    x = np.array([-2.0, -1.0, -0.5, 0.3, 1.0, 2.0])
    flat = Distribution(Uniform(-1.0, 1.0)).below(x)
    assert np.allclose(flat, np.clip((x + 1) / 2, 0, 1), rtol=1e-15)
    arcs = Distribution(Arcsine(-1.0, 1.0))
    exact = 0.5 + np.arcsin(np.clip(x, -1, 1)) / math.pi
    assert np.allclose(arcs.below(x), exact, rtol=0, atol=1e-15)
    assert np.allclose(arcs.quantile(U), -np.cos(math.pi * U), rtol=0, atol=1e-15)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_hard_edges_keep_relative_accuracy(order):
    # F(x) is −1 plus … of a hypergeometric function; by quadrature in φ, 30 digits.
    law = FussCatalan(float(order))
    x = np.array([1e-20, 1e-6, 0.5])
    with mp.workdps(30):
        s = order

        def place(t):
            return mp.sin((s + 1) * t) ** (s + 1) / (mp.sin(t) * mp.sin(s * t) ** s)

        def height(t):
            shape = mp.sin(t) ** 2 * mp.sin(s * t) ** (s - 1)
            return shape / (mp.pi * mp.sin((s + 1) * t) ** s)

        exact = []
        for value in x.tolist():
            low, high = mp.mpf(0), mp.pi / (s + 1)
            for _ in range(110):
                middle = (low + high) / 2
                low, high = (middle, high) if place(middle) > value else (low, middle)
            rate = mp.quad(
                lambda t: -height(t) * mp.diff(place, t), [low, mp.pi / (s + 1)]
            )
            exact.append(float(rate))
    assert np.allclose(Distribution(law).below(x), exact, rtol=1e-11)


def test_affine_images_keep_their_hard_edge():
    law = Affine(FussCatalan(3.0), -2.0, 7.0)
    law_u = Distribution(law)
    assert law_u.below(np.array([7.0]))[0] == pytest.approx(1, abs=1e-14)
    q = law_u.quantile(U)
    inner = Distribution(FussCatalan(3.0)).quantile(1 - U)
    # 1 − u rounds by ε, which at the hard edge is worth ε^(1/4)-fold the density.
    assert np.allclose(q[1:-1], 7 - 2 * inner[1:-1], rtol=1e-12)


@pytest.mark.parametrize(
    "law",
    [
        FreeBinomial(3.0, 0.4),
        Mixture(np.array([0.25, 0.75]), (Semicircle(), Uniform(1.0, 5.0))),
        Mixture(np.array([0.5, 0.5]), (MarchenkoPastur(3.0), Arcsine(-1.0, 0.5))),
        Affine(Mixture(np.array([0.5, 0.5]), (Uniform(), Arcsine(3.0, 4.0))), -1.0),
    ],
    ids=repr,
)
def test_quantile_inverts_below(law):
    distribution = Distribution(law)
    q = distribution.quantile(U)
    assert np.all(np.diff(q) >= 0)
    reached = distribution.below(q)
    jumps = np.array([sum(a.weight for a in law.atoms if a.location == x) for x in q])
    assert np.all(reached >= U - 1e-13)
    # What a unit in the last place of q is worth.
    slack = 1e-12 + 4e-16 * np.abs(q) * np.minimum(law.density(q), 1e9)
    assert np.all(reached - jumps <= U + slack)


def test_quantile_at_the_mass_below_a_gap_is_its_lower_end():
    law = Mixture(np.array([0.5, 0.5]), (Uniform(0.0, 1.0), Uniform(3.0, 4.0)))
    found = Distribution(law).quantile(np.array([0.25, 0.5, 0.5 + 1e-12, 1.0]))
    assert np.allclose(found, [0.5, 1.0, 3.0, 4.0], rtol=1e-11)


def test_atoms_of_a_large_discrete_law_are_counted():
    places = np.random.default_rng(2).standard_normal(20_000)
    law = Distribution(Discrete.empirical(places))
    x = np.array([-9.0, -0.5, 0.0, 2.0, 9.0])
    counted = np.searchsorted(np.sort(places), x) / places.size
    assert np.allclose(law.below(x), counted, rtol=0, atol=1e-12)
    median = law.quantile(np.array([0.5 - 1e-6]))[0]
    assert median == np.sort(places)[9999]
