"""Pairs chosen after the engine was built, against roots at 40 digits.

At every point the truth is a root of G₁(w₁) = G₂(w₂) = … = g and
z = ∑ wᵢ − (k − 1)/g, or of T₁(w₁) = … = t and w₁ w₂ ⋯ = z ((1 + t)/t)^(k − 1), found by
Newton's method down from far above the axis. The transforms are written here anew. In
the upper half-plane the root is unique, so its residual proves it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpc, mpf

from eigenscape.theory import (
    Affine,
    Arcsine,
    Cauchy,
    Discrete,
    FreeBinomial,
    FreePoisson,
    FussCatalan,
    Jacobi,
    KestenMcKay,
    Law,
    MarchenkoPastur,
    Mixture,
    Semicircle,
    Uniform,
    free_additive_convolution,
    free_compression,
    free_convolution_power,
    free_multiplicative_convolution,
    multiplicative_outliers,
    outliers,
    subordination,
)

EPS = float(np.finfo(float).eps)
DIGITS = 40
STEP = mpf(10) ** -20  # of differences: half the digits that Newton's method uses
Transform = Callable[[mpc], mpc]


def semicircle(variance: float) -> Transform:
    reach = 2 * mp.sqrt(mpf(variance))
    return lambda w: 2 / (w + mp.sqrt(w - reach) * mp.sqrt(w + reach))


def marchenko_pastur(ratio: float, scale: float = 1.0) -> Transform:
    c, s = mpf(ratio), mpf(scale)

    def transform(w: mpc) -> mpc:
        ends = [s * (1 - mp.sqrt(c)) ** 2, s * (1 + mp.sqrt(c)) ** 2]
        root = mp.sqrt(w - ends[0]) * mp.sqrt(w - ends[1])
        return (w + (c - 1) * s - root) / (2 * c * s * w)

    return transform


def arcsine(lower: float, upper: float) -> Transform:
    return lambda w: 1 / (mp.sqrt(w - mpf(lower)) * mp.sqrt(w - mpf(upper)))


def kesten_mckay(degree: int) -> Transform:
    unit, reach = mp.sqrt(mpf(degree - 1)), 2 * mp.sqrt(mpf(degree - 1))

    def transform(w: mpc) -> mpc:
        y = w * unit
        root = mp.sqrt(y - reach) * mp.sqrt(y + reach)
        return unit * ((degree - 2) * y - degree * root) / (2 * (degree**2 - y**2))

    return transform


def jacobi(first_ratio: float, second_ratio: float) -> Transform:
    a, b = 1 / mpf(first_ratio), 1 / mpf(second_ratio)
    n = a + b

    def transform(w: mpc) -> mpc:
        roots = [mp.sqrt(a * (n - 1)), mp.sqrt(b)]
        low, high = (roots[0] - roots[1]) ** 2, (roots[0] + roots[1]) ** 2
        root = mp.sqrt(w - low / n**2) * mp.sqrt(w - high / n**2)
        return ((n - 2) * w + 1 - a - n * root) / (2 * w * (1 - w))

    return transform


def atomic(places: list[float], weights: list[float]) -> Transform:
    pairs = [(mpf(p), mpf(w)) for p, w in zip(places, weights, strict=True)]
    return lambda z: mp.fsum(w / (z - p) for p, w in pairs)


def uniform(lower: float, upper: float) -> Transform:
    a, b = mpf(lower), mpf(upper)
    return lambda w: (mp.log(w - a) - mp.log(w - b)) / (b - a)


def cauchy(location: float, scale: float) -> Transform:
    return lambda w: 1 / (w - mpf(location) + 1j * mpf(scale))


def mixed(weights: list[float], parts: list[Transform]) -> Transform:
    shares = [mpf(w) for w in weights]
    return lambda w: mp.fsum(s * g(w) for s, g in zip(shares, parts, strict=True))


def scaled(transform: Transform, scale: float, shift: float = 0.0) -> Transform:
    a, c = mpf(scale), mpf(shift)
    return lambda w: transform((w - c) / a) / a


def bulk_discrete(places: list[float], weights: list[float]) -> Discrete:
    return Discrete(np.array(places), np.array(weights))


def slope(function: Transform, w: mpc) -> mpc:
    return (function(w + STEP) - function(w)) / STEP


def values_and_rates(functions: list[Transform], w: list[mpc]) -> list[tuple[mpc, mpc]]:
    """Evaluate every function, and one over its slope."""
    values = [function(v) for function, v in zip(functions, w, strict=True)]
    return [
        (value, STEP / (function(v + STEP) - value))
        for function, v, value in zip(functions, w, values, strict=True)
    ]


class Sum:
    """Of free variables, the i-th to the free convolution power tᵢ."""

    def __init__(self, parts: list[Transform], powers: list[float] | None = None):
        self.inverses = [lambda w, g=g: 1 / g(w) for g in parts]
        self.powers = [mpf(t) for t in powers or [1.0] * len(parts)]

    def start(self, z: mpc) -> list[mpc]:
        return [z] * len(self.inverses) + [z]

    def step(self, state: list[mpc], z: mpc) -> list[mpc]:
        # 1/Gᵢ(wᵢ) = u and z = u + ∑ tᵢ (wᵢ − u)
        *w, u = state
        found = values_and_rates(self.inverses, w)
        rates, gaps = [r for _, r in found], [u - f for f, _ in found]
        defect, rate = z - u, mpf(1)
        for t, v, r, gap in zip(self.powers, w, rates, gaps, strict=True):
            defect -= t * (v + r * gap - u)
            rate += t * (r - 1)
        du = defect / rate
        moves = [r * (gap + du) for r, gap in zip(rates, gaps, strict=True)]
        return [*moves, du]

    def value(self, state: list[mpc], z: mpc) -> mpc:
        return 1 / state[-1]


class Product:
    """Of free positive variables."""

    def __init__(self, parts: list[Transform]):
        self.moments = [lambda w, g=g: w * g(w) - 1 for g in parts]

    def start(self, z: mpc) -> list[mpc]:
        means = [mp.re(1000 * mp.mpc(0, 1) * f(1000j)) for f in self.moments]
        total = mp.fprod(means)
        return [z * mean / total for mean in means] + [total / z]

    def step(self, state: list[mpc], z: mpc) -> list[mpc]:
        # Tᵢ(wᵢ) = t and ∑ log wᵢ = log z + (k − 1) log((1 + t)/t)
        *w, t = state
        found = values_and_rates(self.moments, w)
        rates, gaps = [r for _, r in found], [t - f for f, _ in found]
        power = len(w) - 1
        product = z * ((1 + t) / t) ** power
        defect = mp.log(product / mp.fprod(w))
        rate = power * (1 / t - 1 / (1 + t))
        for v, r, gap in zip(w, rates, gaps, strict=True):
            defect -= r * gap / v
            rate += r / v
        dt = defect / rate
        moves = [r * (gap + dt) for r, gap in zip(rates, gaps, strict=True)]
        return [*moves, dt]

    def value(self, state: list[mpc], z: mpc) -> mpc:
        return (1 + state[-1]) / z


def settle(
    system: Sum | Product, state: list[mpc], z: mpc, digits: int = 8
) -> list[mpc] | None:
    """Newton's method at one point; None where it strays or does not converge."""
    last = mpf("inf")
    for _ in range(30):
        step = system.step(state, z)
        size = max(abs(d / s) for d, s in zip(step, state, strict=True))
        if size > 1 and size > 4 * last:
            return None
        state = [s + d for s, d in zip(state, step, strict=True)]
        last = size
        if size < mpf(10) ** -digits:
            inside = all(mp.im(w) > 0 for w in state[:-1])
            return state if inside else None
    return None


