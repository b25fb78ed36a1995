"""The energy below which every critical point is a minimum, and the law just above it.

The Hessian of a least-squares loss is H₀ + H₁, a Marchenko–Pastur law of ratio φ plus
the law of the residuals, and its transform G at the origin solves z(G, ε) = 0 with
z = R₀(G) + R₁(G, ε) + 1/G. At the critical energy two roots meet at G_c; with
s = √(1 + 8φ) for the residual "wigner" and s = √(9 − 8(1 − φ)²) for "relu",

    ε_c = 4 (1 − φ)³ (1 + s) / (3 + s)³            ("wigner")
    ε_c = 16 (1 − φ)³ (1 + s) / (φ (3 + s)³)       ("relu")
    G_c = −(3 + s) / ((1 + s) (1 − φ))             (both)

in units of the scale of H₀. These are eqs. (21) and (32) of the paper with the factor
(3 − s)³ taken out, so that nothing cancels as φ → 1. Above it the index is
α = α₀ x^(3/2) (1 + α₁ x + O(x²)) with x = (ε − ε_c)/ε_c. As dα/dε = Im F(G)/π with
F = ∫ (∂z/∂ε) dG, the expansion of G in √(ε − ε_c) gives both coefficients.

References:
    Pennington and Bahri (2017), Geometry of neural network loss surfaces via random
    matrix theory, ICML (PMLR 70), eqs. (20)–(22) and (31)–(33).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from eigenscape.theory.laws.law import require_positive

RESIDUALS = ("wigner", "relu")
"""Models of the residual part: without structure, and of one hidden layer."""


@dataclass(frozen=True)
class IndexOnset:
    """How the index starts: α = α₀ x^(3/2) (1 + α₁ x + O(x²)), x = (ε − ε_c)/ε_c.

    The exponent shows only near ε_c: at ratio ¼ the slope of log α is 1.49 at x = 0.01
    and 1.21 at x = 0.5 already.

    Attributes:
        amplitude: α₀.
        correction: α₁, negative.
    """

    amplitude: float
    correction: float

    def index(self, excess: float) -> float:
        """Evaluate the expansion.

        Args:
            excess: x.

        Returns:
            The share of negative eigenvalues; 0 at or below the critical energy.
        """
        x = max(excess, 0.0)
        return self.amplitude * x**1.5 * (1 + self.correction * x)


def require_residual(residual: str) -> None:
    """Refuse a model of the residuals that there is none of.

    Args:
        residual: Its name.

    Raises:
        ValueError: It is neither "wigner" nor "relu".
    """
    if residual not in RESIDUALS:
        message = f"residual: expected one of {', '.join(RESIDUALS)}, got {residual!r}"
        raise ValueError(message)


def critical_energy(
    ratio: float, residual: str = "wigner", scale: float = 1.0
) -> float:
    """Compute the energy ε_c below which every critical point is a minimum.

    From ratio 1 on there is none: H₀ has no gap above zero, and the first residuals
    make negative eigenvalues.

    Args:
        ratio: φ, parameters over targets.
        residual: "wigner" for residuals without structure, "relu" for those of one
            hidden layer.
        scale: Mean eigenvalue of H₀.

    Returns:
        ε_c, the square of the scale times a function of the ratio; 0 from ratio 1 on.
    """
    require_positive("ratio", ratio)
    require_positive("scale", scale)
    require_residual(residual)
    if ratio >= 1:
        return 0.0
    s, rest = _root(ratio, residual), 1 - ratio
    factor = 4.0 if residual == "wigner" else 16 / ratio
    return scale**2 * factor * rest**3 * (1 + s) / (3 + s) ** 3


def index_onset(ratio: float, residual: str = "wigner") -> IndexOnset:
    """Expand the index in the energy above the critical one.

    Args:
        ratio: φ, below 1.
        residual: "wigner" or "relu".

    Returns:
        The coefficients, which do not depend on the scale of H₀.

    Raises:
        ValueError: The ratio is 1 or more, where there is no critical energy.
    """
    energy = critical_energy(ratio, residual)
    if energy == 0:
        message = (
            f"ratio: expected a number below 1, got {ratio}; there the index is "
            "positive at any energy and has no onset"
        )
        raise ValueError(message)
    s = _root(ratio, residual)
    g = -(3 + s) / ((1 + s) * (1 - ratio))
    z = _derivatives(ratio, energy, residual, g)
    # G = g + i a t + b t² + i c t³ + … with t = √(ε − ε_c), order by order.
    a = -math.sqrt(2 * z.e / z.gg)
    b = (z.ggg * a**2 / 6 - z.eg) / z.gg
    c = z.gg * b**2 / 2 + z.eg * b - z.egg * a**2 / 2 - z.ggg * a**2 * b / 2
    c = (c + z.gggg * a**4 / 24 + z.ee / 2) / (z.gg * a)
    third = z.e * c + z.eg * a * b - z.egg * a**3 / 6 + z.ee * a
    amplitude = 2 / (3 * math.pi) * z.e * a * energy**1.5
    return IndexOnset(amplitude, 0.6 * third / (z.e * a) * energy)


def _root(ratio: float, residual: str) -> float:
    square = 1 + 8 * ratio if residual == "wigner" else 9 - 8 * (1 - ratio) ** 2
    return math.sqrt(square)


@dataclass(frozen=True)
class _Derivatives:
    """Derivatives of z(G, ε), named by their variables."""

    gg: float
    ggg: float
    gggg: float
    e: float
    eg: float
    egg: float
    ee: float


def _derivatives(ratio: float, energy: float, residual: str, g: float) -> _Derivatives:
    # Of R = ∑ r x/(1 − xG) over jumps x of rates r, and of 1/G.
    jumps = [(1 / ratio, ratio)]
    if residual == "relu":
        reach = ratio * math.sqrt(energy / 2)
        jumps += [(0.5 / ratio, reach), (0.5 / ratio, -reach)]

    def order(k: int) -> float:
        smooth = sum(rate * (x / (1 - x * g)) ** (k + 1) for rate, x in jumps)
        return math.factorial(k) * (smooth + (-1) ** k / g ** (k + 1))

    second, third, fourth = order(2), order(3), order(4)
    if residual == "wigner":
        return _Derivatives(second, third, fourth, 2 * g, 2.0, 0.0, 0.0)
    half = ratio**2 / 2
    square = energy * half * g**2
    d = 1 - square
    return _Derivatives(
        second,
        third,
        fourth,
        ratio / 2 * g / d**2,
        ratio / 2 * (1 + 3 * square) / d**3,
        6 * ratio * energy * half * g * (1 + square) / d**4,
        ratio * half * g**3 / d**3,
    )
