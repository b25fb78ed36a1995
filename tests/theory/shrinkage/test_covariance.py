from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.shrinkage.covariance import (
    covariance_oracle,
    covariance_shrinkage,
)
from eigenscape.theory.shrinkage.linear import linear_covariance_shrinkage
from eigenscape.theory.shrinkage.spiked import shrink_covariance_spikes


def sampled(population, samples, rng):
    """Observations, sample eigenvalues and uᵢᵀ Σ uᵢ."""
    x = rng.standard_normal((samples, population.size)) * np.sqrt(population)
    values, vectors = np.linalg.eigh(x.T @ x / samples)
    return x, np.maximum(values, 0), population @ vectors**2


@given(st.floats(0.05, 5.0), st.floats(0.2, 4.0), st.floats(0.02, 0.98))
def test_equal_population_eigenvalues_are_all_recovered(ratio, scale, share):
    law = MarchenkoPastur(ratio, scale)
    cut = law.support[0]
    x = np.array([cut.lower + share * cut.width])
    # |1 − c + cλg|² = λ/s on the support of the law itself.
    assert covariance_oracle(x, law, ratio) == pytest.approx([scale], rel=1e-10)


def test_null_eigenvalues_of_equal_populations():
    law = MarchenkoPastur(4.0, 3.0)
    assert covariance_oracle(np.zeros(2), law, 4.0) == pytest.approx([3.0, 3.0])


def test_outliers_agree_with_the_spiked_shrinker():
    x = np.array([3.5, 9.0, 60.0])
    found = covariance_oracle(x, MarchenkoPastur(0.5), 0.5)
    assert np.allclose(found, shrink_covariance_spikes(x, 0.5), rtol=1e-12)


@pytest.mark.parametrize("samples", [500, 125])
def test_kernel_estimate_beats_its_competitors(samples, rng):
    population = np.repeat([1.0, 3.0, 10.0], [50, 100, 100])
    x, values, oracle = sampled(population, samples, rng)
    found = covariance_shrinkage(values, samples)
    loss = np.mean((found - oracle) ** 2)
    linear = linear_covariance_shrinkage(x)(values)
    assert loss < np.mean((linear - oracle) ** 2)
    assert loss < np.mean((values - oracle) ** 2) / 20
    # Errors of order n^(−1/3) of the spread, and of 1/√P for each oracle.
    assert math.sqrt(loss) < 2 * samples ** (-1 / 3) * population.std()


def test_equal_populations_are_shrunk_to_a_constant(rng):
    _, values, _ = sampled(np.full(300, 2.0), 900, rng)
    found = covariance_shrinkage(values, 900)
    assert np.quantile(np.abs(found - 2), 0.9) < 0.2


def test_many_samples_leave_the_eigenvalues_alone():
    values = np.array([1.0, 2.0, 5.0])
    found = covariance_shrinkage(values, 10**9)
    assert np.allclose(found, values, rtol=1e-5)


def test_agrees_with_the_published_program_line_by_line(rng):
    """Ledoit and Wolf's formulas written out for one matrix with P > n."""
    n, p = 40, 60
    _, values, _ = sampled(rng.uniform(1, 4, p), n, rng)
    lam = values[p - n :]
    h = n ** (-1 / 3)
    u = (lam[:, None] - lam) / (h * lam)
    f = np.mean(0.75 / 5**0.5 * np.maximum(1 - u**2 / 5, 0) / (h * lam), axis=1)
    hilbert = -0.3 / np.pi * u + 0.75 / (5**0.5 * np.pi) * (1 - u**2 / 5) * np.log(
        np.abs((5**0.5 - u) / (5**0.5 + u))
    )
    hilbert = np.mean(hilbert / (h * lam), axis=1)
    positive = lam / (np.pi**2 * lam**2 * (f**2 + hilbert**2))
    at_zero = 0.3 / h**2 + 0.75 / (5**0.5 * h) * (1 - 0.2 / h**2) * math.log(
        (1 + 5**0.5 * h) / (1 - 5**0.5 * h)
    )
    null = 1 / ((p - n) / n * at_zero * np.mean(1 / lam))
    found = covariance_shrinkage(values[::-1].copy(), n)[::-1]
    assert np.allclose(found[p - n :], positive, rtol=1e-11)
    assert np.allclose(found[: p - n], null, rtol=1e-9)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: covariance_shrinkage(np.ones(3), 11), "samples"),
        (lambda: covariance_shrinkage(np.array([0.0, 1.0]), 20), "eigenvalues"),
        (
            lambda: covariance_oracle(np.zeros(1), MarchenkoPastur(0.5), 0.5),
            "eigenvalues",
        ),
        (lambda: covariance_oracle(np.ones(1), MarchenkoPastur(0.5), -1.0), "ratio"),
    ],
)
def test_refusals(call, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        call()
