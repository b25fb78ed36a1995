from __future__ import annotations

import numpy as np

from eigenscape.theory.ensembles.gaussian import GaussianBeta
from eigenscape.theory.ensembles.tridiagonal import Tridiagonal


def test_second_differences_have_known_eigenvalues():
    size = 50
    matrix = Tridiagonal(np.full(size, 2.0), np.full(size - 1, -1.0))
    exact = 4 * np.sin(np.pi * np.arange(1, size + 1) / (2 * size + 2)) ** 2
    # A few machine epsilons of the norm, 4.
    assert np.allclose(matrix.eigenvalues(), exact, rtol=0, atol=4e-15)


def test_gram_is_the_product_with_the_transpose(rng):
    diagonal, below = rng.standard_normal(6), rng.standard_normal(5)
    factor = np.diag(diagonal) + np.diag(below, -1)
    product = Tridiagonal.gram(diagonal, below).dense()
    assert np.allclose(product, factor @ factor.T, rtol=1e-14, atol=1e-14)


def test_one_row():
    matrix = Tridiagonal(np.array([3.0]), np.array([]))
    assert np.array_equal(matrix.dense(), [[3.0]])
    assert np.array_equal(matrix.eigenvalues(), [3.0])


def test_dense_and_fast_spectra_are_of_the_same_matrix():
    ensemble = GaussianBeta(0.7, 3.0)
    dense = ensemble.sample(200, rng=np.random.default_rng(5))
    fast = ensemble.sample_eigenvalues(200, rng=np.random.default_rng(5))
    assert np.allclose(np.linalg.eigvalsh(dense), fast, rtol=0, atol=1e-13)
