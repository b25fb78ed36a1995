from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from eigenscape.theory.ensembles.entries import (
    draw_entries,
    draw_hermitian,
    normal_entries,
    require_standardised,
    sign_entries,
    uniform_entries,
)

LAPLACE = stats.laplace(scale=1 / math.sqrt(2))


@pytest.mark.parametrize(
    ("entries", "fourth"),
    [
        (normal_entries, 3.0),
        (sign_entries, 1.0),
        (uniform_entries, 1.8),
        (LAPLACE, 6.0),
    ],
)
def test_entries_are_standardised(entries, fourth, rng):
    x = draw_entries(entries, (300, 200), beta=1, rng=rng).ravel()
    for power, exact in ((1, 0.0), (2, 1.0), (4, fourth)):
        error = (x**power).std() / math.sqrt(x.size)
        assert abs((x**power).mean() - exact) <= 4 * error


def test_complex_entries_have_unit_variance_and_no_preferred_phase(rng):
    x = draw_entries(sign_entries, (100, 50), beta=2, rng=rng)
    assert np.allclose(np.abs(x), 1, rtol=1e-15)
    assert abs((x**2).mean()) < 4 / math.sqrt(x.size)


@pytest.mark.parametrize("beta", [1, 2])
def test_hermitian_matrices_are_real_on_the_diagonal(beta, rng):
    matrix = draw_hermitian(sign_entries, 7, beta=beta, rng=rng)
    assert np.array_equal(matrix, matrix.conj().T)
    assert np.allclose(np.abs(matrix), 1, rtol=1e-15)
    assert np.array_equal(np.abs(np.diagonal(matrix).real), np.ones(7))


def test_refuses_a_distribution_of_another_scale():
    require_standardised(LAPLACE)
    with pytest.raises(ValueError, match=r"entries: expected mean 0 and variance 1"):
        require_standardised(stats.laplace())
    with pytest.raises(ValueError, match=r"got 0.5 and"):
        require_standardised(stats.uniform(0.5 - math.sqrt(3), 2 * math.sqrt(3)))
    # Student's t with two degrees of freedom has no variance.
    with pytest.raises(ValueError, match=r"got 0.0 and inf"):
        require_standardised(stats.t(2))


def test_refuses_a_function_that_ignores_the_shape(rng):
    with pytest.raises(ValueError, match=r"entries: expected draws of shape \(3, 2\)"):
        draw_entries(lambda shape, rng: np.zeros(5), (3, 2), beta=1, rng=rng)
