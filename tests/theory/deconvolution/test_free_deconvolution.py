from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from eigenscape.theory.deconvolution.free_deconvolution import free_deconvolution
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from sampled_statistics import gaussian


def moment(order):
    return lambda law: float(law.locations**order @ law.weights)


def below(place):
    return lambda law: float(law.weights[law.locations < place].sum())


def noisy(signal, rng, beta=1):
    x = gaussian(rng, (signal.size, signal.size), beta)
    matrix = np.diag(signal) + (x + np.conj(x.T)) / math.sqrt(2 * signal.size)
    return Discrete.empirical(np.linalg.eigvalsh(matrix))


def sample_covariance(population, samples, rng):
    x = rng.standard_normal((samples, population.size)) * np.sqrt(population / samples)
    return Discrete.empirical(np.maximum(np.linalg.eigvalsh(x.T @ x), 0))


def distance(law, values):
    return stats.wasserstein_distance(law.locations, values, law.weights)


def test_an_exact_sum_gives_exact_moments(rng):
    found = free_deconvolution(Semicircle(2.0), Semicircle(1.0), rng=rng)
    values = [moment(k)(found.law) for k in range(1, 7)]
    assert np.allclose(values, [0, 1, 0, 2, 0, 5], rtol=0, atol=1e-7)
    assert found.bandwidth == pytest.approx(2 * math.sqrt(2))
    with pytest.raises(ValueError, match=r"^replicas: expected"):
        found.estimate(moment(1))


@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_an_exact_product_gives_exact_moments(ratio, rng):
    spectrum = MarchenkoPastur(ratio, 3.0)
    found = free_deconvolution(
        spectrum, MarchenkoPastur(ratio), rng=rng, operation="multiplicative"
    )
    values = [moment(k)(found.law) / 3.0**k for k in range(1, 7)]
    assert np.allclose(values, 1, rtol=0, atol=1e-6)


def test_two_atoms_in_gaussian_noise(rng):
    size = 300
    signal = np.repeat([-1.0, 2.0], [3 * size // 5, 2 * size // 5])
    found = free_deconvolution(
        noisy(signal, rng), Semicircle(), rng=rng, size=size, replicas=20
    )
    # Where the noise is not, the mass is counted far better than 1/√N.
    assert below(0.5)(found.law) == pytest.approx(0.6, abs=2 / size)
    assert distance(found.law, signal) < 0.1
    for order in (1, 2, 3):
        estimate = found.estimate(moment(order))
        truth = np.mean(signal**order)
        assert abs(estimate.value - truth) < 4 * estimate.standard_error
    assert found.misfit < found.modes


@pytest.mark.parametrize("samples", [600, 200])
def test_two_population_eigenvalues(samples, rng):
    size = 300
    population = np.repeat([1.0, 5.0], size // 2)
    spectrum = sample_covariance(population, samples, rng)
    found = free_deconvolution(
        spectrum,
        MarchenkoPastur(size / samples),
        rng=rng,
        operation="multiplicative",
        size=size,
        replicas=20,
    )
    share = found.estimate(below(3.0))
    assert abs(share.value - 0.5) < 4 * share.standard_error + 1 / size
    assert distance(found.law, population) < distance(spectrum, population) / 5


def test_a_smooth_population_in_wasserstein_distance(rng):
    size = 300
    population = np.linspace(1.0, 3.0, size)
    spectrum = sample_covariance(population, 2 * size, rng)
    found = free_deconvolution(
        spectrum,
        MarchenkoPastur(0.5),
        rng=rng,
        operation="multiplicative",
        size=size,
        replicas=0,
    )
    # Three or four atoms stand for the interval: a quarter of a spacing of 2/3, and
    # as much again for where the noise puts them.
    assert distance(found.law, population) < 0.35
    assert distance(spectrum, population) > 0.5


def test_turned_noise_of_a_fixed_spectrum(rng):
    size = 100
    fixed, signal = np.repeat([0.0, 1.0, 4.0], [50, 25, 25]), np.repeat([0.0, 3.0], 50)
    q = np.linalg.qr(rng.standard_normal((size, size)))[0]
    values = np.linalg.eigvalsh(np.diag(signal) + (q * fixed) @ q.T)
    found = free_deconvolution(
        Discrete.empirical(values),
        Discrete.empirical(fixed),
        rng=rng,
        size=size,
        replicas=0,
    )
    assert moment(1)(found.law) == pytest.approx(1.5, abs=1e-4)
    assert below(1.5)(found.law) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("operation", ["additive", "multiplicative"])
def test_intervals_cover(operation, rng):
    """Sixteen matrices, four functionals; N = 40."""
    size, draws = 40, 16
    values = np.repeat([1.0, 4.0], size // 2)
    functionals = [moment(1), moment(2), moment(3), below(2.5)]
    truth = [f(Discrete.empirical(values)) for f in functionals]
    scores = []
    for _ in range(draws):
        if operation == "additive":
            spectrum, noise = noisy(values, rng), Semicircle()
        else:
            spectrum = sample_covariance(values, 2 * size, rng)
            noise = MarchenkoPastur(0.5)
        found = free_deconvolution(
            spectrum, noise, rng=rng, operation=operation, size=size, replicas=10
        )
        estimates = [found.estimate(f) for f in functionals]
        errors = [e.value - t for e, t in zip(estimates, truth, strict=True)]
        scores.append(np.array(errors) / [e.standard_error for e in estimates])
    covered = np.abs(scores) < stats.t.ppf(0.975, 9)
    # 95 % less four standard errors of the draws; no more can be said of above.
    assert (covered.mean(axis=0) > 0.95 - 4 * math.sqrt(0.05 * 0.95 / draws)).all()
    # Nor are the intervals idle: scores of the moments spread like t variables.
    spread = np.std(scores, axis=0)[:3]
    assert ((spread > 0.6) & (spread < 1.8)).all()


def test_the_height_hardly_matters(rng):
    size = 100
    spectrum = noisy(np.repeat([-1.0, 2.0], size // 2), rng)
    second = [
        moment(2)(
            free_deconvolution(
                spectrum, Semicircle(), rng=rng, size=size, height=h, replicas=0
            ).law
        )
        for h in (2.0, 3.0, 5.0)
    ]
    # In units of its standard error, 1/50 or so.
    assert np.ptp(second) < 0.01


def test_the_wrong_noise_is_seen_in_the_misfit(rng):
    size = 300
    spectrum = noisy(np.zeros(size), rng)
    right, wrong = (
        free_deconvolution(spectrum, Semicircle(v), rng=rng, size=size, replicas=0)
        for v in (1.0, 1.2)
    )
    assert right.misfit < right.modes < wrong.misfit


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"size": 0}, "size"),
        ({"height": -1.0}, "height"),
        ({"operation": "multiplicative"}, "noise"),
        ({"beta": 3}, "beta"),
    ],
)
def test_refusals(options, name, rng):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        free_deconvolution(Semicircle(2.0), Semicircle(), rng=rng, **options)
