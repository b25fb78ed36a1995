"""Against Fredholm determinants, which the table was not made from."""

from __future__ import annotations

import functools
import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath.calculus import quadrature
from scipy import special

from eigenscape.theory.fredholm import fredholm_determinant
from eigenscape.theory.tracy_widom import (
    tracy_widom_cdf,
    tracy_widom_moments,
    tracy_widom_pdf,
    tracy_widom_quantile,
    tracy_widom_sf,
)

BETAS = (1, 2, 4)
# Bornemann (2010), Markov Processes and Related Fields 16, Table 4: mean, variance.
PUBLISHED = {
    1: (-1.206533574582, 1.607781034581),
    2: (-1.771086807411, 0.813194792832),
    4: (-2.306884893241, 0.517723720776),
}
TRUNCATED = 1.01e-12  # twelve decimals


@functools.cache
def determinants(s):
    """det(1 ∓ T), T = Ai((x + y)/2)/2 on (s, ∞)."""

    def kernel(x, y):
        return special.airy((x + y) / 2)[0] / 2

    return [fredholm_determinant(kernel, s, math.inf, coupling=z) for z in (1.0, -1.0)]


def independent_cdf(x, beta):
    minus, plus = determinants(math.sqrt(2) * x if beta == 4 else x)
    return {1: minus, 2: minus * plus, 4: (minus + plus) / 2}[beta]


@pytest.mark.parametrize("beta", BETAS)
def test_cdf_and_sf_are_fredholm_determinants(beta):
    # Every panel of the table, and both of its tails.
    x = np.linspace(-8.0, 6.0, 15)
    exact = np.array([independent_cdf(float(point), beta) for point in x])
    # The determinants themselves lose some tens of machine epsilons.
    assert np.allclose(tracy_widom_cdf(x, beta), exact, rtol=0, atol=2e-14)
    assert np.allclose(tracy_widom_sf(x, beta), 1 - exact, rtol=0, atol=2e-14)


def extended_determinants(s, upper, degree):
    """The same in the current precision of mpmath, on 3 · 2^(degree − 1) nodes."""
    rule = quadrature.GaussLegendre(mp.mp).calc_nodes(degree, mp.mp.prec)
    half = (mp.mpf(upper) - s) / 2
    points = [s + half * (x + 1) for x, _ in rule]
    roots = [mp.sqrt(half * w) for _, w in rule]
    kernel = mp.matrix(len(rule))
    for i, x in enumerate(points):
        for j, y in enumerate(points[: i + 1]):
            value = roots[i] * roots[j] * mp.airyai((x + y) / 2) / 2
            kernel[i, j] = kernel[j, i] = value
    return [mp.det(mp.eye(len(rule)) - z * kernel) for z in (1, -1)]


@pytest.mark.parametrize(
    ("s", "upper", "degree", "digits"), [(-6.5, 23, 5, 28), (11.0, 29, 4, 40)]
)
def test_tails_are_relatively_right(s, upper, degree, digits):
    """F down to 1e-11 to the left and 1 − F to 1e-23 to the right."""
    with mp.workdps(digits):
        minus, plus = extended_determinants(s, upper, degree)
        cdf = {1: minus, 2: minus * plus, 4: (minus + plus) / 2}
        for beta, value in cdf.items():
            x = np.array([s / math.sqrt(2) if beta == 4 else s])
            own = tracy_widom_cdf(x, beta) if s < 0 else tracy_widom_sf(x, beta)
            exact = float(value if s < 0 else 1 - value)
            assert own[0] == pytest.approx(exact, rel=1e-13), beta


@pytest.mark.parametrize("beta", BETAS)
def test_far_left_tail_has_its_published_constant(beta):
    # Deift, Its and Krasovsky (2008); Baik, Buckingham and DiFranco (2008).
    t = 18.0
    shared = float(mp.zeta(-1, derivative=1)) + math.log(2) / 24
    log_f = -(t**3) / 12 - math.log(t) / 8 + shared + 3 / (64 * t**3)
    root = (
        t**1.5 / (3 * math.sqrt(2)) + math.log(2) / 4 + 1 / (24 * math.sqrt(2) * t**1.5)
    )
    # e^(−I/2) and half its inverse
    expected = {1: log_f / 2 - root, 2: log_f, 4: log_f / 2 + root - math.log(2)}
    x = np.array([-t / math.sqrt(2) if beta == 4 else -t])
    own = math.log(tracy_widom_cdf(x, beta)[0])
    # The next terms are of order t^(−9/2) for β = 1, 4 and t⁻⁶ for β = 2.
    assert own == pytest.approx(expected[beta], abs=1e-7 if beta == 2 else 5e-6)


@pytest.mark.parametrize("beta", BETAS)
def test_far_right_tail_is_the_leading_airy_term(beta):
    # log(1 − F) = log of one or two Airy integrals, at p-values down to 1e-280.
    s = mp.mpf(55)
    with mp.workdps(40):
        ai, slope = mp.airyai(s), mp.airyai(s, derivative=1)
        first = mp.quad(mp.airyai, [s, s + 2, s + 10, s + 60])
        second = (2 * s**2 * ai**2 - 2 * s * slope**2 - ai * slope) / 3
        tails = {1: first / 2, 2: second, 4: second / 2 - first**2 / 8}
        exact = float(tails[beta])
    x = np.array([55 / math.sqrt(2) if beta == 4 else 55.0])
    # Rounding of an exponent of 543.
    assert tracy_widom_sf(x, beta)[0] == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("beta", BETAS)
