"""Make the table behind `eigenscape.theory.tracy_widom`, from Painlevé II.

The Hastings–McLeod solution q'' = s q + 2 q³, q ~ Ai, is carried from s = 40 to −14 by
Taylor series in 200 digits, more than its instability to the left can spoil. With
I = ∫ₛ^∞ q and L = ∫ₛ^∞ (x − s) q²: F₁ = exp(−(I + L)/2), F₂ = exp(−L) and
F₄ = exp(−L/2) cosh(I/2), in the variable of the table, √2 times Tracy and Widom's.
Beyond 40 the leading terms in Ai are exact to 70 digits; below −14 the asymptotic
series are, to 20 (constants: Baik, Buckingham and DiFranco 2008).

    python benchmarks/tracy_widom_table.py

rewrites the table in a minute; mpmath is needed.
"""

import itertools
import json
from pathlib import Path

import mpmath as mp
import numpy as np

mp.mp.dps = 200
TABLE = Path(__file__).parents[1] / "src/eigenscape/theory/tracy_widom.json"
START, END, STEP, ORDER = mp.mpf(40), mp.mpf(-14), mp.mpf(1) / 4, 150
NEGLIGIBLE = 1e-17
ROOT = mp.sqrt(2) / 6
# log F = −a |s|³ − b |s|^1.5 − c log|s| + h(|s|^−1.5) to the left, and
# log(1 − F) = −a s^1.5 − c log s + h(s^−1.5) to the right.
LEFT = {
    1: (mp.mpf(1) / 24, ROOT, mp.mpf(1) / 16),
    2: (mp.mpf(1) / 12, mp.mpf(0), mp.mpf(1) / 8),
    4: (mp.mpf(1) / 24, -ROOT, mp.mpf(1) / 16),
}
RIGHT = {
    1: (mp.mpf(2) / 3, mp.mpf(3) / 4),
    2: (mp.mpf(4) / 3, mp.mpf(3) / 2),
    4: (mp.mpf(4) / 3, mp.mpf(3)),
}
# Below the cut the series are of log F, above it of log(1 − F).
CUT = {1: -1.0, 2: -1.5, 4: -3.0}
EDGES = {
    1: [-6.0, -3.5, -1.0, 1.0, 4.0, 8.0],
    2: [-7.0, -4.5, -3.0, -1.5, 1.0, 4.0],
    4: [-9.0, -6.0, -4.5, -3.0, -1.0, 2.0, 5.0, 10.0],
}


def product(a, b):
    return [mp.fdot(a[: n + 1], b[n::-1]) for n in range(len(a))]


def value(series, h):
    return mp.polyval(series[::-1], h)


def integral(series, constant):
    return [constant] + [c / (n + 1) for n, c in enumerate(series)]


def painleve(s, q, slope):
    """The Taylor coefficients of q and q² about s."""
    series, square = [q, slope], []
    for n in range(ORDER):
        square.append(mp.fdot(series[: n + 1], series[n::-1]))
        cube = mp.fdot(square, series[n::-1])
        linear = s * series[n] + (series[n - 1] if n else 0)
        series.append((linear + 2 * cube) / ((n + 1) * (n + 2)))
    return series, square


def at_the_start(s):
    """I and L by the leading order in Ai."""
    ai, slope = mp.airyai(s), mp.airyai(s, derivative=1)
    # ∫ₛ^∞ Ai down the saddle at √s: the trapezoidal rule converges exponentially.
    root, count = mp.sqrt(s), 300
    step = 15 / mp.sqrt(root) / count
    heights = [k * step for k in range(1, count)]
    waves = [
        mp.exp(-root * y**2) * mp.re(mp.expj(-(y**3) / 3) / mp.mpc(root, y))
        for y in heights
    ]
    total = mp.exp(-2 * s * root / 3) * step / mp.pi * (mp.fsum(waves) + 1 / root / 2)
    return total, (2 * s**2 * ai**2 - 2 * s * slope**2 - ai * slope) / 3


def carried():
    """Taylor series of I and L about every step from 40 down to −14."""
    s, steps = START, {}
    q, slope = mp.airyai(s), mp.airyai(s, derivative=1)
    total, double = at_the_start(s)
    single = slope**2 - s * q**2
    while s >= END:
        series, square = painleve(s, q, slope)
        squares = integral([-c for c in square], single)
        steps[s] = (
            integral([-c for c in series], total),
            integral([-c for c in squares], double),
        )
        s -= STEP
        q = value(series, -STEP)
        slope = value([n * c for n, c in enumerate(series)][1:], -STEP)
        single = value(squares, -STEP)
        total, double = (value(part, -STEP) for part in steps[s + STEP])
    return steps


def square_root_series(count=40):
    """The cₖ of q = √(t/2) ∑ cₖ t⁻³ᵏ, t = −s, by q'' = −t q + 2 q³."""
    c = [mp.mpf(1)]
    for k in range(count):
        power = mp.mpf(1) / 2 - 3 * k
        padded = [*c, mp.mpf(0)]
        cube = product(product(padded, padded), padded)[k + 1]
        c.append((power * (power - 1) * c[k] - cube) / 2)
    return c


