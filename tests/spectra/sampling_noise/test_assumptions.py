from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eigenscape.spectra.sampling_noise.assumptions import (
    _projections,
    noise_scaling,
    rank_dependence,
    weight_direction_dependence,
)
from eigenscape.spectra.sampling_noise.population import PopulationCurvature
from sampled_examples import measure, plant

SIZES = [8, 32, 128, 512]


def skewed(exponent, rng, draws=12):
    scale = [b**-exponent * (1000 - b) / 999 for b in SIZES]
    return [s * rng.gamma(2.0, size=draws) for s in scale]


def test_the_exponent_is_covered_and_its_test_has_its_size(rng):
    found = [
        noise_scaling(SIZES, skewed(1.0, rng), population=1000) for _ in range(300)
    ]
    # 95 % of 300: 285 ± 4, and the robust errors of 48 draws cost a percent or two
    assert 270 <= sum(1.0 in f.exponent for f in found) <= 296
    assert np.mean([f.exponent.value for f in found]) == pytest.approx(1, abs=0.02)
    p_values = [f.p_value for f in found]
    assert stats.kstest(p_values, "uniform").pvalue > 1e-3


def test_another_exponent_is_found(rng):
    found = noise_scaling(SIZES, skewed(0.6, rng), population=1000)
    assert 0.6 in found.exponent
    assert found.p_value < 1e-3


def equal_lengths(rng, *, dependent=False):
    """Directions of equal length, so that weight is all there is to curvature."""
    rows = rng.standard_normal((400, 1, 60))
    rows[:, :, :3] *= [4, 2.8, 2]
    rows /= np.linalg.norm(rows, axis=2, keepdims=True)
    weights = np.exp(0.7 * rng.standard_normal(400))
    if dependent:
        weights *= 1 + 10 * rows[:, 0, 0] ** 2
    return measure(rows * np.sqrt(weights)[:, None, None], 3)[1]


@pytest.mark.parametrize("known", [3, 12])
def test_an_example_is_projected_on_what_the_others_make(known, rng):
    """Against the eigenvectors of A less each example, to second order in 1/n."""
    n, size = 3000, 12
    rows = rng.standard_normal((n, 2, size)) * np.geomspace(4, 0.5, size)
    mean, population = measure(rows, known)
    found = _projections(population)
    _, vectors = np.linalg.eigh(mean)
    near, far = [], []
    for one in range(5):
        left = np.linalg.eigh(mean - rows[one].T @ rows[one] / n)[1][:, ::-1]
        left *= np.sign((left * vectors[:, ::-1]).sum(0))
        _, turn = np.linalg.eigh(rows[one] @ rows[one].T)
        exact = (turn.T @ rows[one] @ left)[::-1, :known]
        near.append(np.abs(found[one] - exact).max())
        far.append(np.abs(population.projections[one] - exact).max())
    # what lies outside the known directions is taken to have eigenvalue 0
    assert max(near) < (0.1 if known == size else 0.4) * max(far)


def two_ranks(rng, *, dependent=False):
    """Projections of a sample of very many examples, each of small share."""
    cosines = 0.05 * rng.standard_normal((400, 2, 3))
    if dependent:
        cosines[:, 1] += 0.8 * np.abs(cosines[:, 0])
    values = np.sort(rng.lognormal(0, 1, (400, 2)), axis=1)[:, ::-1].copy()
    return PopulationCurvature(
        spikes=np.array([3.0, 2.0, 1.0]),
        trace=float(values.sum(1).mean()),
        example_eigenvalues=values,
        projections=cosines * np.sqrt(values)[:, :, None],
        population=10**7,
    )


CASES = [
    (weight_direction_dependence, equal_lengths),
    (rank_dependence, two_ranks),
]


@pytest.mark.parametrize(("test", "population"), CASES)
def test_independence_is_accepted_at_the_right_rate(test, population, rng):
    p_values = [
        test(population(rng), rng=rng, permutations=99).p_value for _ in range(60)
    ]
    assert stats.kstest(p_values, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(("test", "population"), CASES)
def test_dependence_is_found(test, population, rng):
    found = test(population(rng, dependent=True), rng=rng)
    assert found.p_value <= 0.01
    assert found.correlations.max() > 0.2


def test_bad_arguments(rng):
    with pytest.raises(ValueError, match="^noise_variance: expected"):
        noise_scaling([8], [np.ones(9)])
    with pytest.raises(ValueError, match="^noise_variance: expected"):
        noise_scaling([8, 9], [np.ones(9), np.zeros(9)])
    with pytest.raises(ValueError, match="^batch_sizes: expected sizes below n = 9"):
        noise_scaling([8, 9], [np.ones(9), np.ones(9)], population=9)
    _, _, population = plant("unweighted", rng)
    with pytest.raises(ValueError, match="^population: expected at least 3 examples"):
        rank_dependence(population, rng=rng)
    with pytest.raises(ValueError, match="^population: expected projections"):
        weight_direction_dependence(replace(population, projections=None), rng=rng)
