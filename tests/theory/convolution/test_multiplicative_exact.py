"""Products against equations of their own, to 40 digits, and closed forms."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings

from discrete_laws import atoms, projection, two_atoms
from eigenscape.theory.convolution.multiplicative import free_multiplicative_convolution
from eigenscape.theory.laws import MarchenkoPastur
from eigenscape.theory.transforms import moments

# With noise of ratio 0.05 these fourth atoms open gaps of width 1e-2 and 1e-5.
WIDE, NARROW = 6.725386166503953, 6.663851964164018


class TwoAtoms:
    """The product of (a, b; p, q) and (a', b'; p', q'): a quadratic in v = 1/T.

    T of a factor solves T w² − (T(a + b) + m) w + ab (1 + T) = 0; eliminating both w
    from z (1 + T) / T = w w' leaves αv² + βv + γ = 0.
    """

    def __init__(self, first, second):
        (self.s1, self.c1, self.m1), (self.s2, self.c2, self.m2) = (
            (
                mpmath.fsum(map(mpmath.mpf, law.locations.tolist())),
                mpmath.fprod(map(mpmath.mpf, law.locations.tolist())),
                mpmath.fdot(law.locations.tolist(), law.weights.tolist()),
            )
            for law in (first, second)
        )

    def coefficients(self, z):
        c = self.c1 * self.c2
        square, odd = (z**2 - c) ** 2, z * (z**2 + c)
        return (
            -odd * self.m1 * self.m2
            + z**2 * (self.c2 * self.m1**2 + self.c1 * self.m2**2),
            square
            - odd * (self.s1 * self.m2 + self.s2 * self.m1)
            + 2 * z**2 * (self.c2 * self.s1 * self.m1 + self.c1 * self.s2 * self.m2),
            square
            - odd * self.s1 * self.s2
            + z**2 * (self.c2 * self.s1**2 + self.c1 * self.s2**2),
        )

    def discriminant(self, z):
        alpha, beta, gamma = self.coefficients(z)
        return beta**2 - 4 * alpha * gamma

    def density(self, x):
        x = mpmath.mpf(float(x))
        gamma = self.coefficients(x)[2]
        root = mpmath.sqrt(max(-self.discriminant(x), 0))
        return float(root / (2 * abs(gamma) * mpmath.pi * x))


def covariance_density(law, ratio, x):
    """Silverstein's equation z = w (1 + c ∑ pλ / (w − λ)), its roots to 40 digits."""
    places = [mpmath.mpf(v) for v in law.locations.tolist()]
    masses = [mpmath.mpf(v) for v in law.weights.tolist()]
    x, ratio = mpmath.mpf(float(x)), mpmath.mpf(ratio)
    power = [mpmath.mpf(1)]
    for place in places:
        power = polynomial_product(power, [1, -place])
    transform = [mpmath.mpf(0)] * len(places)
    for i, (place, mass) in enumerate(zip(places, masses, strict=True)):
        others = [mpmath.mpf(1)]
        for other in places[:i] + places[i + 1 :]:
            others = polynomial_product(others, [1, -other])
        transform = [
            u + mass * place * v for u, v in zip(transform, others, strict=True)
        ]
    equation = [*power, 0]
    for k, value in enumerate(power):
        equation[k + 1] -= x * value
    for k, value in enumerate(transform):
        equation[k + 1] += ratio * value
    w = max(mpmath.polyroots(equation, maxsteps=400, extraprec=300), key=mpmath.im)
    t = mpmath.fsum(m * v / (w - v) for v, m in zip(places, masses, strict=True))
    return float(-mpmath.im(t) / (mpmath.pi * x))


def polynomial_product(first, second):
    result = [mpmath.mpf(0)] * (len(first) + len(second) - 1)
    for i, u in enumerate(first):
        for j, v in enumerate(second):
            result[i + j] += u * v
    return result


@pytest.mark.parametrize(
    ("fourth", "width", "error"), [(WIDE, 1e-2, 1e-13), (NARROW, 1e-5, 1e-12)]
)
def test_five_populations_with_a_tiny_gap(fourth, width, error):
    population, noise = atoms([1, 2.5, 5, fourth, 25]), MarchenkoPastur(0.05)
    law = free_multiplicative_convolution(population, noise)
    assert law == free_multiplicative_convolution(noise, population)
    assert len(law.support) == 5
    gap = law.support[3].lower - law.support[2].upper
    # An edge near 6 is known to an ulp, 9e-16.
    assert gap == pytest.approx(width, rel=1e-10, abs=2e-15)
    middle = law.support[2].upper
    x = np.concatenate([np.linspace(0.7, 31, 7), middle + np.array([-0.3, -0.01])])
    with mpmath.workdps(40):
        exact = [covariance_density(population, 0.05, v) for v in x]
    assert np.abs(law.density(x) - exact).max() < error
    # Beside the edge dρ/dx ~ 1e3 ulps of x are not in the law's hands.
    near = middle - np.array([1e-4, 1e-6])
    with mpmath.workdps(40):
        exact = [covariance_density(population, 0.05, v) for v in near]
    assert np.abs(law.density(near) - exact).max() < 1e-12
    assert not law.density(np.array([middle + width / 2])).any()


