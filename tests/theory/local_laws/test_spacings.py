from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from eigenscape.theory.ensembles.gaussian import GaussianBeta
from eigenscape.theory.fredholm import fredholm_determinant
from eigenscape.theory.local_laws.spacings import (
    gap_probability,
    spacing_cdf,
    spacing_pdf,
)
from eigenscape.theory.local_laws.surmises import wigner_surmise_cdf
from eigenscape.theory.local_laws.two_point import two_point_cluster

BETAS = (1, 2, 4)


def parity_determinant(length, sign):
    return fredholm_determinant(
        lambda x, y: np.sinc(x - y) + sign * np.sinc(x + y), 0.0, length / 2
    )


@pytest.mark.parametrize("s", [0.1, 1.0, 2.5])
def test_empty_windows_are_fredholm_determinants(s):
    even, odd = parity_determinant(s, 1), parity_determinant(s, -1)
    wide = parity_determinant(2 * s, 1) + parity_determinant(2 * s, -1)
    exact = {1: even, 2: even * odd, 4: wide / 2}
    sine = fredholm_determinant(lambda x, y: np.sinc(x - y), 0.0, s)
    assert even * odd == pytest.approx(sine, abs=1e-14)
    for beta, value in exact.items():
        own = gap_probability(np.array([s]), beta)[0]
        assert own == pytest.approx(value, abs=1e-14), beta
    # An odd function more: no level, or one, of the real class.
    both = sum(gap_probability(np.array([s]), 1, k)[0] for k in (0, 1))
    assert both == pytest.approx(odd, abs=1e-14)


@pytest.mark.parametrize("beta", [0, *BETAS])
def test_counts_are_a_law_of_mean_length(beta):
    lengths = np.array([0.0, 0.3, 4.2])
    chances = np.array([gap_probability(lengths, beta, k) for k in range(40)])
    assert (chances > -1e-15).all()
    assert np.allclose(chances.sum(axis=0), 1, atol=1e-14)
    assert np.allclose(np.arange(40) @ chances, lengths, atol=1e-13)


@pytest.mark.parametrize("order", [1, 2, 3, 8])
@pytest.mark.parametrize("beta", [0, *BETAS])
def test_spacings_have_mean_order(beta, order):
    nodes, weights = special.roots_legendre(150)
    reach = 60.0 if beta == 0 else order + 10.0
    s, mass = reach * (nodes + 1) / 2, reach * weights / 2
    density = spacing_pdf(s, beta, order)
    assert density @ mass == pytest.approx(1, abs=1e-11)
    assert (density * s) @ mass == pytest.approx(order, abs=1e-10)
    beyond = 1 - spacing_cdf(s, beta, order)
    assert beyond @ mass == pytest.approx(order, abs=1e-11)


@pytest.mark.parametrize("order", [1, 2, 5])
def test_every_other_level_of_the_real_class_is_symplectic(order):
    """Mehta and Dyson (1963): p₄(s) of order k is 2 p₁(2s) of order 2k."""
    s = np.linspace(0, 2.0 * order, 33)
    real = spacing_cdf(2 * s, 1, 2 * order)
    assert np.allclose(spacing_cdf(s, 4, order), real, rtol=0, atol=1e-13)
    real = 2 * spacing_pdf(2 * s, 1, 2 * order)
    assert np.allclose(spacing_pdf(s, 4, order), real, rtol=0, atol=1e-11)


@pytest.mark.parametrize("beta", [0, *BETAS])
def test_all_orders_together_are_the_pair_density(beta):
    # ∑ₖ pₖ(r) = 1 − Y₂(r)
    r = np.linspace(0.05, 1.5, 20)
    total = sum(spacing_pdf(r, beta, k) for k in range(1, 9))
    # A ninth level so near has density 1.5⁸ e^(−1.5)/8! = 1e-4 without repulsion.
    tolerance = 2e-4 if beta == 0 else 1e-10
    exact = 1 - two_point_cluster(r, beta)
    assert np.allclose(total, exact, rtol=0, atol=tolerance)


def test_small_spacings_follow_the_power_series():
    """Mehta (2004), chapters 6, 7 and 11."""
    s = np.array([1e-2, 3e-2])
    q = math.pi * s
    series = {
        1: q * math.pi / 6 * (1 - q**2 / 10),
        2: q**2 / 3 * (1 - 2 * q**2 / 15),
        4: 16 * q**4 / 135 * (1 - 0 * q),
    }
    for beta, leading in series.items():
        tolerance = {1: 1e-4, 2: 1e-4, 4: 2e-2}[beta]
        ratio = spacing_pdf(s, beta) / leading
        assert np.allclose(ratio, 1, atol=tolerance), beta


def test_cdf_is_the_integral_of_the_pdf():
    nodes, weights = special.roots_legendre(40)
    for beta in (0, *BETAS):
        for s in (0.5, 1.4):
            points = s * (nodes + 1) / 2
            mass = spacing_pdf(points, beta) @ weights * s / 2
            own = spacing_cdf(np.array([s]), beta)[0]
            assert own == pytest.approx(mass, abs=1e-13)


@pytest.mark.parametrize("beta", [0, *BETAS])
def test_the_ends(beta):
    ends = np.array([0.0, 1e3])
    assert np.allclose(spacing_cdf(ends, beta), [0, 1], atol=1e-13)
    assert np.allclose(spacing_cdf(ends, beta, 8), [0, 1], atol=1e-13)
    pdf = spacing_pdf(ends, beta)
    assert pdf[0] == pytest.approx(1 if beta == 0 else 0, abs=1e-11)
    assert pdf[1] == 0


@pytest.mark.parametrize(("beta", "most"), [(1, 6.6e-3), (2, 1.6e-3), (4, 4.7e-4)])
def test_the_surmise_is_as_close_as_it_says(beta, most):
    s = np.linspace(0, 4, 200)
    gap = np.abs(spacing_cdf(s, beta) - wigner_surmise_cdf(s, beta)).max()
    assert 0.9 * most < gap < most


@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("beta", BETAS)
def test_spacings_of_sampled_spectra(beta, order, rng):
    """One spacing from the centre of each of 300 spectra of size 120."""
    size, ensemble = 120, GaussianBeta(float(beta))
    spacings = []
    for _ in range(300):
        values = ensemble.sample_eigenvalues(size, rng=rng)
        first = size // 2 - order // 2
        spacings.append((values[first + order] - values[first]) * size / math.pi)
    result = stats.kstest(spacings, lambda s: spacing_cdf(s, beta, order))
    assert result.pvalue > 1e-3


def test_bad_arguments_are_refused():
    one = np.ones(1)
    with pytest.raises(ValueError, match=r"^beta: expected one of"):
        spacing_cdf(one, 3)
    with pytest.raises(ValueError, match=r"^order: expected at least 1, got 0"):
        spacing_pdf(one, 1, 0)
    with pytest.raises(ValueError, match=r"^s: expected finite numbers"):
        spacing_cdf(-one, 1)
    with pytest.raises(ValueError, match=r"^count: expected at least 0, got -1"):
        gap_probability(one, 1, -1)
    with pytest.raises(ValueError, match=r"^length: expected finite numbers"):
        gap_probability(one * math.nan, 2)
