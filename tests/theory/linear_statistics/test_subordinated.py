from __future__ import annotations

import math

import numpy as np
import pytest

from eigenscape.core import ConvergenceError
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.linear_statistics.one_cut import (
    wigner_statistics,
    wishart_statistics,
)
from eigenscape.theory.linear_statistics.subordinated import (
    deformed_wigner_statistics,
    sample_covariance_statistics,
)
from sampled_statistics import assert_matches, gaussian

ORIGIN, UNIT = Discrete.point_mass(0.0), Discrete.point_mass(1.0)
POWERS = [lambda x: x, lambda x: x**2, lambda x: x**3, lambda x: x**4]
SMOOTH = [*POWERS, np.exp, lambda x: 1 / (x - 9), lambda x: np.cos(2 * x)]


def wigner(entries):
    size = entries.shape[-1]
    return (entries + np.conj(np.swapaxes(entries, -1, -2))) / math.sqrt(2 * size)


def test_log_determinant_of_a_correlated_matrix_moves_only():
    # log det of Σ^½ W Σ^½ is log det Σ + log det W.
    population = Discrete(np.array([0.2, 1.0, 7.0]), np.array([0.2, 0.5, 0.3]))
    found = sample_covariance_statistics([np.log], population, 0.6)
    plain = wishart_statistics([np.log], MarchenkoPastur(0.6))
    assert np.allclose(found.covariance, plain.covariance, rtol=1e-9)
    assert np.allclose(found.mean, plain.mean, rtol=1e-9)


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_contours_agree_with_chebyshev_sums(beta):
    found = deformed_wigner_statistics(SMOOTH, ORIGIN, 2.0, beta=beta)
    plain = wigner_statistics(SMOOTH, 2.0, beta=beta)
    size = np.abs(plain.covariance).max()
    assert np.allclose(found.covariance, plain.covariance, atol=1e-10 * size)
    assert np.allclose(found.mean, plain.mean, atol=1e-10 * size)


@pytest.mark.parametrize("ratio", [0.2, 1.0, 3.0])
def test_contours_agree_with_chebyshev_sums_for_covariances(ratio):
    functions = [*POWERS[:2], np.sin, lambda x: 1 / (x + 1)]
    found = sample_covariance_statistics(functions, UNIT, ratio)
    plain = wishart_statistics(functions, MarchenkoPastur(ratio))
    size = np.abs(plain.covariance).max()
    assert np.allclose(found.covariance, plain.covariance, atol=1e-10 * size)
    assert np.allclose(found.mean, plain.mean, atol=1e-10 * size)


@pytest.mark.parametrize("beta", [1, 2])
def test_deformed_wigner_matrices_as_sampled(beta, rng):
    """Two bulks, split by A; N = 60, whose next correction is of order 1/N."""
    size, draws = 60, 800
    signal = Discrete(np.array([-2.0, 2.0]), np.array([0.5, 0.5]))
    functions = [*POWERS[:3], np.cos, lambda x: 1 / (x - 9)]
    statistic = deformed_wigner_statistics(functions, signal, 0.5, beta=beta)
    matrices = math.sqrt(0.5) * wigner(gaussian(rng, (draws, size, size), beta))
    matrices[:, range(size), range(size)] += np.repeat([-2.0, 2.0], size // 2)
    values = np.linalg.eigvalsh(matrices)
    # ∫ f dρ on a circle: f(z(ω)) g_A(ω) z′(ω) dω / 2πi.
    ring = 3.5 * np.exp(2j * np.pi * np.arange(400) / 400)
    z, g = ring + 0.5 * signal.stieltjes(ring), signal.stieltjes(ring)
    slope = 1 + 0.5 * signal.stieltjes_derivative(ring)
    limit = [np.mean(f(z) * g * slope * ring).real for f in functions]
    sample = np.stack([f(values).sum(axis=1) for f in functions], axis=1)
    assert_matches(sample - size * np.array(limit), statistic)


@pytest.mark.parametrize("beta", [1, 2])
def test_correlated_sample_covariances_as_sampled(beta, rng):
    size, samples, draws = 40, 80, 800
    population = Discrete(np.array([1.0, 4.0]), np.array([0.5, 0.5]))
    functions = [*POWERS[:2], np.log, lambda x: 1 / (x + 1)]
    statistic = sample_covariance_statistics(functions, population, 0.5, beta=beta)
    entries = gaussian(rng, (draws, samples, size), beta)
    entries *= np.sqrt(np.repeat([1.0, 4.0], size // 2) / samples)
    values = np.linalg.svd(entries, compute_uv=False) ** 2
    # The law of the nonzero part, on a circle between 0 and the lower edge.
    ring = 4.9 + 4.7 * np.exp(2j * np.pi * np.arange(4000) / 4000)
    g = population.stieltjes(ring)
    z = ring * (1 + 0.5 * (ring * g - 1))
    slope = 1 + 0.5 * (
        ring * (2 * g + ring * population.stieltjes_derivative(ring)) - 1
    )
    density = ring * g / z * slope * (ring - 4.9)
    limit = [np.mean(f(z) * density).real for f in functions]
    sample = np.stack([f(values).sum(axis=1) for f in functions], axis=1)
    assert_matches(sample - size * np.array(limit), statistic)


def test_a_pole_inside_the_contour_is_found():
    split = Discrete(np.array([-2.0, 2.0]), np.array([0.5, 0.5]))
    with pytest.raises(ConvergenceError, match="analytic"):
        deformed_wigner_statistics([lambda x: 1 / (x**2 + 1)], split, 0.5)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: deformed_wigner_statistics(POWERS, UNIT, 0.0), "variance"),
        (lambda: sample_covariance_statistics(POWERS, ORIGIN, 0.5), "population"),
        (lambda: sample_covariance_statistics(POWERS, UNIT, 0.0), "ratio"),
        (lambda: sample_covariance_statistics(POWERS, UNIT, 0.5, beta=3), "beta"),
    ],
)
def test_refusals(call, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        call()
