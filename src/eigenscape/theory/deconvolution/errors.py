"""The errors of readings of g_A, by the central limit theorem of linear statistics.

A reading at ω, made from the spectrum of one N × N matrix, errs by a Gaussian variable.
With φ the subordination maps as functions of ω, of signs s, its covariances are
(2/βN²) ∑ s φ′(ω₁) φ′(ω₂) / (φ(ω₁) − φ(ω₂))² and its mean (β − 2)/2βN ∑ s φ″/φ′.
For Gaussian noise the maps are ω, of sign +, and w, of sign −. For a noise of fixed
spectrum turned by a Haar matrix the second subordination function joins with sign +,
and 1/g_M, or w/Σ_M(w) for a product, with sign −.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float

from eigenscape.core import ConvergenceError
from eigenscape.theory.descent import follow_down, halving_heights
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.symmetry_class import require_beta

Points = Complex[np.ndarray, " n"]
Maps = list[tuple[int, Points]]

_RING = np.exp(2j * math.pi * (np.arange(32) + 0.5) / 32)
_ORDERS = np.arange(_RING.size // 2)
# From values on the unit ring: Taylor coefficients, and the derivative back on it.
_TAYLOR = _RING[:, None] ** -_ORDERS / _RING.size
_SLOPE_ON_RING = _TAYLOR[:, 1:] @ (_ORDERS[1:, None] * _RING ** (_ORDERS[1:, None] - 1))
_ALIASED = _RING[:, None] ** (_ORDERS + 1) / _RING.size
_ANALYTIC, _HALVINGS = 1e-6, 6


@dataclass(frozen=True)
class ReadingErrors:
    """Mean and covariance of the errors of readings, real parts before imaginary.

    Attributes:
        mean: The complex means.
        covariance: Of the real and imaginary parts.
    """

    mean: Complex[np.ndarray, " n"]
    covariance: Float[np.ndarray, "m m"]


def additive_maps(law: Law, noise: Law, points: Points) -> Maps:
    """Evaluate the subordination maps of A + X at ω.

    Args:
        law: The law of A.
        noise: The law of X; a Semicircle stands for a Gaussian matrix.
        points: ω, in the domain of subordination.

    Returns:
        The maps with their signs.

    References:
        Ji and Lee (2020), Gaussian fluctuations for linear spectral statistics of
        deformed Wigner matrices, Random Matrices: Theory and Applications 9; Collins,
        Mingo, Śniady and Speicher (2007), Second order freeness and fluctuations of
        random matrices III, Documenta Mathematica 12, for covariances with Haar
        matrices at β = 2. The rest is their analogue, and tested by sampling.
    """
    energy = law.self_energy(points)[0]
    reciprocal = np.asarray(points - energy)
    if isinstance(noise, Semicircle):
        return [(1, points), (-1, np.asarray(points + noise.variance / reciprocal))]

    @functools.cache
    def goal(height: float) -> Points:
        higher = points + 1j * height
        return np.asarray(higher - law.self_energy(higher)[0])

    def equation(u: Points, height: float) -> tuple[Points, Points]:
        pull, slope = noise.self_energy(u)
        return np.asarray(u - pull - goal(height)), np.asarray(1 - slope)

    reach = noise.hull.width + law.hull.width + float(np.abs(points).max())
    ladder = halving_heights(reach)
    what = "the second subordination function of the sum"
    u = follow_down(equation, points + 1j * ladder[0], ladder, what)
    w = np.asarray(points + u - reciprocal)
    return [(1, points), (1, u), (-1, w), (-1, reciprocal)]


def multiplicative_maps(law: Law, noise: Law, points: Points) -> Maps:
    """Evaluate the subordination maps of √A X √A at ω.

    Args:
        law: The law of A.
        noise: The law of X; a Marchenko–Pastur law stands for Gaussian samples.
        points: ω, in the domain of subordination.

    Returns:
        The maps with their signs.

    References:
        As for `additive_maps`; Bai and Silverstein (2004), CLT for linear spectral
        statistics of large-dimensional sample covariance matrices, Annals of
        Probability 32, for Gaussian samples.
    """

    @functools.cache
    def ratio(height: float) -> Points:
        higher = points + 1j * height
        return np.asarray(law.self_energy(higher)[0] / higher)

    q = ratio(0.0)
    if isinstance(noise, MarchenkoPastur):
        w = noise.scale * points * (1 + noise.ratio * q / (1 - q))
        return [(1, points), (-1, np.asarray(w))]
    ladder = halving_heights(float(np.abs(points).max()))
    u = multiplicative_partner(noise, ratio, ladder)
    return [(1, points), (1, u), (-1, q * u * points), (-1, np.asarray(1 / q))]


def multiplicative_partner(
    noise: Law, ratio: Callable[[float], Points], heights: Float[np.ndarray, " h"]
) -> Points:
    """Solve Σ_X(u) = q u, from far up where u ≈ m/q with m the mean of X.

    Args:
        noise: The law of X.
        ratio: q at a height above the points.
        heights: Descending, to the last that is wanted.

    Returns:
        u.
    """

    def equation(u: Points, height: float) -> tuple[Points, Points]:
        pull, slope = noise.self_energy(u)
        q = ratio(height)
        return np.asarray(pull - q * u), np.asarray(slope - q)

    start = np.asarray(noise.hull.upper / ratio(float(heights[0])))
    return follow_down(equation, start, heights, "the second subordination function")


def reading_errors(
    maps: Callable[[Points], Maps], points: Points, size: int, beta: int
) -> ReadingErrors:
    """Evaluate mean and covariance of the errors of readings at some points.

    The covariance is regular where two points meet; it is averaged over a ring round
    the first of the two, which stays short of its neighbours and of the axis.

    Args:
        maps: The subordination maps.
        points: ω of the readings, at least two.
        size: N.
        beta: 1, 2 or 4.

    Returns:
        The errors. Points so near the edge of the domain of subordination that the
        maps are not analytic round them raise a ConvergenceError.
    """
    require_beta(beta, (1, 2, 4))
    radius, around = _analytic_rings(maps, points)
    straight = np.zeros((points.size, points.size), dtype=np.complex128)
    crossed, bends = np.zeros_like(straight), np.zeros_like(points)
    for (sign, centre), values in zip(maps(points), around, strict=True):
        series = values @ _TAYLOR[:, :3]
        slope = series[:, 1:2] / radius
        on_ring = values @ _SLOPE_ON_RING / radius
        straight += sign * _kernel(values, on_ring, centre, slope)
        crossed += sign * _kernel(values, on_ring, centre.conj(), slope.conj())
        bends += sign * 2 * series[:, 2] / (radius[:, 0] * series[:, 1])
    mean = np.asarray((0.5 - 1 / beta) * bends / size)
    real, mixed = np.real(crossed + straight), np.imag(straight - crossed)
    covariance = np.block([[real, mixed], [mixed.T, np.real(crossed - straight)]])
    return ReadingErrors(mean, (covariance + covariance.T) / (2 * beta * size**2))


def _analytic_rings(
    maps: Callable[[Points], Maps], points: Points
) -> tuple[Float[np.ndarray, "n 1"], list[Complex[np.ndarray, "n ring"]]]:
    """Lay rings round the points on which the maps have no coefficients below 0."""
    gaps = np.abs(points[:, None] - points)
    np.fill_diagonal(gaps, np.inf)
    radius = np.minimum(gaps.min(axis=1), np.imag(points))[:, None]
    unfit = np.inf
    for _ in range(_HALVINGS):
        radius = np.asarray(radius / 2)
        rings = (points[:, None] + radius * _RING).ravel()
        around = [v.reshape(points.size, _RING.size) for _, v in maps(rings)]
        tails = [np.abs(v @ _ALIASED).max() / np.abs(v).max() for v in around]
        unfit = float(max(tails))
        if unfit < _ANALYTIC:
            return radius, around
    what = "the maps as power series round the readings"
    remedy = "take a larger height"
    raise ConvergenceError(what, iterations=_HALVINGS, residual=unfit, remedy=remedy)


def _kernel(
    around: Complex[np.ndarray, "n ring"],
    on_ring: Complex[np.ndarray, "n ring"],
    centre: Points,
    slope: Complex[np.ndarray, "n 1"],
) -> Complex[np.ndarray, "n n"]:
    gaps = around[:, :, None] - centre
    return np.mean(on_ring[:, :, None] * slope[:, 0] / gaps**2, axis=1)
