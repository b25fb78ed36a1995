"""What the contestants of theory_speed.py are held against, to forty digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import starmap

import mpmath
import numpy as np

DIGITS = 40
RATIO = 0.05
ATOMS = (1.0, 2.5, 5.0, None, 25.0)  # the fourth makes the gap

Number = mpmath.mpf
Polynomial = Callable[[Number], Sequence[Number]]


def with_digits(function):
    """Compute in forty digits and hand back floats."""

    def wrapped(*arguments, **keywords):
        with mpmath.workdps(DIGITS):
            return function(*arguments, **keywords)

    return wrapped


@with_digits
def imaginary_root(polynomial: Polynomial, x: np.ndarray) -> np.ndarray:
    """Find the largest imaginary part among the roots at each point, over π.

    The equations used here have at most one pair of complex roots on the axis.
    """
    return np.array([float(_imaginary_root(polynomial, point)) for point in x])


def _imaginary_root(polynomial: Polynomial, point: float) -> Number:
    coefficients = list(polynomial(mpmath.mpf(float(point))))
    roots = mpmath.polyroots(coefficients, maxsteps=500, extraprec=300)
    return max(abs(mpmath.im(root)) for root in roots) / mpmath.pi


def semicircle_plus_wishart(x: np.ndarray, ratio: float) -> np.ndarray:
    # x = g + 1/(1 − cg) + 1/g
    c = mpmath.mpf(ratio)
    return imaginary_root(lambda z: (-c, 1 + c * z, 1 - c - z, 1), x)


def kesten_mckay_plus_semicircle(x: np.ndarray, degree: int) -> np.ndarray:
    # x = (d/2) (√(1 + 4g²/(d − 1)) − 1)/g + g + 1/g
    d = mpmath.mpf(degree)
    half, square = d / 2 - 1, (d / 2) ** 2

    def quartic(z: Number) -> Sequence[Number]:
        # (−g² + zg + d/2 − 1)² = (d/2)² (1 + 4g²/(d − 1))
        middle = z**2 - 2 * half - 4 * square / (d - 1)
        return (1, -2 * z, middle, 2 * half * z, half**2 - square)

    return imaginary_root(quartic, x)


def two_atoms_plus_semicircle(x: np.ndarray, place: float) -> np.ndarray:
    # w = x − g: (x − w)(w² − a²) = w
    a = mpmath.mpf(place)
    return imaginary_root(lambda z: (-1, z, a**2 - 1, -z * a**2), x)


def wishart_times_atoms(x: np.ndarray, atoms: tuple[float, ...]) -> np.ndarray:
    """Solve x = 1/h + c mean(t/(1 − th)) for h, with Im g = Im h / c."""
    c, t = mpmath.mpf(RATIO), [mpmath.mpf(a) for a in atoms]

    def polynomial(z: Number) -> Sequence[Number]:
        factors = [[-a, mpmath.mpf(1)] for a in t]
        total = _times([-z, mpmath.mpf(1)], *factors)
        for i, a in enumerate(t):
            others = _times(*(f for j, f in enumerate(factors) if j != i))
            term = [c * a / len(t) * p for p in others] + [mpmath.mpf(0)]
            total = [
                u + v for u, v in zip(total, _padded(term, len(total)), strict=True)
            ]
        return total

    return imaginary_root(polynomial, x) / RATIO


def _times(*factors: Sequence[Number]) -> list[Number]:
    product = [mpmath.mpf(1)]
    for factor in factors:
        longer = [mpmath.mpf(0)] * (len(product) + len(factor) - 1)
        for i, p in enumerate(product):
            for j, q in enumerate(factor):
                longer[i + j] += p * q
        product = longer
    return product


def _padded(coefficients: list[Number], size: int) -> list[Number]:
    return [mpmath.mpf(0)] * (size - len(coefficients)) + coefficients


@cache
@with_digits
def atoms_with_gap(width: float) -> tuple[float, ...]:
    """Place the fourth atom so that the gap to the third bulk has about this width."""
    goal = mpmath.mpf(width)

    def excess(t4: Number) -> Number:
        lower, upper = _gap_edges(tuple(_atoms(t4)))
        return upper - lower - goal

    t4 = _bisected(excess, mpmath.mpf(6), mpmath.mpf(20))
    return tuple(float(t) for t in _atoms(t4))


@with_digits
def gap_edges(atoms: tuple[float, ...]) -> tuple[float, float, float]:
    """Find the ends of the gap below the fourth bulk and its width, rounded at last."""
    lower, upper = _gap_edges(tuple(mpmath.mpf(t) for t in atoms))
    return float(lower), float(upper), float(upper - lower)


def _atoms(t4: Number) -> list[Number]:
    return [t4 if t is None else mpmath.mpf(t) for t in ATOMS]


def _gap_edges(t: tuple[Number, ...]) -> tuple[Number, Number]:
    # Between its poles 1/t₄ and 1/t₃ x(h) falls from one end of the gap to the other.
    c = mpmath.mpf(RATIO) / len(t)

    def place(h: Number) -> Number:
        return 1 / h + c * sum(a / (1 - a * h) for a in t)

    def slope(h: Number) -> Number:
        return -1 / h**2 + c * sum((a / (1 - a * h)) ** 2 for a in t)

    def bend(h: Number) -> Number:
        return 2 / h**3 + 2 * c * sum((a / (1 - a * h)) ** 3 for a in t)

    margin = mpmath.mpf(10) ** -20
    left, right = 1 / t[3] + margin, 1 / t[2] - margin
    flattest = _bisected(bend, left, right)
    if slope(flattest) >= 0:
        return place(flattest), place(flattest)
    falls, rises = (_bisected(slope, end, flattest) for end in (left, right))
    return place(rises), place(falls)


def _bisected(function: Callable[[Number], Number], a: Number, b: Number) -> Number:
    side = mpmath.sign(function(a))
    for _ in range(4 * DIGITS):
        middle = (a + b) / 2
        a, b = (middle, b) if mpmath.sign(function(middle)) == side else (a, middle)
    return a


def anticommutator(x: np.ndarray) -> np.ndarray:
    # XY + YX = A² − B² of free semicirculars A, B: x = 1/g + 2g/(1 − g²)
    nonzero = np.where(x == 0, 1.0, x)
    roots = imaginary_root(lambda z: (z, 1, -z, 1), nonzero)
    return np.where(x == 0, 1 / np.pi, roots)


@with_digits
def dyson_density(x: np.ndarray, pencil: Sequence[np.ndarray], starts: np.ndarray):
    """Polish the trace of G, 1 = (x − A₀ − A₁GA₁ − A₂GA₂) G, from 2 × 2 matrices."""
    a0, a1, a2 = (mpmath.matrix(part.tolist()) for part in pencil)

    def density(point: float, start: np.ndarray) -> float:
        def defect(*entries):
            g = mpmath.matrix([entries[:2], entries[2:]])
            full = (
                mpmath.mpf(float(point)) * mpmath.eye(2)
                - a0
                - a1 * g * a1
                - a2 * g * a2
            )
            return list(full * g - mpmath.eye(2))

        root = mpmath.findroot(defect, [mpmath.mpc(v) for v in start.ravel()])
        return float(-mpmath.im(root[0] + root[3]) / 2 / mpmath.pi)

    return np.array(list(starmap(density, zip(x, starts, strict=True))))


@with_digits
def many_atoms_plus_semicircle(
    x: np.ndarray, places: np.ndarray, variance: float, start: np.ndarray
) -> np.ndarray:
    """Polish w = x − v mean(1/(w − λ)) from w near the one root above the axis."""
    v, atoms = mpmath.mpf(variance), [mpmath.mpf(p) for p in places]
    densities = []
    for point, first in zip(x, start, strict=True):
        w, z = mpmath.mpc(first), mpmath.mpf(point)
        for _ in range(3):
            inverses = [1 / (w - a) for a in atoms]
            g = sum(inverses) / len(atoms)
            rate = -sum(i * i for i in inverses) / len(atoms)
            w -= (w - z + v * g) / (1 + v * rate)
        densities.append(float(mpmath.im(w) / v / mpmath.pi))
    return np.array(densities)


@with_digits
def tracy_widom(x: np.ndarray, beta: int) -> np.ndarray:
    """Evaluate F by det(1 ∓ V), V(s, t) = Ai((s + t)/2)/2 on (x, ∞), at 64 nodes.

    References:
        Ferrari and Spohn (2005), A determinantal formula for the GOE Tracy-Widom
        distribution, Journal of Physics A 38; Bornemann (2010), On the numerical
        evaluation of Fredholm determinants, Mathematics of Computation 79.
    """
    values = []
    for point in x:
        # For β = 4 the classical scale, F₄(x) = (F₁ + F₂/F₁)(√2 x) / 2.
        s = mpmath.mpf(float(point)) * (mpmath.sqrt(2) if beta == 4 else 1)
        minus, plus = _airy_determinants(s)
        value = {1: minus, 2: minus * plus, 4: (minus + plus) / 2}[beta]
        values.append(float(value))
    return np.array(values)


@cache
def _airy_determinants(s: Number) -> tuple[Number, Number]:
    nodes, weights = _legendre(64)
    reach = 22 - 2 * s  # to where Ai((s + t)/2) < 1e-17
    places = [s + reach * n for n in nodes]
    roots = [mpmath.sqrt(reach * w) for w in weights]
    size = len(places)
    kernel = mpmath.zeros(size)
    for i in range(size):
        for j in range(i + 1):
            entry = roots[i] * roots[j] * mpmath.airyai((places[i] + places[j]) / 2) / 2
            kernel[i, j] = kernel[j, i] = entry
    one = mpmath.eye(size)
    return mpmath.det(one - kernel), mpmath.det(one + kernel)


@cache
def _legendre(count: int) -> tuple[list[Number], list[Number]]:
    # On (0, 1), from double-precision nodes by Newton's method on the recurrence.
    nodes, weights = [], []
    for start in np.polynomial.legendre.leggauss(count)[0]:
        node, rate = mpmath.mpf(float(start)), mpmath.mpf(1)
        for _ in range(3):
            before, value = mpmath.mpf(1), node
            for k in range(2, count + 1):
                before, value = (
                    value,
                    ((2 * k - 1) * node * value - (k - 1) * before) / k,
                )
            rate = count * (node * value - before) / (node**2 - 1)
            node -= value / rate
        nodes.append((node + 1) / 2)
        weights.append(1 / ((1 - node**2) * rate**2))
    return nodes, weights