def truncated(terms):
    """The sum of an asymptotic series up to its smallest term."""
    total, last = mp.mpf(0), mp.inf
    for k, term in enumerate(terms):
        if k > 2 and abs(term) > last:
            break
        total, last = total + term, abs(term)
    return total


class Integrals:
    """I and L anywhere."""

    def __init__(self):
        self.steps = carried()
        self.roots = square_root_series()
        self.squares = product(self.roots, self.roots)

    def __call__(self, s):
        if s >= START:
            return at_the_start(s)
        if s < END:
            return self.to_the_left(-s)
        node = mp.ceil(s / STEP) * STEP
        return tuple(value(series, s - node) for series in self.steps[node])

    def to_the_left(self, t):
        powers = [mp.mpf(3) / 2 - 3 * k for k in range(len(self.roots))]
        total = mp.log(2) / 2 + truncated(
            c * t**p / p / mp.sqrt(2) for c, p in zip(self.roots, powers, strict=True)
        )
        double = (
            -mp.log(2) / 24
            - mp.zeta(-1, derivative=1)
            - self.squares[1] / 2 * (mp.log(t))
        )
        double += truncated(
            0 if k == 1 else d * t ** (3 - 3 * k) / (2 * (2 - 3 * k) * (3 - 3 * k))
            for k, d in enumerate(self.squares)
        )
        return total, double

    def log_cdf(self, s, beta):
        total, double = self(s)
        if beta == 2:
            return -double
        if beta == 1:
            return -(total + double) / 2
        return mp.log1p(2 * mp.sinh(total / 4) ** 2) - double / 2

    def log_sf(self, s, beta):
        return mp.log(-mp.expm1(self.log_cdf(s, beta)))

    def left_tail(self, u, beta):
        t, (a, b, c) = u ** (-mp.mpf(2) / 3), LEFT[beta]
        return self.log_cdf(-t, beta) + a * t**3 + b / u + c * mp.log(t)

    def right_tail(self, v, beta):
        s, (a, c) = v ** (-mp.mpf(2) / 3), RIGHT[beta]
        return self.log_sf(s, beta) + a / v + c * mp.log(s)


def series(integrals, beta):
    """Chebyshev coefficients on every panel, the tails' in |s|^(−3/2)."""
    edges = [mp.mpf(edge) for edge in EDGES[beta]]
    ends = [abs(edges[i]) ** mp.mpf(-1.5) for i in (0, -1)]
    result = [chebyshev(integrals.left_tail, beta, mp.mpf(0), ends[0])]
    for lower, upper in itertools.pairwise(edges):
        below = upper <= CUT[beta]
        of = integrals.log_cdf if below else integrals.log_sf
        result.append(chebyshev(of, beta, lower, upper))
    return [*result, chebyshev(integrals.right_tail, beta, mp.mpf(0), ends[1])]


def chebyshev(function, beta, lower, upper, count=60):
    angles = [mp.pi * (2 * j + 1) / (2 * count) for j in range(count)]
    points = [lower + (upper - lower) * (mp.cos(a) + 1) / 2 for a in angles]
    values = [function(point, beta) for point in points]
    coefficients = [
        float(2 * mp.fdot(values, [mp.cos(k * a) for a in angles]) / count)
        for k in range(count)
    ]
    coefficients[0] /= 2
    needed = 1 + max(np.flatnonzero(np.abs(coefficients) > NEGLIGIBLE))
    print(f"  [{float(lower):.3f}, {float(upper):.3f}] {needed} {coefficients[-1]:.0e}")
    return coefficients[:needed]


def moments(integrals, beta):
    """Mean, variance, skewness and excess kurtosis."""
    nodes, weights = np.polynomial.legendre.leggauss(24)
    centre, raw = mp.mpf(-2), [mp.mpf(0)] * 4
    for left in np.arange(float(END), 30.0, float(STEP)):
        for node, weight in zip(nodes, weights, strict=True):
            s = mp.mpf(left) + STEP * (mp.mpf(node) + 1) / 2
            below = mp.exp(integrals.log_cdf(s, beta))
            mass = (-below if s < centre else 1 - below) * weight * STEP / 2
            raw = [m + (k + 1) * (s - centre) ** k * mass for k, m in enumerate(raw)]
    mean, second, third, fourth = raw
    variance = second - mean**2
    third += -3 * mean * second + 2 * mean**3
    fourth += -4 * mean * raw[2] + 6 * mean**2 * second - 3 * mean**4
    skewness, kurtosis = third / variance**1.5, fourth / variance**2 - 3
    return [float(m) for m in (mean + centre, variance, skewness, kurtosis)]


def main():
    integrals, table = Integrals(), {}
    pairs = zip(integrals(END), integrals.to_the_left(-END), strict=True)
    print("mismatch at -14:", [mp.nstr(a - b, 3) for a, b in pairs])
    for beta in (1, 2, 4):
        print("beta", beta)
        table[str(beta)] = {
            "left": [float(c) for c in LEFT[beta]],
            "right": [float(c) for c in RIGHT[beta]],
            "cut": CUT[beta],
            "edges": EDGES[beta],
            "moments": moments(integrals, beta),
            "series": series(integrals, beta),
        }
    TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
