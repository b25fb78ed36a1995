from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.core import ConvergenceError
from eigenscape.theory.gaps import (
    all_preimages,
    cauchy,
    end_values,
    falling_root,
    moment,
    preimages,
    real_self_energy,
    spectral_gaps,
)
from eigenscape.theory.laws import (
    Affine,
    Arcsine,
    Discrete,
    MarchenkoPastur,
    Semicircle,
)

THREE = Discrete(np.array([-1.0, 0.0, 2.0]), np.array([0.3, 0.3, 0.4]))
COVARIANCE = MarchenkoPastur(2.0)  # an atom at 0 below its interval


def pairs(gaps):
    return list(zip(gaps.start.tolist(), gaps.end.tolist(), strict=True))


def test_gaps_lie_between_the_pieces_of_a_spectrum():
    assert pairs(spectral_gaps(THREE)) == [(-1.0, 0.0), (0.0, 2.0), (2.0, -1.0)]
    assert pairs(spectral_gaps(THREE, zero_counts=False)) == [(-1.0, 2.0), (2.0, -1.0)]
    (interval,) = COVARIANCE.support
    assert pairs(spectral_gaps(COVARIANCE)) == [
        (0.0, interval.lower),
        (interval.upper, 0.0),
    ]
    only = [(interval.upper, interval.lower)]
    assert pairs(spectral_gaps(COVARIANCE, zero_counts=False)) == only


@pytest.mark.parametrize("law", [THREE, Discrete.point_mass(3.0), Semicircle(1.0)])
def test_coordinates_ascend_through_infinity_from_end_to_end(law):
    gaps = spectral_gaps(law)
    index = np.full(101, gaps.start.size - 1)
    s = np.linspace(-1, 1, 101)
    w, slope = gaps.point(index, s)
    assert w[0] == gaps.start[-1]
    assert w[-1] == gaps.end[-1]
    assert abs(w[50]) > 1e70
    assert (np.diff(w[:50]) > 0).all()
    assert (np.diff(w[51:]) > 0).all()
    assert (w[1:50] > gaps.start[-1]).all()
    assert (w[51:-1] < gaps.end[-1]).all()
    step = 1e-6
    inner = np.array([-0.8, -0.3, 0.2, 0.7])
    ends = [gaps.point(index[:4], inner + d)[0] for d in (-step, step)]
    slope = gaps.point(index[:4], inner)[1]
    assert slope == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=1e-8)


def test_transforms_from_the_self_energy():
    w = np.array([-3.0, 0.7, 5.0])
    energy = real_self_energy(THREE, w)
    g = (THREE.weights / (w[:, None] - THREE.locations)).sum(axis=1)
    t = (THREE.weights * THREE.locations / (w[:, None] - THREE.locations)).sum(axis=1)
    slope = -(THREE.weights / (w[:, None] - THREE.locations) ** 2).sum(axis=1)
    assert np.allclose(cauchy(w, *energy), [g, slope], rtol=1e-13)
    assert np.allclose(moment(w, *energy), [t, g + w * slope], rtol=1e-12)


def test_end_values_are_infinite_at_atoms_only():
    highest, lowest = end_values(THREE, cauchy, spectral_gaps(THREE))
    assert (highest == math.inf).all()
    assert (lowest == -math.inf).all()
    gaps = spectral_gaps(COVARIANCE, zero_counts=False)
    highest, lowest = end_values(COVARIANCE, moment, gaps)
    # T = ±1/√c at the edges of Marchenko–Pastur.
    assert highest == pytest.approx(math.sqrt(0.5), rel=1e-14)
    assert lowest == pytest.approx(-math.sqrt(0.5), rel=1e-14)
    hard = MarchenkoPastur(1.0)
    assert end_values(hard, moment, spectral_gaps(hard))[1] == -1


@settings(max_examples=60)
@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_end_values_are_infinite_at_diverging_edges_of_any_scale(lower, upper):
    # There Σ(w) = w, but for a rounding of either sign.
    law = Arcsine(-lower, upper)
    highest, lowest = end_values(law, cauchy, spectral_gaps(law))
    assert highest == math.inf
    assert lowest == -math.inf
    law = Arcsine(0.0, upper)
    assert end_values(law, moment, spectral_gaps(law)) == (math.inf, -1)


def test_every_gap_takes_a_value_at_most_once():
    target = np.array([-2.0, -1e-3, 0.0, 0.4, 50.0])
    w = all_preimages(THREE, cauchy, target)
    assert w.shape == (3, 5)
    assert (np.abs(w[2, 2]) > 1e70).all()
    finite = np.abs(w) < 1e70
    assert finite.sum() == 14
    g = (THREE.weights / (w[finite][:, None] - THREE.locations)).sum(axis=1)
    wanted = np.broadcast_to(target, w.shape)[finite]
    # g of a point rounded beside a pole: g²/weight times an ulp.
    assert g == pytest.approx(wanted, rel=1e-12, abs=1e-14)
    missing = all_preimages(Semicircle(1.0), cauchy, np.array([0.5, 1.5]))
    assert missing[0, 0] == pytest.approx(2.5, rel=1e-15)
    assert np.isnan(missing[0, 1])


def test_preimages_in_one_gap_far_from_zero():
    law = Affine(MarchenkoPastur(0.3), 1.0, 1e4)
    gaps = spectral_gaps(law)
    s = preimages(law, cauchy, np.array([0.01]), gaps, np.array([0]))
    w = gaps.point(np.array([0]), s)[0]
    # R(g) = 1/(1 − cg) + 10⁴
    assert w[0] == pytest.approx(100 + 1 / (1 - 0.003) + 1e4, rel=1e-14)


def test_falling_roots_of_steep_and_flat_functions():
    places = np.array([-0.9, 1e-12, 0.3, 0.999])
    powers = np.array([1.0, 3.0, 5.0, 1.0])

    def function(s):
        distance = s - places
        return -np.sign(distance) * np.abs(distance) ** powers, -powers * np.abs(
            distance
        ) ** (powers - 1)

    found = falling_root(function, -np.ones(4), np.ones(4))
    assert found == pytest.approx(places, abs=1e-14)


def test_a_search_that_does_not_end_is_reported():
    with pytest.raises(ConvergenceError, match="a root of a decreasing function"):
        falling_root(lambda s: (s, s), np.array([math.nan]), np.ones(1))
