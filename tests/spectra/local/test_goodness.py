import numpy as np
import pytest
from scipy.stats import kstest, norm

from eigenscape.spectra.local.goodness import _added, kolmogorov_test


def test_distance_agrees_with_scipy(rng):
    runs = [rng.normal(size=n) for n in (300, 77, 0)]
    got = kolmogorov_test(runs, norm.cdf, rng=rng, draws=10)
    expected = kstest(np.concatenate(runs), norm.cdf).statistic
    assert got.distance == pytest.approx(expected, abs=1e-14)
    assert got.samples == 377


def moving_average(size, rng):
    noise = rng.normal(size=size + 4)
    return sum(noise[i : size + i] for i in range(5)) / np.sqrt(5)


@pytest.mark.parametrize("spectra", [1, 40])
def test_p_values_of_correlated_numbers_are_uniform(spectra, rng):
    trials, size = 150, 1600 // spectra
    p_values = [
        kolmogorov_test(
            [moving_average(size, rng) for _ in range(spectra)],
            norm.cdf,
            rng=rng,
            draws=200,
        ).p_value
        for _ in range(trials)
    ]
    for level in (0.1, 0.3, 0.7):
        # three standard errors and a fortieth for the few units
        allowed = 3 * np.sqrt(level * (1 - level) / trials) + 0.025
        assert abs(np.mean(np.array(p_values) <= level) - level) < allowed


@pytest.mark.parametrize("spectra", [1, 40])
def test_redrawn_processes_have_the_variance_of_the_process(spectra, rng):
    # n Var Fₙ(x) = F(1 − F) for independent numbers, of which 400 are few
    grid = norm.ppf([0.2, 0.5])
    found = []
    for _ in range(300):
        runs = list(rng.normal(size=(spectra, 400 // spectra)))
        empirical = np.array([(np.array(runs) <= x).mean() for x in grid])
        found.append((_added(runs, grid, empirical, 25) ** 2).sum(0) / 400)
    # some twenty units: 0.3 each, 0.02 for the mean; without its mean, 0.13 less
    np.testing.assert_allclose(np.mean(found, 0), [0.16, 0.25], rtol=0.06)


def test_p_values_that_ignore_correlation_are_not(rng):
    wrong = [kstest(moving_average(1600, rng), norm.cdf).pvalue for _ in range(50)]
    assert np.mean(np.array(wrong) < 0.1) > 0.25


def test_another_distribution_is_refused(rng):
    got = kolmogorov_test([rng.normal(0.3, 1, 1000)], norm.cdf, rng=rng, draws=500)
    assert got.p_value == pytest.approx(1 / 501)
    assert got.units == 40


def test_bad_samples(rng):
    with pytest.raises(ValueError, match="runs: expected at least 250 numbers, got 60"):
        kolmogorov_test([np.zeros(60)], norm.cdf, rng=rng)
    with pytest.raises(ValueError, match="runs: expected finite numbers"):
        kolmogorov_test([np.full(300, np.nan)], norm.cdf, rng=rng)
