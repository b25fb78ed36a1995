from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory import Interval, Semicircle, free_cumulants, moments


def test_moments_are_catalan_numbers():
    assert np.allclose(moments(Semicircle(), 10)[1::2], [1, 2, 5, 14, 42], rtol=1e-12)
    assert np.allclose(moments(Semicircle(), 9)[::2], 0, atol=1e-12)


def test_variance_is_the_only_free_cumulant():
    found = free_cumulants(Semicircle(2.25), 6)
    assert np.allclose(found, [0, 2.25, 0, 0, 0, 0], rtol=0, atol=1e-11)


def test_support_peak_and_transform():
    law = Semicircle(4.0)
    assert law.support == (Interval(-4.0, 4.0),)
    assert law.density(np.array([0.0]))[0] == pytest.approx(1 / (2 * np.pi), rel=1e-15)
    # z = σ (u + 1/u), g = 1 / (σ u)
    assert law.stieltjes(np.array([5.0]))[0] == pytest.approx(0.25, rel=1e-15)
    assert law.stieltjes(np.array([-5.0]))[0] == pytest.approx(-0.25, rel=1e-15)


def test_refuses_a_variance_that_is_not_positive():
    with pytest.raises(ValueError, match="variance: expected"):
        Semicircle(-1.0)
