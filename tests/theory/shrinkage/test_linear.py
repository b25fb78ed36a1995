from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.theory.shrinkage.linear import (
    LinearShrinkage,
    linear_additive_shrinkage,
    linear_covariance_shrinkage,
)


@pytest.mark.parametrize(("n", "p"), [(30, 12), (12, 30)])
def test_is_the_formula_of_ledoit_and_wolf_term_by_term(n, p, rng):
    x = rng.standard_normal((n, p)) * np.linspace(0.5, 3.0, p)
    sample = x.T @ x / n
    mean = np.trace(sample) / p
    spread = np.sum((sample - mean * np.eye(p)) ** 2) / p
    terms = [np.sum((np.outer(row, row) - sample) ** 2) / p for row in x]
    found = linear_covariance_shrinkage(x)
    assert found.target == pytest.approx(mean, rel=1e-13)
    expected = min(1.0, sum(terms) / n**2 / spread)
    assert found.intensity == pytest.approx(expected, rel=1e-12)


def test_close_to_the_best_intensity(rng):
    n, p = 400, 200
    spectrum = np.linspace(0.5, 5.0, p)
    x = rng.standard_normal((n, p)) * np.sqrt(spectrum)
    sample, found = x.T @ x / n, linear_covariance_shrinkage(x)
    middle = found.target * np.eye(p)
    gap = sample - middle
    best = 1 - np.sum(gap * (np.diag(spectrum) - middle)) / np.sum(gap**2)
    # The consistency of b²/d² is at the rate 1/√(np) times a few.
    assert found.intensity == pytest.approx(best, abs=5 / math.sqrt(n * p))


def test_equal_populations_are_shrunk_to_their_mean(rng):
    found = linear_covariance_shrinkage(rng.standard_normal((200, 400)))
    assert found.intensity == pytest.approx(1.0, abs=0.01)
    assert found(np.array([0.0, 7.0])) == pytest.approx([1.0, 1.0], abs=0.1)


def test_identical_observations_have_no_noise():
    found = linear_covariance_shrinkage(np.ones((5, 3)))
    assert found.intensity == pytest.approx(0.0, abs=1e-15)


def test_a_scalar_matrix_is_kept():
    found = linear_covariance_shrinkage(np.array([[2.0], [-1.0]]))
    assert found(np.array([2.5])) == pytest.approx([2.5])


@given(st.floats(0.0, 1.0), st.floats(-2.0, 2.0))
def test_mean_and_order_are_kept(intensity, target):
    values = target + np.array([-1.0, 0.0, 1.0])
    shrunk = LinearShrinkage(intensity, target)(values)
    assert shrunk.mean() == pytest.approx(target, abs=1e-14)
    assert (np.diff(shrunk) >= 0).all()


def test_additive_shrinkage_of_a_noisy_matrix(rng):
    """A Gamma(1, 1) spectrum with GOE noise: the best share is 1 − s²/(d² + s²)."""
    size, noise = 600, 1.0
    signal = -np.log1p(-(np.arange(size) + 0.5) / size)
    entries = rng.standard_normal((size, size))
    matrix = np.diag(signal) + (entries + entries.T) / math.sqrt(2 * size)
    found = linear_additive_shrinkage(np.linalg.eigvalsh(matrix), noise)
    best = noise / (np.var(signal) + noise)
    # tr M²/N has standard error of order 1/N.
    assert found.intensity == pytest.approx(best, abs=5 / size)
    assert linear_additive_shrinkage(np.ones(4), noise).intensity == 1.0


def test_refusals():
    with pytest.raises(ValueError, match=r"^observations: expected"):
        linear_covariance_shrinkage(np.empty((0, 3)))
    with pytest.raises(ValueError, match=r"^observations: expected"):
        linear_covariance_shrinkage(np.array([[np.nan]]))
    with pytest.raises(ValueError, match=r"^noise_variance: expected"):
        linear_additive_shrinkage(np.ones(3), 0.0)
