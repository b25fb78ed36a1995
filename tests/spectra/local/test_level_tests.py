import numpy as np
import pytest

from eigenscape.spectra.local.hypotheses import BLOCKS, GOE, GUE, POISSON
from eigenscape.spectra.local.level_tests import (
    EXCLUDED,
    MeanRatios,
    directed_p_value,
    fit_p_value,
    log_likelihood,
    mean_ratios,
    power,
)

LAWS = (GOE, GUE, POISSON, BLOCKS[0])


def drawn(law, levels, rng):
    """Means as a law spreads them, tolerance included."""
    exact = MeanRatios(law.mean, np.zeros(3), levels, 10)
    mean = rng.multivariate_normal(law.mean, exact.covariance(law))
    return MeanRatios(mean, np.zeros(3), levels, 10)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_p_values_are_uniform_and_the_power_is_reached(law, rng):
    trials = [drawn(law, 300, rng) for _ in range(400)]
    fits = np.array([fit_p_value(found, law) for found in trials])
    for level in (0.05, 0.5):
        spread = 4 * np.sqrt(level * (1 - level) / fits.size)
        assert abs((fits < level).mean() - level) < spread
    rival = GUE if law is not GUE else BLOCKS[0]
    own = np.array([directed_p_value(found, law, rival) for found in trials])
    assert abs((own < 0.05).mean() - 0.05) < 4 * np.sqrt(0.05 * 0.95 / own.size)
    other = [directed_p_value(found, rival, law) < EXCLUDED / 2 for found in trials]
    claimed = power(trials[0], rival, law)
    error = np.sqrt(max(claimed * (1 - claimed), 1e-3) / len(trials))
    assert abs(np.mean(other) - claimed) < 4 * error


def test_the_truth_is_likeliest(rng):
    for law in LAWS:
        found = drawn(law, 3000, rng)
        assert max(LAWS, key=lambda each: log_likelihood(found, each)) is law


def test_power_grows_with_levels_and_stops_at_the_tolerance():
    few, many = (MeanRatios(GOE.mean, np.zeros(3), n, 9) for n in (100, 1000))
    assert power(few, GUE, GOE) < 0.9 < power(many, GUE, GOE)
    endless = MeanRatios(GOE.mean + 0.004, np.zeros(3), 10**9, 9)
    # two tolerances off in three means: not enough to reject
    assert fit_p_value(endless, GOE) > 0.005


def test_units_that_vary_more_than_the_law_widen_the_errors(rng):
    rows = [
        rng.uniform(0.3, 0.7, (100, 3)) + 0.2 * rng.standard_normal() for _ in range(20)
    ]
    found = mean_ratios(rows)
    plain = MeanRatios(found.mean, np.zeros(3), found.levels, found.units)
    assert found.units == 20
    assert found.levels == 2000
    assert fit_p_value(found, GOE) > fit_p_value(plain, GOE)
    np.testing.assert_allclose(found.mean, np.concatenate(rows).mean(0))
    assert [e.samples for e in found.estimates()] == [20] * 3


def test_but_chance_seldom_does(rng):
    """Few units vary by themselves: at twice the error, one in twenty was widened."""
    widened = 0
    factor = np.linalg.cholesky(GOE.covariances)
    for _ in range(400):
        found = mean_ratios([GOE.mean + rng.standard_normal((160, 3)) @ factor.T])
        assert found.units == 5
        plain = MeanRatios(found.mean, np.zeros(3), found.levels, found.units)
        widened += (found.covariance(GOE) != plain.covariance(GOE)).any()
    # the mean over three orders varies less than one: below 1 %, and its error
    assert widened <= 4 + 3 * 2


def test_too_few_levels_give_none():
    assert mean_ratios([np.full((40, 3), 0.5)]) is None
    assert mean_ratios([np.empty((0, 3))]) is None
    assert mean_ratios([np.full((64, 3), 0.5)]).units == 2
