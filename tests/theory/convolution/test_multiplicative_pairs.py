from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory.convolution.multiplicative_edges import multiplicative_gaps
from eigenscape.theory.convolution.multiplicative_pairs import PairCurves
from eigenscape.theory.laws import Discrete, MarchenkoPastur
from eigenscape.theory.stretches import positive_stretches

FIRST = Discrete(np.array([1.0, 3.0]), np.array([0.8, 0.2]))
SECOND = Discrete(np.array([1.0, 10.0]), np.array([0.7, 0.3]))


def test_every_pair_of_gaps_of_atoms_shares_all_values():
    curves = PairCurves.of(FIRST, SECOND)
    assert curves.count == 4
    ends = np.zeros(4, int) + np.arange(4)
    assert sorted(curves.location(ends, -np.ones(4))) == [1, 3, 10, 30]
    assert sorted(curves.location(ends, np.ones(4))) == [1, 3, 10, 30]


def test_points_lie_on_the_curve():
    curves = PairCurves.of(FIRST, SECOND)
    curve, s = np.repeat(np.arange(4), 5), np.tile(np.linspace(-0.9, 0.87, 5), 4)
    (w1, *_), (w2, *_) = curves._points(curve, s)
    t1, t2 = (
        (law.weights * law.locations / (w[:, None] - law.locations)).sum(axis=1)
        for law, w in ((FIRST, w1), (SECOND, w2))
    )
    assert t1 == pytest.approx(t2, rel=1e-11)
    # z = w₁ w₂ T / (1 + T)
    assert curves.location(curve, s) == pytest.approx(
        w1 * w2 * t1 / (1 + t1), rel=1e-10
    )


def test_the_margin_is_positive_where_z_ascends():
    curves = PairCurves.of(FIRST, SECOND)
    curve, s = np.repeat(np.arange(4), 9), np.tile(np.linspace(-0.93, 0.91, 9), 4)
    step = 1e-6
    ends = [curves.location(curve, s + d) for d in (-step, step)]
    rises = ends[1] > ends[0]
    margin = curves.margin(curve[:, None], s[:, None])[:, 0]
    positive = ends[0] > 0  # on negative z all is outside the spectrum
    assert np.array_equal((margin > 0)[positive], rises[positive])


def test_agrees_with_the_explicit_curve_of_a_wishart_factor():
    law, noise = FIRST, MarchenkoPastur(0.03)
    curves = PairCurves.of(law, noise)
    found = positive_stretches(curves.margin, curves.count)
    starts = np.sort(curves.location(found.curve, found.low))
    ends = np.sort(curves.location(found.curve, found.high))
    explicit = multiplicative_gaps(law, noise)
    assert starts == pytest.approx(np.sort(explicit.start), rel=1e-14)
    assert ends == pytest.approx(np.sort(explicit.end), rel=1e-13)


def test_landmarks_lie_where_no_gap_can():
    curves = PairCurves.of(
        Discrete(np.array([0.0, 1.0, 3.0]), np.array([0.2, 0.5, 0.3])),
        Discrete(np.array([0.0, 2.0]), np.array([0.01, 0.99])),
    )
    landmarks = curves.landmarks()
    curve = np.arange(curves.count)
    (w1, *_), (w2, *_) = curves._points(curve, landmarks[:, 1])
    # T = −1 + 0.01/2 there; z = w₁ w₂ T/(1 + T) is not positive.
    t = 1.98 / (w2 - 2)
    assert t == pytest.approx(-0.995, abs=1e-9)
    assert (w1 > 0).all()
    assert (w2 > 0).all()
    assert (curves.location(curve, landmarks[:, 1]) < 0).all()
