from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from eigenscape.theory.ensembles.gaussian import GaussianBeta
from eigenscape.theory.fredholm import nystrom_matrix, quadrature
from eigenscape.theory.local_laws.ratios import (
    mean_ratio,
    ratio_surmise_cdf,
    ratio_surmise_mean,
    ratio_surmise_pdf,
)

BETAS = (0, 1, 2, 4)


@pytest.mark.parametrize("order", [1, 2, 6])
@pytest.mark.parametrize("beta", BETAS)
def test_densities_have_mass_one(beta, order):
    def density(r):
        return float(ratio_surmise_pdf(np.array([r]), beta, order)[0])

    total = integrate.quad(density, 0, 1, epsabs=1e-12)[0]
    # r and 1/r have one law: half the mass lies below 1.
    assert total == pytest.approx(0.5, abs=1e-11)
    beyond = integrate.quad(density, 1, math.inf, epsabs=1e-12)[0]
    assert beyond == pytest.approx(0.5, abs=1e-9)
    assert ratio_surmise_cdf(np.array([1.0]), beta, order)[0] == pytest.approx(1)


def test_printed_norms_and_means():
    """Atas et al. (2013), Eq. (7) and Table I."""
    norms = {1: 8 / 27, 2: 4 * math.pi / (81 * 3**0.5), 4: 4 * math.pi / (729 * 3**0.5)}
    for beta, norm in norms.items():
        exact = 2**beta / 3 ** (1 + 1.5 * beta) / norm
        own = ratio_surmise_pdf(np.ones(1), beta)[0]
        assert own == pytest.approx(exact, rel=1e-14)
    means = {
        0: 2 * math.log(2) - 1,
        1: 4 - 2 * 3**0.5,
        2: 2 * 3**0.5 / math.pi - 0.5,
        4: 32 * 3**0.5 / (15 * math.pi) - 0.5,
    }
    for beta, mean in means.items():
        assert ratio_surmise_mean(beta) == pytest.approx(mean, rel=1e-14)


def test_three_by_three_matrices_have_the_surmise(rng):
    normal = rng.standard_normal((3000, 3, 3))
    gaps = np.diff(np.linalg.eigvalsh(normal + normal.swapaxes(1, 2)), axis=1)
    ratios = gaps.min(axis=1) / gaps.max(axis=1)
    result = stats.kstest(ratios, lambda r: ratio_surmise_cdf(r, 1))
    assert result.pvalue > 1e-3


@pytest.mark.parametrize("order", [1, 3])
def test_poisson_ratios_of_any_order(order, rng):
    first, second = rng.gamma(order, size=(2, 4000))
    ratios = np.minimum(first / second, second / first)
    result = stats.kstest(ratios, lambda r: ratio_surmise_cdf(r, 0, order))
    assert result.pvalue > 1e-3


def neighbours(a, t):
    """Chance that a level of the sine process has none in (−a, at) beside itself."""
    nodes, weights = quadrature(0.0, 1.0, 24)
    width = a * (1 + t)
    places = -a[:, None] + width[:, None] * nodes

    def kernel(x, y):
        return np.sinc(x - y) - np.sinc(x) * np.sinc(y)

    matrix = nystrom_matrix(kernel, places, width[:, None] * weights)
    return np.linalg.det(np.eye(nodes.size) - matrix)


def poisson_neighbours(a, t):
    return np.exp(-a * (1 + t))


@pytest.mark.parametrize(
    ("beta", "survival", "reach"), [(2, neighbours, 6.0), (0, poisson_neighbours, 40.0)]
)
def test_long_spectra_have_the_exact_mean(beta, survival, reach):
    """E r̃ = 1 − 2 ∫ (∫₀¹ E(a, at) dt − E(a, a)) da/a, by parts twice.

    E(a, b) is the chance of no neighbour within a to the left and b to the right.
    """
    a, mass = quadrature(0.0, reach, 40)
    t, share = quadrature(0.0, 1.0, 16)
    grid = survival(np.repeat(a, t.size), np.tile(t, a.size)).reshape(a.size, t.size)
    excess = grid @ share - survival(a, np.ones_like(a))
    mean = 1 - 2 * (excess / a) @ mass
    assert mean_ratio(beta) == pytest.approx(mean, abs=2e-10)


@pytest.mark.parametrize("beta", [1, 4])
def test_published_means_fit_sampled_spectra(beta, rng):
    """The middle of 100 spectra of size 400; standard error 0.0018."""
    means = []
    for _ in range(100):
        values = GaussianBeta(float(beta)).sample_eigenvalues(400, rng=rng)[40:360]
        gaps = np.diff(values)
        ratios = np.minimum(gaps[1:], gaps[:-1]) / np.maximum(gaps[1:], gaps[:-1])
        means.append(ratios.mean())
    error = np.std(means) / math.sqrt(len(means))
    assert abs(np.mean(means) - mean_ratio(beta)) < 3 * error


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_higher_orders_fit_sampled_spectra(beta, rng):
    """Order two; every fifth triple of the middle of 40 spectra of size 300."""
    ratios = []
    for _ in range(40):
        values = GaussianBeta(float(beta)).sample_eigenvalues(300, rng=rng)
        first = values[100:200:5]
        pair = np.array([
            values[102:202:5] - first,
            values[104:204:5] - values[102:202:5],
        ])
        ratios += (pair.min(axis=0) / pair.max(axis=0)).tolist()
    result = stats.kstest(ratios, lambda r: ratio_surmise_cdf(r, beta, 2))
    # 800 ratios; the conjecture holds to the noise, 0.058 at level 0.01.
    assert result.statistic < 0.058


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match=r"^order: expected at least 1, got 0"):
        ratio_surmise_pdf(np.ones(1), 1, 0)
    with pytest.raises(ValueError, match=r"^ratio: expected min\(r, 1/r\) in"):
        ratio_surmise_cdf(np.array([1.5]), 1)
    for call in (mean_ratio, ratio_surmise_mean):
        with pytest.raises(ValueError, match=r"^beta: expected one of"):
            call(3)
