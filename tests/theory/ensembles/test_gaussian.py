from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eigenscape.theory.ensembles.gaussian import GOE, GSE, GUE, GaussianBeta

LEVEL = 1e-3  # of each two-sample test
DENSE = [(GOE, 1.0), (GUE, 2.0), (GSE, 4.0)]


def mean_entries(matrices):
    return (np.abs(np.array(matrices)) ** 2).mean(axis=0)


@pytest.mark.parametrize(("dense", "diagonal"), [(GOE, 2.0), (GUE, 1.0), (GSE, 0.5)])
def test_entries_have_the_stated_variances(dense, diagonal, rng):
    size, count = 5, 400
    matrices = [dense(3.0).sample(size, rng=rng) for _ in range(count)]
    found = mean_entries(matrices)[:size, :size]
    if dense is GSE:
        # |A + Bj|² = |A|² + |B|²
        found = found + mean_entries(matrices)[:size, size:]
    expected = np.full((size, size), 3.0 / size)
    expected[np.diag_indices(size)] = diagonal * 3.0 / size
    # A mean of squares of normals: a relative error of √(2/count) at most.
    assert np.allclose(found, expected, rtol=4.5 * np.sqrt(2 / count))


def test_symplectic_matrices_are_self_dual(rng):
    size = 6
    matrix = GSE().sample(size, rng=rng)
    swap = np.kron([[0, 1], [-1, 0]], np.eye(size))
    assert np.array_equal(swap @ matrix.conj() @ swap.T, matrix)
    pairs = np.linalg.eigvalsh(matrix).reshape(size, 2)
    assert np.allclose(pairs[:, 0], pairs[:, 1], rtol=0, atol=1e-14)
    assert np.diff(pairs[:, 0]).min() > 1e-6


@pytest.mark.parametrize(("dense", "beta"), DENSE)
def test_small_spectra_of_the_tridiagonal_model_are_those_of_full_matrices(
    dense, beta, rng
):
    size, count = 4, 600
    full = np.array([
        np.linalg.eigvalsh(dense().sample(size, rng=rng)) for _ in range(count)
    ])
    full = levels_and_gaps(full[:, ::2] if dense is GSE else full)

    def agreement(model):
        fast = [model.sample_eigenvalues(size, rng=rng) for _ in range(count)]
        pairs = zip(full, levels_and_gaps(np.array(fast)), strict=True)
        return min(stats.ks_2samp(one, other).pvalue for one, other in pairs)

    assert agreement(GaussianBeta(beta)) > LEVEL
    assert agreement(GaussianBeta(2 * beta)) < LEVEL


def levels_and_gaps(spectra):
    return np.hstack([spectra, np.diff(spectra)]).T


def ratios(spectrum):
    """Every third ratio of neighbouring spacings in the middle half: independent."""
    quarter = spectrum.size // 4
    gaps = np.diff(spectrum[quarter:-quarter])
    first, second = gaps[:-1:3], gaps[1::3]
    return np.minimum(first, second) / np.maximum(first, second)


# Atas, Bogomolny, Giraud and Roux (2013), Distribution of the ratio of consecutive
# level spacings in random matrix ensembles, Physical Review Letters 110, Table I.
@pytest.mark.parametrize(
    ("dense", "beta", "mean"),
    [(GOE, 1.0, 0.5307), (GUE, 2.0, 0.5996), (GSE, 4.0, 0.6744)],
)
def test_spacing_ratios_in_the_bulk(dense, beta, mean, rng):
    size, count = 100, 30
    step = 2 if dense is GSE else 1
    full = np.concatenate([
        ratios(np.linalg.eigvalsh(dense().sample(size, rng=rng))[::step])
        for _ in range(count)
    ])
    model = GaussianBeta(beta)
    fast = np.concatenate([
        ratios(model.sample_eigenvalues(size, rng=rng)) for _ in range(3 * count)
    ])
    assert stats.ks_2samp(full, fast).pvalue > LEVEL
    for found in (full, fast):
        error = found.std() / np.sqrt(found.size)
        assert abs(found.mean() - mean) < 3.5 * error + 1e-3  # finite size


@pytest.mark.parametrize("beta", [0.2, 1.0, 3.5, 20.0])
def test_two_eigenvalues_have_a_gamma_distributed_squared_gap(beta, rng):
    model = GaussianBeta(beta, 2.0)
    spectra = np.array([model.sample_eigenvalues(2, rng=rng) for _ in range(800)])
    # Density s^β exp(−βs²/4σ²) of the gap s.
    squares = beta * np.diff(spectra)[:, 0] ** 2 / (4 * 2.0)
    assert stats.kstest(squares, stats.gamma((beta + 1) / 2).cdf).pvalue > LEVEL
    centre = spectra.sum(axis=1)
    assert stats.kstest(centre, stats.norm(0, np.sqrt(4.0 / beta)).cdf).pvalue > LEVEL


@pytest.mark.parametrize("beta", [0.0, -1.0, np.inf, np.nan])
def test_refuses_a_repulsion_that_is_not_positive(beta):
    with pytest.raises(ValueError, match="beta: expected a positive"):
        GaussianBeta(beta)


@pytest.mark.parametrize("dense", [GOE, GUE, GSE, lambda v: GaussianBeta(1.0, v)])
def test_refuses_a_variance_that_is_not_positive(dense):
    with pytest.raises(ValueError, match="variance: expected a positive"):
        dense(0.0)
