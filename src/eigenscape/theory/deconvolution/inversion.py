"""Subordination read backwards: where and what g_A is, from the spectrum of M."""

from __future__ import annotations

import functools
import math

import numpy as np
from jaxtyping import Complex

from eigenscape.theory.deconvolution.errors import multiplicative_partner
from eigenscape.theory.descent import follow_down, halving_heights
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur

Points = Complex[np.ndarray, " n"]

_SPACING = 0.5  # of the height: an eighth of the width of what a point sees
_BEYOND = 2.0  # heights


def line_above(lower: float, upper: float, height: float) -> Points:
    """Lay points above an interval and two heights beyond its ends.

    Args:
        lower: Left end.
        upper: Right end.
        height: Distance from the axis; the points are half of it apart, or less.

    Returns:
        The points, from left to right.
    """
    width = upper - lower + 2 * _BEYOND * height
    count = math.ceil(width / (_SPACING * height)) + 1
    middle = (lower + upper) / 2
    return np.linspace(middle - width / 2, middle + width / 2, count) + 1j * height


def invert_additive(
    spectrum: Law, noise: Law, z: Points
) -> tuple[Points, Complex[np.ndarray, " n"]]:
    """Read g_A(z) = g_M(w) for M = A + X.

    With Σ = z − 1/g the equation for w is w = z + Σ_X(2w − z − Σ_M(w)).

    Args:
        spectrum: The law of M.
        noise: The law of X.
        z: Where to read, above the axis.

    Returns:
        z, and g_A there.

    References:
        Arizmendi, Tarrago and Vargas (2020), Subordination methods for free
        deconvolution, Annales de l'Institut Henri Poincaré, Probabilités et
        Statistiques 56: for Im z > 2√2 σ the solution exists and is unique.
    """

    def equation(w: Points, height: float) -> tuple[Points, Points]:
        higher = z + 1j * height
        energy, rate = spectrum.self_energy(w)
        pull, slope = noise.self_energy(np.asarray(2 * w - higher - energy))
        return np.asarray(w - higher - pull), np.asarray(1 - slope * (2 - rate))

    what = "the point of the noisy spectrum that belongs to one of the clean"
    heights = np.array([spectrum.hull.width, 0.0])
    w = follow_down(equation, z + 1j * heights[0], heights, what)
    return z, spectrum.stieltjes(w)


def invert_multiplicative(
    spectrum: Law, noise: Law, w: Points
) -> tuple[Points, Complex[np.ndarray, " n"]]:
    """Read g_A(ω) for M = √A X √A, from Σ_A(ω)/ω = Σ_M(w)/w = q.

    With u the solution of Σ_X(u) = q u, ω = w/(q u) and g_A(ω) = 1/((1 − q) ω). For a
    Marchenko–Pastur law this makes 1/ω the transform of the companion law.

    Args:
        spectrum: The law of M, positive.
        noise: The law of X, positive.
        w: Points above the spectrum of M.

    Returns:
        ω, and g_A there.

    References:
        Arizmendi, Tarrago and Vargas (2020); El Karoui (2008), Spectrum estimation
        for large dimensional covariance matrices using random matrix theory, Annals
        of Statistics 36, for the Marchenko–Pastur law.
    """

    @functools.cache
    def ratio(height: float) -> Points:
        higher = w + 1j * height
        return np.asarray(spectrum.self_energy(higher)[0] / higher)

    q = ratio(0.0)
    if isinstance(noise, MarchenkoPastur):
        u = np.asarray(noise.scale * (1 + noise.ratio * q / (1 - q)) / q)
    else:
        heights = halving_heights(float(np.abs(w).max()))
        u = multiplicative_partner(noise, ratio, heights)
    points = np.asarray(w / (q * u))
    return points, np.asarray(1 / ((1 - q) * points))