def descended(system: Sum | Product, x: float, height: float) -> tuple[list[mpc], mpc]:
    """Come down to x + i·height in steps that shorten until Newton's method holds."""
    y, ratio, end = mpf(100), mpf("0.1"), mpf(height)
    state = settle(system, system.start(mpc(x, y)), mpc(x, y))
    assert state is not None
    while y > end:
        for lower in (end, y * ratio):
            found = None
            if lower < end or (lower == end and y > mpf("0.1")):
                continue
            found = settle(system, state, mpc(x, lower))
            if found is not None:
                state, y = found, lower
                break
        else:
            ratio = mp.sqrt(ratio)
            assert ratio < mpf("0.999")
    return state, mpc(x, end)


def truth(system: Sum | Product, x: float) -> mpc:
    """Evaluate g(x + i0) inside the spectrum."""
    with mp.workdps(DIGITS + 15):
        state, z = descended(system, x, 0.0)
        exact = settle(system, state, z, DIGITS - 4)
        assert exact is not None
        return system.value(exact, z)


def points(law: Law, count: int) -> list[float]:
    return [
        interval.lower + interval.width * t
        for interval in law.support
        for t in np.linspace(0.03, 0.96, count).tolist()
    ]


def assert_solves(law: Law, system: Sum | Product, x: list[float]) -> None:
    """Hold densities against the truth, to rounding of x and of the terms."""
    values, slopes = law.stieltjes(np.array(x)), law.stieltjes_derivative(np.array(x))
    densities = law.density(np.array(x))
    size = max(abs(law.hull.lower), abs(law.hull.upper))
    reach = np.abs(values) + size * np.abs(slopes)
    for i, place in enumerate(x):
        exact = complex(truth(system, place))
        assert abs(values[i] - exact) <= 32 * EPS * reach[i]
        assert abs(densities[i] + exact.imag / np.pi) <= 16 * EPS * reach[i]


