"""Moments of averages against covariance matrices in mpmath, and against simulation."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.theory.iterate_averaging import (
    AveragedIterates,
    Powers,
    averaged_iterate,
    frequency_cost,
    last_iterate,
    long_average,
)

FACTORS = (0.0, 1e-12, 1e-6, 0.03, 0.7, 1.0, 1.6, 2.0, 2.3)
"""ηλ: flat, slow, fast, at once, alternating, undamped, diverging."""


def exact(factor, averaged):
    """E w̄/w₀ and Var w̄/(ηs)², by the linear map from noise to iterates, 40 digits."""
    with mpmath.workdps(40):
        q, steps = 1 - mpmath.mpf(factor), averaged.steps
        ends = range(averaged.start + averaged.every, steps + 1, averaged.every)
        weights = [
            mpmath.fsum(q ** (end - 1 - t) for end in ends if end > t) / averaged.count
            for t in range(steps)
        ]
        bias = mpmath.fsum(q**end for end in ends) / averaged.count
        return float(bias), float(mpmath.fsum(w**2 for w in weights))


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize(
    "averaged",
    [AveragedIterates(1), AveragedIterates(13), AveragedIterates(5, 6, 3)],
    ids=str,
)
def test_averages_follow_from_the_linear_map(factor, averaged):
    found = averaged_iterate(
        np.array([factor / 0.3]), averaged, learning_rate=0.3, noise_variance=2.0
    )
    bias, variance = exact(0.3 * (factor / 0.3), averaged)
    # Rounding ηλ by ε moves the result by up to N ε/|q|; alternating sums cancel.
    assert found.bias[0] == pytest.approx(bias, rel=1e-13, abs=1e-14)
    assert found.variance[0] == pytest.approx(0.18 * variance, rel=1e-13)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("steps", [0, 1, 2, 37])
def test_last_iterate_follows_from_the_linear_map(factor, steps):
    found = last_iterate(
        np.array([factor]), steps, learning_rate=1.0, noise_variance=1.0
    )
    with mpmath.workdps(40):
        q = 1 - mpmath.mpf(factor)
        bias = float(q**steps)
        variance = float(mpmath.fsum(q ** (2 * t) for t in range(steps)))
    assert found.bias[0] == pytest.approx(bias, rel=1e-13, abs=1e-300)
    assert found.variance[0] == pytest.approx(variance, rel=1e-13)


@given(
    st.floats(1e-9, 1.0),
    st.integers(1, 200),
    st.integers(0, 50),
    st.integers(1, 20),
)
def test_an_average_of_one_is_the_last_iterate(factor, count, start, every):
    eigenvalue, options = np.array([factor]), {"learning_rate": 1.0}
    single = AveragedIterates(1, start, every)
    found = averaged_iterate(eigenvalue, single, noise_variance=1.0, **options)
    last = last_iterate(eigenvalue, start + every, noise_variance=1.0, **options)
    np.testing.assert_allclose(found.bias, last.bias, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(found.variance, last.variance, rtol=1e-12)
    longer = AveragedIterates(count, start, every)
    average = averaged_iterate(eigenvalue, longer, noise_variance=1.0, **options)
    end = last_iterate(eigenvalue, longer.steps, noise_variance=1.0, **options)
    assert average.variance[0] <= end.variance[0] * (1 + 1e-12)
    assert average.bias[0] >= end.bias[0] * (1 - 1e-12)


def test_a_million_steps_against_the_published_closed_form():
    """Var w̄ = s²/(nλ²) [1 − 2q(1 − qⁿ)/(n(1 − q)) + q²(1 − q²ⁿ)/(n(1 − q²))]."""
    count, rate = 10**6, 0.25
    for eigenvalue in (1e-8, 1e-6, 1e-3, 0.5, 3.9):
        with mpmath.workdps(60):
            q = 1 - mpmath.mpf(rate) * mpmath.mpf(eigenvalue)
            bracket = (
                1
                - 2 * q * (1 - q**count) / (count * (1 - q))
                + q**2 * (1 - q ** (2 * count)) / (count * (1 - q**2))
            )
            variance = float(bracket / (count * mpmath.mpf(eigenvalue) ** 2))
            bias = float(q * (1 - q**count) / (count * (1 - q)))
        found = averaged_iterate(
            np.array([eigenvalue]),
            AveragedIterates(count),
            learning_rate=rate,
            noise_variance=1.0,
        )
        assert found.variance[0] == pytest.approx(variance, rel=1e-12)
        assert found.bias[0] == pytest.approx(bias, rel=1e-12)


@pytest.mark.parametrize(
    "averaged", [AveragedIterates(4000), AveragedIterates(200, 50, 20)]
)
def test_long_averages_tend_to_their_leading_order(averaged):
    eigenvalues = np.array([0.5, 1.0, 1.9])
    options = {"learning_rate": 0.8, "noise_variance": 3.0}
    exactly = averaged_iterate(eigenvalues, averaged, **options)
    leading = long_average(eigenvalues, averaged, **options)
    share = 3 / (averaged.count * averaged.every * 0.8 * eigenvalues)
    assert (abs(exactly.variance / leading.variance - 1) < share).all()
    np.testing.assert_allclose(exactly.bias, leading.bias, rtol=1e-12)


def test_rarer_averaging_costs_nothing_until_the_iterate_forgets():
    eigenvalues, rate = np.geomspace(1e-3, 1.0, 9), 0.5
    half = 8 * rate * eigenvalues / 2
    cost = frequency_cost(eigenvalues, 8, learning_rate=rate)
    assert (cost >= 1).all()
    np.testing.assert_allclose(cost[:4], (half / np.tanh(half))[:4], rtol=1e-3)
    every = averaged_iterate(
        eigenvalues, AveragedIterates(80_000), learning_rate=rate, noise_variance=1.0
    )
    eighth = averaged_iterate(
        eigenvalues,
        AveragedIterates(10_000, 0, 8),
        learning_rate=rate,
        noise_variance=1.0,
    )
    slowest = 1 / (80_000 * rate * eigenvalues)  # the correction to the leading order
    assert (abs(eighth.variance / every.variance / cost - 1) < 4 * slowest).all()


def test_a_preconditioner_equalises_the_bias_and_keeps_the_variance():
    eigenvalues = np.array([0.01, 0.1, 1.0])
    averaged = AveragedIterates(10_000)
    plain = averaged_iterate(
        eigenvalues, averaged, learning_rate=0.5, noise_variance=1.0
    )
    adapted = averaged_iterate(
        eigenvalues, averaged, learning_rate=0.5 / eigenvalues, noise_variance=1.0
    )
    np.testing.assert_allclose(adapted.bias, adapted.bias[0], rtol=1e-12)
    assert plain.bias[0] == pytest.approx(199 * plain.bias[2], rel=1e-12)
    np.testing.assert_allclose(plain.variance, adapted.variance, rtol=0.05)


@pytest.mark.parametrize(
    ("eigenvalue", "averaged"),
    [
        (0.2, AveragedIterates(30)),
        (1.7, AveragedIterates(8, 5, 3)),
    ],
)
def test_simulated_averages_have_these_moments(rng, eigenvalue, averaged):
    runs, rate, noise = 40_000, 0.5, 0.25
    w, total = np.ones(runs), np.zeros(runs)
    for step in range(1, averaged.steps + 1):
        w = w - rate * (eigenvalue * w + 0.5 * rng.standard_normal(runs))
        if step > averaged.start and (step - averaged.start) % averaged.every == 0:
            total += w / averaged.count
    found = averaged_iterate(
        np.array([eigenvalue]), averaged, learning_rate=rate, noise_variance=noise
    )
    error = np.sqrt(found.variance[0] / runs)
    assert abs(total.mean() - found.bias[0]) < 4 * error
    assert total.var() == pytest.approx(found.variance[0], rel=4 * np.sqrt(2 / runs))


def test_powers_keep_their_digits():
    powers = Powers.of(np.array([1e-9, 1.5]))
    with mpmath.workdps(40):
        expected = float((1 - mpmath.mpf(1e-9)) ** 10**9)
    assert powers(10**9)[0] == pytest.approx(expected, rel=1e-15)
    assert powers(3)[1] == pytest.approx(-0.125, rel=1e-15)
    assert powers.of_power(3)(2)[1] == pytest.approx(0.5**6, rel=1e-15)
    assert powers.of_square()(3)[1] == pytest.approx(0.5**6, rel=1e-15)


def test_bad_counts_are_refused():
    for arguments in ((0,), (1, -1), (1, 0, 0)):
        with pytest.raises(ValueError, match="expected at least"):
            AveragedIterates(*arguments)
    with pytest.raises(ValueError, match="steps: expected at least 0"):
        last_iterate(np.ones(1), -1, learning_rate=1.0, noise_variance=1.0)