@settings(max_examples=4, deadline=None)
@given(two_atoms, two_atoms)
def test_random_pairs_of_two_atoms_against_their_quadratic(first, second):
    law, exact = free_multiplicative_convolution(first, second), TwoAtoms(first, second)
    with mpmath.workdps(40):
        for interval in law.support:
            x = interval.lower + interval.width * np.array([0.05, 0.4, 0.9])
            truth = np.array([exact.density(v) for v in x])
            # ρ/ρ′ is some tenth of the width: ulps of x over that.
            ulps = 64 * np.finfo(float).eps * law.hull.upper / interval.width
            assert np.allclose(law.density(x), truth, rtol=1e-13 + ulps, atol=0)
            for edge in (interval.lower, interval.upper):
                # The discriminant changes sign within some ulps of each edge.
                step = 1e-13 * law.hull.upper
                low, high = mpmath.mpf(edge) - step, mpmath.mpf(edge) + step
                assert exact.discriminant(low) * exact.discriminant(high) < 0


@pytest.mark.parametrize("factors", [2, 3])
def test_fuss_catalan(factors):
    law = MarchenkoPastur(1.0)
    for _ in range(factors - 1):
        law = free_multiplicative_convolution(law, MarchenkoPastur(1.0))
    s = factors
    edge = (s + 1) ** (s + 1) / s**s
    assert law.support[0].lower == 0
    assert law.support[0].upper == pytest.approx(edge, rel=1e-14)
    # Forrester and Liu (2014), the density in parametric form.
    phi = math.pi / (s + 1) * np.array([0.01, 0.3, 0.8, 0.97])
    outer = np.sin((s + 1) * phi)
    x = outer ** (s + 1) / (np.sin(phi) * np.sin(s * phi) ** s)
    density = np.sin(phi) ** 2 * np.sin(s * phi) ** (s - 1) / (math.pi * outer**s)
    # x carries the rounding of s + 2 powers, up to 1/(x sin φ) of which shows.
    assert law.density(x) == pytest.approx(density, rel=1e-11)
    if factors == 2:
        counts = [math.comb(3 * n, n) / (2 * n + 1) for n in range(1, 6)]
        assert moments(law, 5) == pytest.approx(counts, rel=1e-12)


@pytest.mark.parametrize(("p", "q"), [(0.3, 0.6), (0.8, 0.7), (0.5, 0.5), (0.5, 0.2)])
def test_product_of_projections(p, q):
    law = free_multiplicative_convolution(projection(p), projection(q))
    spread = 2 * math.sqrt(p * q * (1 - p) * (1 - q))
    centre = p + q - 2 * p * q
    (interval,) = law.support
    assert interval.lower == pytest.approx(centre - spread, rel=1e-13, abs=1e-16)
    assert interval.upper == pytest.approx(centre + spread, rel=1e-14)
    expected = {0.0: 1 - min(p, q), 1.0: p + q - 1}
    masses = {place: mass for place, mass in expected.items() if mass > 1e-12}
    assert {a.location: a.weight for a in law.atoms} == pytest.approx(masses)
    x = interval.lower + interval.width * np.array([1e-9, 0.1, 0.5, 0.9])
    inside = (x - centre + spread) * (centre + spread - x)
    exact = np.sqrt(inside) / (2 * math.pi * x * (1 - x))
    # At 1e-9 of the width the ulp of the edge is 1e-7 of the depth.
    assert law.density(x)[1:] == pytest.approx(exact[1:], rel=1e-12)
    assert law.density(x)[0] == pytest.approx(exact[0], rel=1e-6)


def test_equal_atoms_at_zero_keep_the_density_accurate_down_to_it():
    law = free_multiplicative_convolution(projection(0.5), projection(0.5))
    x = 10.0 ** -np.arange(1, 18, 4)
    arcsine = 1 / (2 * math.pi * np.sqrt(x * (1 - x)))
    assert law.density(x) == pytest.approx(arcsine, rel=1e-13)