THREE = ([-2.0, 0.25, 1.5], [0.2, 0.5, 0.3])
TWO = ([-0.6, 1.1], [0.35, 0.65])
SUMS = {
    "Jacobi and semicircle": (
        [Jacobi(0.4, 0.7), Semicircle(0.03)],
        [jacobi(0.4, 0.7), semicircle(0.03)],
    ),
    "arcsine and Marchenko-Pastur": (
        [Arcsine(-1.0, 2.5), MarchenkoPastur(0.3)],
        [arcsine(-1.0, 2.5), marchenko_pastur(0.3)],
    ),
    "three atoms and two": (
        [bulk_discrete(*THREE), bulk_discrete(*TWO)],
        [atomic(*THREE), atomic(*TWO)],
    ),
    "uniform and atoms": (
        [Uniform(-1.0, 0.5), bulk_discrete(*TWO)],
        [uniform(-1.0, 0.5), atomic(*TWO)],
    ),
    "two Marchenko-Pastur laws": (
        [MarchenkoPastur(0.2), Affine(MarchenkoPastur(3.0, 0.5), -1.0)],
        [marchenko_pastur(0.2), scaled(marchenko_pastur(3.0, 0.5), -1.0)],
    ),
    "a mixture and a semicircle": (
        [
            Mixture(np.array([0.25, 0.75]), (Uniform(2.0, 3.0), Semicircle(0.5))),
            Semicircle(0.02),
        ],
        [
            mixed([0.25, 0.75], [uniform(2.0, 3.0), semicircle(0.5)]),
            semicircle(0.02),
        ],
    ),
}


@pytest.mark.parametrize("name", SUMS)
def test_free_sums(name: str) -> None:
    laws, parts = SUMS[name]
    law = free_additive_convolution(laws[0], laws[1])
    assert_solves(law, Sum(parts), points(law, 2))


def test_a_free_binomial_and_a_regular_graph() -> None:
    law = free_additive_convolution(FreeBinomial(3.0, 0.4), KestenMcKay(4))
    coin = atomic([0.0, 1.0], [1 - mpf(0.4), 0.4])
    assert_solves(law, Sum([coin, kesten_mckay(4)], [3.0, 1.0]), points(law, 4))


