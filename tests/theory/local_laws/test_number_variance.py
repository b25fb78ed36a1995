from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

from eigenscape.theory.ensembles.gaussian import GaussianBeta
from eigenscape.theory.local_laws.number_variance import (
    number_variance,
    spectral_rigidity,
)
from eigenscape.theory.local_laws.spacings import gap_probability
from eigenscape.theory.local_laws.two_point import two_point_cluster

BETAS = (1, 2, 4)


def integral_with_cluster(weight, length, beta):
    """∫₀ᴸ weight(r) Y₂(r) dr, panel by panel."""
    nodes, weights = special.roots_legendre(24)
    count = math.ceil(length)
    r = (np.arange(count)[:, None] + (nodes + 1) / 2) * (length / count)
    return float((weight(r) * two_point_cluster(r, beta) @ weights).sum()) * (
        length / count / 2
    )


@pytest.mark.parametrize("beta", [0, *BETAS])
@pytest.mark.parametrize("length", [1e-3, 0.7, 5.0, 42.5, 300.0])
def test_number_variance_integrates_the_cluster_function(length, beta):
    pairs = integral_with_cluster(lambda r: length - r, length, beta)
    own = number_variance(np.array([length]), beta)[0]
    # Rounding of the integral of size L/2.
    assert own == pytest.approx(length - 2 * pairs, abs=1e-15 + 3e-15 * length)


@pytest.mark.parametrize("beta", [0, *BETAS])
@pytest.mark.parametrize("length", [1e-3, 0.7, 5.0, 42.5, 300.0])
def test_rigidity_integrates_the_cluster_function(length, beta):
    """Pandey's form: L/15 − ∫ (L − r)³ (2L² − 9Lr − 3r²) Y₂ dr / 15L⁴."""

    def weight(r):
        t = r / length
        return length * (1 - t) ** 3 * (2 - 9 * t - 3 * t**2)

    integral = integral_with_cluster(weight, length, beta)
    own = spectral_rigidity(np.array([length]), beta)[0]
    assert own == pytest.approx((length - integral) / 15, abs=1e-15 + 3e-15 * length)


def test_published_number_variance():
    lengths = np.array([5.0, 20.0, 50.0, 100.0])
    published = [0.768, 1.049, 1.235, 1.375]
    assert np.allclose(number_variance(lengths, 1), published, atol=5e-4)


@pytest.mark.parametrize("beta", BETAS)
def test_long_windows_follow_the_logarithm(beta):
    """Mehta (2004), Sec. 16.1 and 16.2; corrections of order 1/L."""
    length = 1000.0
    scale = 2 / (beta * math.pi**2)
    known = math.log(2 * math.pi * length) + np.euler_gamma
    known += {1: -(math.pi**2) / 8, 2: 0, 4: math.log(2) + math.pi**2 / 8}[beta]
    variance = number_variance(np.array([length]), beta)[0]
    rigidity = spectral_rigidity(np.array([length]), beta)[0]
    assert variance == pytest.approx(scale * (known + 1), abs=3e-4)
    assert rigidity == pytest.approx(scale / 2 * (known - 5 / 4), abs=3e-4)


def test_number_variance_far_out_keeps_its_digits():
    # Against 40-digit values of the closed form at 10⁶ + 1/2.
    own = number_variance(np.array([1e6 + 0.5]), 2)[0]
    x = 2 * math.pi * (1e6 + 0.5)
    # log x + γ + 1 + O(x⁻²) at a half-integer
    exact = (math.log(x) + np.euler_gamma + 1) / math.pi**2
    assert own == pytest.approx(exact, abs=1e-13)


@pytest.mark.parametrize("beta", [0, *BETAS])
def test_short_windows_hold_one_level_or_none(beta):
    length = np.array([0.0, 1e-9, 1e-5])
    assert np.allclose(number_variance(length, beta), length, rtol=3e-5, atol=1e-16)
    assert np.allclose(spectral_rigidity(length, beta), length / 15, rtol=1e-4)


@pytest.mark.parametrize("beta", [0, *BETAS])
def test_number_variance_is_that_of_the_gap_probabilities(beta):
    lengths = np.array([0.4, 2.0, 5.5])
    levels = range(30)
    chances = np.array([gap_probability(lengths, beta, k) for k in levels])
    variance = (chances * (np.array(levels)[:, None] - lengths) ** 2).sum(axis=0)
    # Poisson keeps 1e-12 beyond 30 levels.
    assert np.allclose(number_variance(lengths, beta), variance, atol=1e-10)


@pytest.mark.parametrize("beta", BETAS)
def test_counts_of_sampled_spectra(beta, rng):
    """Windows at the centre of spectra of size 120, 300 of them."""
    size, trials, length = 120, 300, 5.0
    ensemble = GaussianBeta(float(beta))
    counts = []
    for _ in range(trials):
        values = ensemble.sample_eigenvalues(size, rng=rng)
        # The density at 0 is n/π, flat to (L/n)².
        counts.append(np.sum(np.abs(values) < length * math.pi / (2 * size)))
    expected = number_variance(np.array([length]), beta)[0]
    # The variance of a nearly normal variance is 2/trials of its square; lattice
    # effects and the finite size are below a tenth of that.
    assert np.var(counts) == pytest.approx(expected, rel=4 * math.sqrt(2 / trials))


def test_arrays_of_any_shape():
    lengths = np.array([[1.0, 2.0], [7.3, 0.0]])
    assert spectral_rigidity(lengths, 1).shape == (2, 2)
    assert spectral_rigidity(lengths, 1)[1, 0] == pytest.approx(
        spectral_rigidity(np.array([7.3]), 1)[0], rel=1e-14
    )
    assert spectral_rigidity(np.zeros(0), 2).shape == (0,)


def test_bad_lengths_are_refused():
    for function in (number_variance, spectral_rigidity):
        for bad in (-1.0, math.nan, math.inf):
            with pytest.raises(ValueError, match=r"^length: expected finite numbers"):
                function(np.array([bad]), 1)
        with pytest.raises(ValueError, match=r"^beta: expected one of"):
            function(np.ones(1), 3)
