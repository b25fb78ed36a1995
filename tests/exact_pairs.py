"""Free sums and products by roots at 40 digits, apart from the engine.

At every point the truth is a root of G₁(w₁) = G₂(w₂) = … = g and
z = ∑ wᵢ − (k − 1)/g, or of T₁(w₁) = … = t and w₁ w₂ ⋯ = z ((1 + t)/t)^(k − 1), found by
Newton's method down from far above the axis. The transforms are written here anew. In
the upper half-plane the root is unique, so its residual proves it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from mpmath import mp, mpc, mpf

from eigenscape.theory import (
    Affine,
    Arcsine,
    Discrete,
    Jacobi,
    Law,
    MarchenkoPastur,
    Mixture,
    Semicircle,
    Uniform,
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
NONZERO = ([0.5, 2.0], [0.375, 0.625])