def test_a_cauchy_law_moves_the_other_down_the_plane() -> None:
    law = free_additive_convolution(bulk_discrete(*THREE), Cauchy(0.5, 0.125))
    x = np.array([-3.0, -1.5, 0.75, 2.0])
    for place, density in zip(x.tolist(), law.density(x).tolist(), strict=True):
        with mp.workdps(DIGITS):
            exact = atomic(*THREE)(mpc(place - 0.5, 0.125))
        assert density == pytest.approx(float(-exact.imag / mp.pi), rel=16 * EPS)
    both = free_additive_convolution(law, Uniform(0.0, 2.0))
    system = Sum([atomic(*THREE), cauchy(0.5, 0.125), uniform(0.0, 2.0)])
    found = both.stieltjes(x)
    exact = np.array([complex(truth(system, place)) for place in x.tolist()])
    assert np.abs(found - exact).max() <= 64 * EPS


def test_three_laws_in_a_chain_lose_no_digits() -> None:
    laws = [
        Jacobi(0.5, 0.8),
        bulk_discrete(*TWO),
        Uniform(-1.0, 1.0),
    ]
    parts = [
        jacobi(0.5, 0.8),
        atomic(*TWO),
        uniform(-1.0, 1.0),
    ]
    left = functools.reduce(free_additive_convolution, laws)
    right = free_additive_convolution(
        laws[0], free_additive_convolution(laws[1], laws[2])
    )
    for law in (left, right):
        assert_solves(law, Sum(parts), points(left, 2))


@pytest.mark.parametrize(
    ("fractions", "law", "part"),
    [
        ((0.5, 0.7), Uniform(-1.0, 1.5), uniform(-1.0, 1.5)),
        ((0.9, 0.8, 0.6), bulk_discrete(*THREE), atomic(*THREE)),
    ],
)
def test_compressions_in_a_chain(fractions, law: Law, part: Transform) -> None:
    total = float(np.prod(fractions))
    corner = functools.reduce(free_compression, fractions, law)
    # A corner is the free power 1/f, scaled by f.
    with mp.workdps(DIGITS):
        power = 1 / mp.fprod(mpf(f) for f in fractions)
    for x in points(corner, 2):
        with mp.workdps(DIGITS):
            exact = complex(truth(Sum([part], [power]), x / total) / mpf(total))
        found = corner.stieltjes(np.array([x]))[0]
        change = abs(corner.stieltjes_derivative(np.array([x]))[0])
        assert abs(found - exact) <= 64 * EPS * (abs(found) + 3 * change)


def test_a_power_and_a_corner_add_up_like_any_law() -> None:
    power = free_convolution_power(Arcsine(-1.0, 1.0), 1.75)
    law = free_additive_convolution(power, bulk_discrete(*TWO))
    system = Sum([arcsine(-1.0, 1.0), atomic(*TWO)], [1.75, 1.0])
    assert_solves(law, system, points(law, 3))


