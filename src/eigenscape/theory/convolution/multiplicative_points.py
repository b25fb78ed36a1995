"""The subordinated points of a free multiplicative convolution, certified.

With Σ(z) = z − 1/g(z) of each factor they solve w₁ = z/Σ₂(w₂), w₂ = z/Σ₁(w₁), and the
product has z g(z) = w₁ g₁(w₁) = w₂ g₂(w₂), that is Σ(z) = Σ₁(w₁) Σ₂(w₂): nothing
cancels, however far out z lies or however narrow a gap is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from eigenscape.theory.convolution.boundary import FEW_ATOMS
from eigenscape.theory.convolution.continuation import solve
from eigenscape.theory.convolution.ladder import Points, lift
from eigenscape.theory.convolution.self_energy_law import SelfEnergyLaw
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur

_NEAR = 0.25  # to 0, in units of the spectral radius
_TINY = float(np.finfo(float).eps)
_UNSURE = 1e-12  # of a shifted law, by the tolerance of a residual
_VANISHING = 1e-6
_FAR = 1e8  # in units of the spread, where Σ is the mean
_BAND = math.log(1e4)


@dataclass(frozen=True)
class SubordinatedPoints:
    """w₁ and w₂ at points z, with what the factors have there.

    Attributes:
        first: w₁.
        second: w₂.
        first_slope: dw₁/dz.
        energy: Σ(z) of the product.
        slope: Σ′(z).
    """

    first: Points
    second: Points
    first_slope: Points
    energy: Points
    slope: Points


def multiplicative_points(
    first: Law, second: Law, units: tuple[float, float], z: Points
) -> SubordinatedPoints:
    """Solve for the subordinated points.

    Args:
        first: A law on [0, ∞), or any law where `second` is Marchenko–Pastur.
        second: A law on [0, ∞); neither is a point mass.
        units: A power of two of the order of either spectral radius, by `unit`: these
            bring the laws to a scale of order 1 without any rounding.
        z: Points on or above the axis, not 0.

    Returns:
        The points.

    References:
        Belinschi and Bercovici (2007), A new approach to subordination results in free
        probability, Journal d'Analyse Mathématique 101; Silverstein and Bai (1995), On
        the empirical distribution of eigenvalues of a class of large dimensional random
        matrices, Journal of Multivariate Analysis 54, for a Marchenko–Pastur factor.
    """
    unit1, unit2 = units
    left, right = Affine(first, 1 / unit1), Affine(second, 1 / unit2)
    if isinstance(second, MarchenkoPastur):
        right = MarchenkoPastur(second.ratio, second.scale / unit2)
    y = z / (unit1 * unit2)
    columns = np.empty((5, z.size), np.complex128)
    for where, scale in bands(y, (first, second)):
        if isinstance(right, MarchenkoPastur):
            columns[:, where] = _covariance_points(left, right, y[where], scale)
        else:
            columns[:, where] = _pair_points(left, right, y[where], scale)
    w1, w2, w1_slope, energy, slope = columns
    return SubordinatedPoints(
        first=unit1 * w1,
        second=unit2 * w2,
        first_slope=w1_slope / unit2,
        energy=unit1 * unit2 * energy,
        slope=slope,
    )


def bands(
    z: Points, laws: tuple[Law, ...]
) -> Iterator[tuple[Bool[np.ndarray, " n"], float]]:
    """Part points by size: near 0 all is small, and so must be what counts as rounding.

    Args:
        z: Points, in units of the product of the spectral radii.
        laws: The factors; a shifted one knows points near 0 to the rounding of its
            shift only, and leaves one band.

    Yields:
        Which points are in the band, and its scale, at most 1.
    """
    number = np.floor(np.minimum(np.log(np.abs(z)) / _BAND, 0))
    if any(map(_is_shifted, laws)):
        number[:] = 0
    for band in np.unique(number).tolist():
        yield number == band, min(math.exp(_BAND * (band + 1)), 1.0)


def reach(law: Law) -> float:
    """Bound the spectral radius of a law without finding its edges.

    Args:
        law: The law, of bounded support.

    Returns:
        The radius, or a bound of it.
    """
    if isinstance(law, SelfEnergyLaw):
        far = np.array([_FAR * law.spread * 1j])
        return abs(float(np.real(law.self_energy(far)[0])[0])) + law.spread
    if isinstance(law, Affine):
        return abs(law.scale) * reach(law.law) + abs(law.shift)
    return max(law.hull.upper, -law.hull.lower)


def unit(law: Law) -> float:
    """Round `reach` up to a power of two.

    Args:
        law: The law.

    Returns:
        The power.
    """
    return 2.0 ** math.frexp(reach(law))[1]


def relative_energy(law: Law) -> Callable[[Points], tuple[Points, Points]]:
    """Take Σ and Σ′ of a law to relative accuracy.

    Where the spectrum holds 0, Σ vanishes there, and only w − 1/g does not cancel. A
    product has it, as its factors do.

    Args:
        law: The law, maybe scaled.

    Returns:
        Its self-energy as a function.
    """
    if isinstance(law, Affine) and isinstance(law.law, SelfEnergyLaw):
        return law.self_energy
    ends = [end for i in law.support for end in (i.lower, i.upper)]
    if 0 not in {*ends, *(atom.location for atom in law.atoms)}:
        return law.self_energy

    edge, beside = np.zeros(1), np.array([-_TINY])
    # Nearer to an edge at 0 than a law can tell Σ is what it is there, but not if it
    # vanishes there and the law is shifted: then no certificate shall be had.
    shifted = isinstance(law, Affine) and _is_shifted(law.law)
    with np.errstate(divide="ignore", invalid="ignore"):
        at_edge = abs(Law.self_energy(law, edge)[0][0])
    lost = shifted and not at_edge >= _VANISHING
    at_rounding = math.nan if lost else Law.self_energy(law, beside)[1][0]

    def relative(w: Points) -> tuple[Points, Points]:
        value, slope = law.self_energy(w)
        near = np.abs(w) < _NEAR
        if near.any():
            value[near], slope[near] = Law.self_energy(law, w[near])
        slope[~np.isfinite(slope) | (lost & (np.abs(w) < _UNSURE))] = at_rounding
        return value, slope

    return relative


def _is_shifted(law: Law) -> bool:
    return isinstance(law, Affine) and law.shift != 0


def _covariance_points(
    law: Law, factor: MarchenkoPastur, z: Points, scale: float
) -> tuple[Points, ...]:
    # w₁, w₂, dw₁/dz, Σ, Σ′. With Σ₂ = σ (1 + cT₁) the equation z = w Σ₂ becomes
    # w = z/σ − c w T₁(w), where Im w T₁(w) ≤ 0.
    ratio, size, self_energy = factor.ratio, factor.scale, relative_energy(law)

    def mapping(w: Points, y: Points) -> tuple[Points, Points, Points]:
        energy, slope = self_energy(w)
        g = 1 / (w - energy)
        inner, outer = energy * g, w * g
        by_w = ratio * (inner * inner - outer * outer * slope)
        return y - ratio * energy * outer, by_w, np.ones_like(y)

    found = solve(
        mapping,
        z / size,
        scale=scale * (1 + ratio),
        start=np.sqrt,
        explicit=len(law.atoms) <= FEW_ATOMS,
    )
    w, w_slope = found.value, found.derivative / size
    energy, slope = self_energy(w)
    transform_slope = (w * slope - energy) / (w - energy) ** 2
    factor_slope = size * ratio * transform_slope
    total_slope = (slope * (z / w) + energy * factor_slope) * w_slope
    return w, z / energy, w_slope, energy * (z / w), total_slope


def _pair_points(
    first: Law, second: Law, z: Points, scale: float
) -> tuple[Points, ...]:
    # w₁, w₂, dw₁/dz, Σ, Σ′.
    energy_of, partner_energy_of = relative_energy(first), relative_energy(second)

    def mapping(w: Points, z: Points) -> tuple[Points, Points, Points]:
        energy1, slope1 = energy_of(w)
        partner = z / energy1
        energy2, slope2 = partner_energy_of(partner)
        image = z / energy2
        by_w = (image / energy1) * (partner / energy2) * slope1 * slope2
        return image, by_w, (1 - partner * slope2 / energy2) / energy2

    found = solve(mapping, z, scale=scale, start=np.sqrt, project=_raise)
    w1, w1_slope = found.value, found.derivative
    energy1, slope1 = energy_of(w1)
    w2 = z / energy1
    energy2, slope2 = partner_energy_of(w2)
    w2_slope = (1 - w2 * slope1 * w1_slope) / energy1
    slope = slope1 * w1_slope * energy2 + energy1 * slope2 * w2_slope
    return w1, w2, w1_slope, energy1 * energy2, slope


def _raise(w: Points, z: Points) -> Points:
    # T keeps Im w ≥ 0, whatever z is.
    return lift(w, np.real(z) + 0j)
