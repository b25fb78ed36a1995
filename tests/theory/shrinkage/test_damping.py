"""Damping and linear shrinkage, against brute force on sampled matrices."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize, minimize_scalar

from eigenscape.theory.shrinkage.damping import (
    CurvatureMoments,
    damping_of_shrinkage,
    optimal_damping,
    optimal_signal,
    shrinkage_of_damping,
)
from eigenscape.theory.shrinkage.linear import LinearShrinkage

positive = st.floats(1e-3, 1e3)


def batch_curvature(spectrum, noise, rng):
    """A diagonal H, and H + X with Wigner noise of E tr X²/P = noise (1 + 1/P)."""
    size = len(spectrum)
    entries = rng.standard_normal((size, size))
    true = np.diag(spectrum)
    return true, true + (entries + entries.T) * math.sqrt(noise / (2 * size))


@pytest.mark.parametrize(
    ("noise", "published"), [(0.25, 0.7929), (1.0, 0.4891), (4.0, 0.1931)]
)
def test_signal_is_the_argmin_over_a_sampled_matrix(noise, published):
    """A Gamma(1, 1) spectrum, P = 800, has μ = d² = 1 but for its sample's scatter."""
    rng = np.random.default_rng(0)
    size = 800
    spectrum = -np.log1p(-(np.arange(size) + 0.5) / size)
    true, batch = batch_curvature(spectrum, noise, rng)
    mean, spread = spectrum.mean(), spectrum.var()

    def error(signal):
        target = (1 - signal) * mean * np.eye(size)
        return np.sum((signal * batch + target - true) ** 2)

    best = minimize_scalar(error, bounds=(0, 1), method="bounded").x
    found = optimal_signal(spread, noise)
    # One matrix: the argmin scatters by about d s/(d² + s²)/√P, P its free directions.
    assert found == pytest.approx(best, abs=3 / size)
    # The published number is of another draw of the spectrum, d² = 1 ± √(8/P).
    slope = noise / (1 + noise) ** 2
    assert found == pytest.approx(published, abs=3 * slope * math.sqrt(8 / size))
    assert optimal_damping(mean, spread, noise) == pytest.approx(
        mean * (1 - found) / found, rel=1e-12
    )


def test_without_a_positive_trace_no_damping_is_the_best():
    rng = np.random.default_rng(1)
    size, noise = 200, 1.0
    for mean in (-1.0, 0.7):
        spectrum = mean + np.linspace(-2, 2, size)
        true, batch = batch_curvature(spectrum, noise, rng)

        def error(pair, true=true, batch=batch):
            return np.sum((pair[0] * batch + pair[1] * np.eye(size) - true) ** 2) / size

        bounds = ((0, None), (0, None))
        signal, shift = minimize(error, [0.5, 0.5], bounds=bounds).x
        found = optimal_damping(mean, spectrum.var(), noise)
        # One matrix: μ and s² of the sample are off by order 1/√P.
        assert found == pytest.approx(shift / signal, abs=3 / math.sqrt(size))
        assert (found == 0) == (mean < 0) == (shift == 0)


@given(positive, positive, st.floats(-3, 3))
def test_damping_is_shrinkage_and_a_reduced_rate(damping, mean, offset):
    shrinkage = shrinkage_of_damping(damping, mean)
    eigenvalues = np.array([offset, offset + 1.0])
    kept = 1 - shrinkage.intensity
    shrunk, damped = shrinkage(eigenvalues), eigenvalues + damping
    assert shrunk == pytest.approx(kept * damped, rel=1e-9, abs=1e-9 * mean)
    assert damping_of_shrinkage(shrinkage) == pytest.approx(damping, rel=1e-6)


def test_the_literature_takes_unit_mean():
    assert 1 - shrinkage_of_damping(3.0).intensity == pytest.approx(1 / 4)
    assert CurvatureMoments(1.0, 1.0, 0.3).damping == pytest.approx(0.3)


@given(positive, positive, positive)
def test_moments_give_the_formulas(mean, spread, noise):
    moments = CurvatureMoments(mean, spread, noise)
    assert moments.signal == pytest.approx(spread / (spread + noise))
    assert moments.damping == pytest.approx(mean * noise / spread)
    shrinkage = LinearShrinkage(1 - moments.signal, mean)
    assert damping_of_shrinkage(shrinkage) == pytest.approx(
        moments.damping, rel=1e-9 / moments.signal
    )


def test_ends():
    assert optimal_signal(0.0, 0.0) == optimal_signal(1.0, 0.0) == 1
    assert optimal_signal(-0.5, 1.0) == optimal_signal(0.0, 1.0) == 0
    assert optimal_damping(1.0, -0.5, 1.0) == math.inf
    assert optimal_damping(1.0, 0.0, 0.0) == 0
    assert optimal_damping(-1.0, 0.0, 1.0) == 0
    assert shrinkage_of_damping(math.inf).intensity == 1
    assert damping_of_shrinkage(LinearShrinkage(1.0, 2.0)) == math.inf


def test_moments_are_averaged():
    first, later = CurvatureMoments(1.0, 2.0, 3.0), CurvatureMoments(3.0, 2.0, 1.0)
    assert first.towards(later, 0.25) == CurvatureMoments(1.5, 2.0, 2.5)
    assert first.with_noise(0.5) == CurvatureMoments(1.0, 2.0, 0.5)


def test_refusals():
    for damping, mean in ((-1.0, 1.0), (math.nan, 1.0), (1.0, 0.0)):
        with pytest.raises(ValueError, match=r"^damping, mean: expected .*; pass"):
            shrinkage_of_damping(damping, mean)