ZERO = ([0.0, 1.0, 3.0], [0.25, 0.5, 0.25])
NONZERO = ([0.5, 2.0], [0.375, 0.625])
PRODUCTS = {
    "Marchenko-Pastur laws of two ratios": (
        [MarchenkoPastur(0.3), MarchenkoPastur(0.8, 2.0)],
        [marchenko_pastur(0.3), marchenko_pastur(0.8, 2.0)],
    ),
    "ratios below and above 1": (
        [MarchenkoPastur(2.5), MarchenkoPastur(0.125)],
        [marchenko_pastur(2.5), marchenko_pastur(0.125)],
    ),
    "atoms, one at 0": (
        [bulk_discrete(*ZERO), bulk_discrete(*NONZERO)],
        [atomic(*ZERO), atomic(*NONZERO)],
    ),
    "Jacobi and uniform": (
        [Jacobi(0.4, 0.7), Uniform(0.5, 2.0)],
        [jacobi(0.4, 0.7), uniform(0.5, 2.0)],
    ),
    "arcsine and Marchenko-Pastur": (
        [Arcsine(0.25, 2.0), MarchenkoPastur(0.5)],
        [arcsine(0.25, 2.0), marchenko_pastur(0.5)],
    ),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_free_products(name: str) -> None:
    laws, parts = PRODUCTS[name]
    law = free_multiplicative_convolution(laws[0], laws[1])
    assert_solves(law, Product(parts), points(law, 2))


def test_a_free_poisson_factor_is_its_jumps_times_marchenko_pastur() -> None:
    # At rate 1, R = ∫ t/(1 − tw) ν(dt) is that of Marchenko-Pastur(1) ⊠ ν.
    jumps = bulk_discrete([1.0, 2.5], [0.6, 0.4])
    law = free_multiplicative_convolution(
        FreePoisson(1.0, jumps), bulk_discrete(*NONZERO)
    )
    system = Product([
        marchenko_pastur(1.0),
        atomic([1.0, 2.5], [0.6, 0.4]),
        atomic(*NONZERO),
    ])
    assert_solves(law, system, points(law, 2))


def test_a_chain_of_marchenko_pastur_laws_is_fuss_catalan() -> None:
    s = 2
    factors: list[Law] = [MarchenkoPastur(1.0)] * s
    law = functools.reduce(free_multiplicative_convolution, factors)

    def place(angle: mpf) -> mpf:
        # Haagerup and Möller (2013), the density in parametric form
        top = mp.sin((s + 1) * angle) ** (s + 1)
        return top / (mp.sin(angle) * mp.sin(s * angle) ** s)

    for guess in (0.05, 0.4):
        with mp.workdps(DIGITS):
            x = float(place(mpf(guess)))
            angle = mpmath.findroot(lambda t, x=x: place(t) - x, guess)
            exact = mp.sin(angle) ** 2 * mp.sin(s * angle) ** (s - 1)
            exact = float(exact / mp.pi / mp.sin((s + 1) * angle) ** s)
        for found in (law, FussCatalan(float(s))):
            density = found.density(np.array([x]))[0]
            assert density == pytest.approx(exact, rel=256 * EPS)


def edge(laws: list[Law], parts: list[Transform], x: float) -> mpf:
    """Find z where dz/du = 0 on z(u) = w₁ + w₂ − u, u = 1/Gᵢ(wᵢ), beside x."""
    inverses = Sum(parts).inverses

    def critical(*w: mpf) -> list[mpf]:
        (u1, rate1), (u2, rate2) = values_and_rates(inverses, list(w))
        return [u1 - u2, rate1 + rate2 - 1]

    near = subordination(laws[0], laws[1], np.array([x + 1e-10j]))
    with mp.workdps(DIGITS + 15):
        start = [mpf(float(w[0].real)) for w in near]
        w1, w2 = mpmath.findroot(critical, start, tol=1e-24)
        return mp.re(w1 + w2 - inverses[0](w1))


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("Jacobi and semicircle", 1),
        ("arcsine and Marchenko-Pastur", 1),
        ("three atoms and two", 3),
        ("two Marchenko-Pastur laws", 1),
    ],
)
def test_edges(name: str, pieces: int) -> None:
    laws, parts = SUMS[name]
    law = free_additive_convolution(laws[0], laws[1])
    assert len(law.support) == pieces
    for interval in law.support:
        for end in (interval.lower, interval.upper):
            exact = edge(laws, parts, end)
            assert abs(end - exact) <= 8 * EPS * max(
                abs(law.hull.lower), law.hull.upper
            )


def test_the_width_of_a_narrow_gap() -> None:
    # A pair of atoms this far apart is just split by free Poisson noise: the gap lies
    # where z(w) = w + R(G(w)) grows between them.
    a, ratio = 0.315, 0.1
    law = free_additive_convolution(
        bulk_discrete([-a, a], [0.5, 0.5]), MarchenkoPastur(ratio)
    )
    left, right = law.support
    with mp.workdps(DIGITS):

        def outside(w: mpf) -> mpf:
            return w + 1 / (1 - mpf(ratio) * w / (w**2 - mpf(a) ** 2))

        def rate(w: mpf) -> mpf:
            return mp.diff(outside, w)

        ends = [
            outside(mpmath.findroot(rate, bracket, solver="anderson"))
            for bracket in ((0, a / 8), (a / 8, a / 4))
        ]
        width = ends[1] - ends[0]
    assert 1e-6 < width < 1e-2
    assert abs((right.lower - left.upper) / float(width) - 1) <= 1e-10


