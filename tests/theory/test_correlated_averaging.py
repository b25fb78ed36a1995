"""Correlated noise against the double sum itself, and against simulation."""

import mpmath
import numpy as np
import pytest

from eigenscape.theory.correlated_averaging import (
    correlated_average_variance,
    correlated_last_variance,
    correlated_long_variance,
)
from eigenscape.theory.iterate_averaging import (
    AveragedIterates,
    averaged_iterate,
    last_iterate,
)

FACTORS = (0.0, 1e-7, 0.05, 0.9, 1.0, 1.8, 2.2)
MEMORY = np.array([1.0, 0.6, 0.3, -0.1])


def double_sum(factor, averaged, autocorrelation):
    """∑ₛₜ dₛ dₜ ρ_{s−t} with 40 digits."""
    with mpmath.workdps(40):
        q, steps = 1 - mpmath.mpf(factor), averaged.steps
        ends = range(averaged.start + averaged.every, steps + 1, averaged.every)
        power = [q**k for k in range(steps)]
        d = [
            mpmath.fsum(power[end - 1 - t] for end in ends if end > t) / averaged.count
            for t in range(steps)
        ]
        lagged = [
            mpmath.mpf(rho) * mpmath.fdot(d[h:], d) * (2 if h else 1)
            for h, rho in enumerate(autocorrelation)
        ]
        return float(mpmath.fsum(lagged))


@pytest.mark.parametrize(
    "averaged",
    [AveragedIterates(1), AveragedIterates(11), AveragedIterates(4, 3, 2)],
    ids=str,
)
def test_variance_is_the_double_sum(averaged):
    eigenvalues = np.array(FACTORS)
    found = correlated_average_variance(
        eigenvalues, averaged, MEMORY, learning_rate=1.0, noise_variance=1.0
    )
    expected = [double_sum(factor, averaged, MEMORY) for factor in FACTORS]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_last_iterate_follows_its_closed_form():
    """η² s² ∑_h ρ_h q^|h| (1 − q^{2(n−|h|)})/(1 − q²)."""
    n, q = 9, 0.7
    lags = range(len(MEMORY))
    terms = [q**h * (1 - q ** (2 * (n - h))) / (1 - q**2) for h in lags]
    expected = 0.5 * MEMORY @ terms * 2 - 0.5 * terms[0]
    found = correlated_last_variance(
        np.array([0.3]), n, MEMORY, learning_rate=1.0, noise_variance=0.5
    )
    assert found[0] == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    "averaged", [AveragedIterates(500), AveragedIterates(30, 90, 7)]
)
def test_independent_noise_is_a_special_case(averaged):
    eigenvalues = np.array([0.0, 0.01, 0.4, 1.9])
    options = {"learning_rate": 0.5, "noise_variance": 2.0}
    found = correlated_average_variance(
        eigenvalues, averaged, np.array([1.0]), **options
    )
    expected = averaged_iterate(eigenvalues, averaged, **options).variance
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_noise_that_stays_is_not_averaged_away():
    """A constant ε shifts the minimum by −ε/λ, whatever is averaged."""
    eigenvalue, averaged = 0.4, AveragedIterates(60, 20)
    always = np.ones(averaged.steps)
    options = {"learning_rate": 0.5, "noise_variance": 3.0}
    found = correlated_average_variance(
        np.array([eigenvalue]), averaged, always, **options
    )
    bias = averaged_iterate(np.array([eigenvalue]), averaged, **options).bias[0]
    assert found[0] == pytest.approx(3 * ((1 - bias) / eigenvalue) ** 2, rel=1e-12)


def test_long_averages_tend_to_their_leading_order():
    eigenvalues, count = np.array([0.2, 1.0]), 20_000
    found = correlated_average_variance(
        eigenvalues,
        AveragedIterates(count),
        MEMORY,
        learning_rate=0.5,
        noise_variance=1.0,
    )
    leading = correlated_long_variance(eigenvalues, count, MEMORY, noise_variance=1.0)
    assert (abs(found / leading - 1) < 4 / (count * 0.5 * eigenvalues)).all()
    assert leading[1] == pytest.approx((1 + 2 * 0.8) / count)


def test_simulated_averages_have_this_variance(rng):
    """Noise ε_t = (a_t + 2 a_{t−1} + a_{t−2})/√6 has ρ = 1, 2/3, 1/6."""
    runs, averaged = 40_000, AveragedIterates(6, 4, 3)
    fresh = rng.standard_normal((averaged.steps + 2, runs))
    noise = (fresh[2:] + 2 * fresh[1:-1] + fresh[:-2]) / np.sqrt(6)
    w, total = np.zeros(runs), np.zeros(runs)
    for step in range(1, averaged.steps + 1):
        w = w - 0.5 * (0.3 * w + noise[step - 1])
        if step > averaged.start and (step - averaged.start) % averaged.every == 0:
            total += w / averaged.count
    rho = np.array([1, 2 / 3, 1 / 6])
    found = correlated_average_variance(
        np.array([0.3]), averaged, rho, learning_rate=0.5, noise_variance=1.0
    )
    assert total.var() == pytest.approx(found[0], rel=4 * np.sqrt(2 / runs))
    last = correlated_last_variance(
        np.array([0.3]), averaged.steps, rho, learning_rate=0.5, noise_variance=1.0
    )
    assert w.var() == pytest.approx(last[0], rel=4 * np.sqrt(2 / runs))
    alone = last_iterate(
        np.array([0.3]), averaged.steps, learning_rate=0.5, noise_variance=1.0
    )
    assert last[0] > 1.5 * alone.variance[0]


@pytest.mark.parametrize("autocorrelation", [np.array([]), np.array([2.0, 1.0])])
def test_an_autocorrelation_begins_with_one(autocorrelation):
    with pytest.raises(ValueError, match="expected ρ₀ = 1 first"):
        correlated_last_variance(
            np.ones(1), 3, autocorrelation, learning_rate=1.0, noise_variance=1.0
        )