def test_published_moments(beta):
    moments = tracy_widom_moments(beta)
    mean, variance = PUBLISHED[beta]
    assert moments.mean == pytest.approx(mean, abs=TRUNCATED)
    assert moments.variance == pytest.approx(variance, abs=TRUNCATED * 10)


@pytest.mark.parametrize("beta", BETAS)
def test_moments_are_those_of_the_density(beta):
    # The trapezoidal rule converges exponentially on the whole line.
    x = np.arange(-25.0, 40.0, 0.05)
    mass = tracy_widom_pdf(x, beta) * 0.05
    moments = tracy_widom_moments(beta)
    central = x - moments.mean
    deviation = math.sqrt(moments.variance)
    assert mass.sum() == pytest.approx(1, abs=1e-13)
    assert mass @ central == pytest.approx(0, abs=1e-13)
    assert mass @ central**2 == pytest.approx(moments.variance, rel=1e-13)
    third, fourth = mass @ (central / deviation) ** 3, mass @ (central / deviation) ** 4
    assert third == pytest.approx(moments.skewness, rel=1e-12)
    assert fourth - 3 == pytest.approx(moments.excess_kurtosis, rel=1e-11)


def test_variance_of_beta_four_by_determinants():
    # With G = F less a normal distribution function, of mean −2 and second moment 5:
    # E x + 2 = −∫ G and E x² − 5 = −2 ∫ x G, by the trapezoidal rule on the line.
    step = 0.4
    x = np.arange(-11.0, 7.0, step)
    cdf = np.array([independent_cdf(float(point), 4) for point in x])
    gap = (cdf - special.ndtr(x + 2)) * step
    mean, second = -2 - gap.sum(), 5 - 2 * (x @ gap)
    assert mean == pytest.approx(tracy_widom_moments(4).mean, abs=1e-12)
    variance = second - mean**2
    assert variance == pytest.approx(tracy_widom_moments(4).variance, abs=1e-12)


@pytest.mark.parametrize("beta", BETAS)
def test_density_is_the_derivative(beta):
    x, step = np.linspace(-9.0, 12.0, 43), 1e-3
    ahead, behind = (
        np.log(tracy_widom_cdf(x + h, beta)) - np.log(tracy_widom_cdf(x - h, beta))
        for h in (step, 2 * step)
    )
    slope = (8 * ahead - behind) / (12 * step)
    right = x > 0
    ahead, behind = (
        np.log(tracy_widom_sf(x + h, beta)) - np.log(tracy_widom_sf(x - h, beta))
        for h in (step, 2 * step)
    )
    slope = np.where(right, -(8 * ahead - behind) / (12 * step), slope)
    side = np.where(right, tracy_widom_sf(x, beta), tracy_widom_cdf(x, beta))
    # Rounding of logarithms of up to 200 over the step, 5e-11; step⁴ is below.
    assert np.allclose(tracy_widom_pdf(x, beta) / (slope * side), 1, atol=2e-10)


def test_conventions_of_beta_four():
    x = np.linspace(-6.0, 3.0, 7)
    paper = tracy_widom_cdf(x, 4)
    stochastic = tracy_widom_cdf(2 ** (-1 / 6) * x, 4, convention="stochastic-airy")
    assert np.allclose(paper, stochastic, rtol=1e-14)
    moments = tracy_widom_moments(4, convention="stochastic-airy")
    assert moments.mean == pytest.approx(-2.306884893241 * 2 ** (-1 / 6), abs=1e-12)
    for beta in (1, 2):
        other = tracy_widom_cdf(x, beta, convention="stochastic-airy")
        assert np.array_equal(other, tracy_widom_cdf(x, beta))


@given(st.sampled_from(BETAS), st.floats(-300, 0), st.booleans(), st.booleans())
def test_quantile_inverts_both_tails(beta, exponent, upper, stochastic):
    p = np.array([10.0**exponent])
    convention = "stochastic-airy" if stochastic else "tracy-widom"
    x = tracy_widom_quantile(p, beta, upper_tail=upper, convention=convention)
    tail = tracy_widom_sf if upper else tracy_widom_cdf
    # Rounding of x by one ulp moves a tail of 1e-300 by 1e-12.
    assert tail(x, beta, convention=convention)[0] == pytest.approx(p[0], rel=3e-12)


def test_ends_of_the_line():
    ends = np.array([-math.inf, -1e200, 1e200, math.inf])
    for beta in BETAS:
        assert tracy_widom_cdf(ends, beta).tolist() == [0, 0, 1, 1]
        assert tracy_widom_sf(ends, beta).tolist() == [1, 1, 0, 0]
        assert tracy_widom_pdf(ends, beta).tolist() == [0, 0, 0, 0]
        assert np.isnan(tracy_widom_cdf(np.array([math.nan]), beta)).all()
        infinite = tracy_widom_quantile(np.array([0.0, 1.0]), beta)
        assert infinite.tolist() == [-math.inf, math.inf]


def test_shapes_are_kept():
    x = np.zeros((2, 3))
    assert tracy_widom_cdf(x, 1).shape == tracy_widom_pdf(x, 1).shape == (2, 3)
    assert tracy_widom_quantile(np.zeros(0), 2).shape == (0,)


def test_bad_arguments_are_refused():
    x = np.zeros(1)
    with pytest.raises(ValueError, match=r"^beta: expected one of \(1, 2, 4\), got 3"):
        tracy_widom_cdf(x, 3)
    with pytest.raises(ValueError, match=r"^convention: expected one of"):
        tracy_widom_cdf(x, 4, convention="mehta")
    with pytest.raises(ValueError, match=r"^probability: expected values in \[0, 1\]"):
        tracy_widom_quantile(np.array([1.5]), 2)
