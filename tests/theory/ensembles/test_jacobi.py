from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg, stats

from eigenscape.theory.ensembles.jacobi import JacobiBeta, Manova

LEVEL = 1e-3  # of each two-sample test


def manova(first, second, size, beta, rng):
    """By the definition: eigenvalues of A relative to A + B."""

    def covariance(rows):
        parts = rng.standard_normal((2, rows, size))
        data = parts[0] + 1j * parts[1] if beta == 2 else parts[0]
        return data.conj().T @ data

    a, b = covariance(first), covariance(second)
    return linalg.eigh(a, a + b, eigvals_only=True)


# size 4 against (n₁, n₂): no atoms, zeros, ones, both.
@pytest.mark.parametrize(
    ("rows", "beta"), [((5, 8), 1), ((5, 8), 2), ((3, 7), 1), ((6, 2), 2), ((3, 2), 1)]
)
def test_small_spectra_are_those_of_two_covariances(rows, beta, rng):
    size, count = 4, 250
    ratios = size / rows[0], size / rows[1]
    exact = np.array([manova(*rows, size, beta, rng) for _ in range(count)])
    dense, fast = (
        np.array([e.sample_eigenvalues(size, rng=rng) for _ in range(count)])
        for e in (Manova(*ratios, beta), JacobiBeta(float(beta), *ratios))
    )
    frames = np.array([
        np.linalg.eigvalsh(Manova(*ratios, beta).sample(size, rng=rng))
        for _ in range(count)
    ])
    zeros, ones = max(size - rows[0], 0), max(size - rows[1], 0)
    for spectra in (dense, fast, frames):
        assert np.abs(spectra[:, :zeros]).max(initial=0) < 1e-14
        assert np.abs(spectra[:, size - ones :] - 1).max(initial=0) < 1e-14
        for i in range(zeros, size - ones):
            assert stats.ks_2samp(exact[:, i], spectra[:, i]).pvalue > LEVEL


@pytest.mark.parametrize("beta", [0.5, 4.0])
def test_determinant_has_the_mean_of_selbergs_integral(beta, rng):
    size, first, second = 3, 5, 4
    model = JacobiBeta(beta, size / first, size / second)
    spectra = np.array([model.sample_eigenvalues(size, rng=rng) for _ in range(800)])
    g = beta / 2
    a, b = g * (first - size + 1), g * (second - size + 1)
    j = np.arange(size)
    for values, start in ((spectra, a), (1 - spectra, b)):
        exact = np.prod((start + g * j) / (a + b + g * (size - 1 + j)))
        products = values.prod(axis=1)
        assert abs(products.mean() - exact) < 3.5 * products.std() / np.sqrt(800)


def test_one_eigenvalue_is_a_beta_variable(rng):
    model = JacobiBeta(3.0, 1 / 2, 1 / 5)
    values = [model.sample_eigenvalues(1, rng=rng)[0] for _ in range(500)]
    assert stats.kstest(values, stats.beta(3.0, 7.5).cdf).pvalue > LEVEL


def test_only_zeros_and_ones_where_the_covariances_have_full_rank_together(rng):
    values = JacobiBeta(2.0, 2.0, 2.0).sample_eigenvalues(6, rng=rng)
    assert np.array_equal(values, [0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize("ensemble", [Manova, lambda *r: JacobiBeta(1.0, *r)])
def test_refuses_covariances_that_are_singular_together(ensemble):
    with pytest.raises(ValueError, match="second_ratio: expected"):
        ensemble(3.0, 2.0)
    with pytest.raises(ValueError, match="first_ratio: expected a positive"):
        ensemble(0.0, 2.0)


def test_refuses_other_symmetries():
    with pytest.raises(ValueError, match="beta: expected 1"):
        Manova(0.5, 0.5, 4)
    with pytest.raises(ValueError, match="beta: expected a positive"):
        JacobiBeta(0.0, 0.5, 0.5)