def seen(
    spike: float, bulk: Transform, noise: Transform, partner: mpf
) -> tuple[mpf, mpf]:
    """Location and overlap 1/w₁′ = dz/dθ, from a real w₂ with G(w₂) = G_bulk(θ)."""
    g = bulk(mpf(spike))
    overlap = 1 + slope(bulk, mpf(spike)) * (1 / slope(noise, partner) + 1 / g**2)
    return mp.re(mpf(spike) + partner - 1 / g), mp.re(overlap)


def test_a_spike_over_unseen_pairs() -> None:
    cases = [
        (
            4.0,
            bulk_discrete(*THREE),
            atomic(*THREE),
            Jacobi(0.4, 0.7),
            jacobi(0.4, 0.7),
        ),
        (-2.5, Uniform(-1.0, 0.5), uniform(-1.0, 0.5), KestenMcKay(3), kesten_mckay(3)),
        (
            2.0,
            Arcsine(-1.0, 1.0),
            arcsine(-1.0, 1.0),
            MarchenkoPastur(0.2),
            marchenko_pastur(0.2),
        ),
    ]
    for spike, bulk, bulk_transform, noise, transform in cases:
        (found,) = outliers(spike, noise, bulk)
        with mp.workdps(DIGITS):
            g = bulk_transform(mpf(spike))
            near = found.location - spike + 1 / g
            w = mpmath.findroot(lambda w, f=transform, g=g: f(w) - g, near)
            location, overlap = seen(spike, bulk_transform, transform, mp.re(w))
        assert abs(found.location - location) <= 8 * EPS * (abs(spike) + 2)
        assert abs(found.overlap - overlap) <= 64 * EPS


def test_one_spike_makes_several_outliers_through_gaps_of_the_noise() -> None:
    places, weights = [-3.0, 0.5, 4.0], [0.25, 0.5, 0.25]
    noise, bulk = bulk_discrete(places, weights), Semicircle(0.04)
    for spike in (1.0, 6.0, -0.7):
        with mp.workdps(DIGITS):
            g = semicircle(0.04)(mpf(spike))
            # g ∏ (w − aᵢ) = ∑ wᵢ ∏ (w − aⱼ): a cubic with three real roots.
            a, b, c = map(mpf, places)
            p, q, r = map(mpf, weights)
            cubic = [
                g,
                -g * (a + b + c) - 1,
                g * (a * b + b * c + c * a) + p * (b + c) + q * (a + c) + r * (a + b),
                -g * a * b * c - p * b * c - q * a * c - r * a * b,
            ]
            roots = [mp.re(w) for w in mpmath.polyroots(cubic, maxsteps=200)]
            pairs = [
                seen(spike, semicircle(0.04), atomic(places, weights), w) for w in roots
            ]
        expected = sorted((z, o) for z, o in pairs if o > 0)
        found = outliers(spike, noise, bulk)
        assert len(found) == len(expected) > 1
        assert sum(outlier.overlap for outlier in found) <= 1
        for outlier, (location, overlap) in zip(found, expected, strict=True):
            assert abs(outlier.location - location) <= 64 * EPS * (abs(spike) + 4)
            assert abs(outlier.overlap - overlap) <= 256 * EPS


def test_a_multiplicative_spike_over_an_unseen_pair() -> None:
    bulk, noise = bulk_discrete(*NONZERO), Jacobi(0.4, 0.7)
    (found,) = multiplicative_outliers(5.0, noise, bulk)
    with mp.workdps(DIGITS):

        def of_bulk(w: mpf) -> mpf:
            return w * atomic(*NONZERO)(w) - 1

        def of_noise(w: mpf) -> mpf:
            return w * jacobi(0.4, 0.7)(w) - 1

        def place(spike: mpf) -> mpf:
            t = of_bulk(spike)
            partner = mpmath.findroot(
                lambda w: of_noise(w) - t, found.location / 5 * (1 + t) / t
            )
            return spike * mp.re(partner) * t / (1 + t)

        exact, spike = place(mpf(5)), mpf(5)
        overlap = spike * slope(place, spike) / exact
    assert abs(found.location - exact) <= 16 * EPS * 5
    assert abs(found.overlap - overlap) <= 64 * EPS
