"""Free powers and compressions: a law added to itself, and a corner of its matrix."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace

import numpy as np

from eigenscape.theory.convolution.continuation import Points, solve
from eigenscape.theory.convolution.critical_points import (
    Curves,
    Indices,
    Mask,
    Reals,
    curve_gaps,
    support_between,
)
from eigenscape.theory.convolution.self_energy_law import (
    SelfEnergyLaw,
    is_point_mass,
    spread,
)
from eigenscape.theory.convolution.stripped_gaps import StrippedGaps
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.law import Atom, Interval, Law

_ROUNDING = 4 * float(np.finfo(float).eps)


def free_convolution_power(law: Law, exponent: float) -> Law:
    """Form the law whose R-transform is a multiple of another's.

    Args:
        law: The law μ of X.
        exponent: k ≥ 1. For an integer, the law of X₁ + … + Xₖ of free copies of X.

    Returns:
        μ^(⊞k).

    Raises:
        ValueError: The exponent is below 1, where such a law need not exist.

    References:
        Nica and Speicher (1996), On the multiplication of free N-tuples of
        noncommutative random variables, American Journal of Mathematics 118.
    """
    if not 1 <= exponent < math.inf:
        message = f"exponent: expected a finite number of at least 1, got {exponent}"
        raise ValueError(message)
    if exponent == 1:
        return law
    if is_point_mass(law):
        return Discrete.point_mass(exponent * law.atoms[0].location)
    if isinstance(law, FreePower):
        return FreePower(law.law, law.exponent * exponent)
    if isinstance(law, Affine) and isinstance(law.law, FreePower):
        power = free_convolution_power(law.law, exponent)
        return Affine(power, law.scale, exponent * law.shift)
    return FreePower(law, exponent)


def free_compression(law: Law, fraction: float) -> Law:
    """Form the law of a corner of a matrix in general position.

    With R the R-transform of the whole, that of the corner is R(fraction · w).

    Args:
        law: The law of the whole matrix.
        fraction: The rows and columns kept, above 0 and at most 1.

    Returns:
        The law of the corner as a matrix of its own, without the zeros around it.

    Raises:
        ValueError: The fraction is not in (0, 1].

    References:
        Nica and Speicher (2006), Lectures on the Combinatorics of Free Probability,
        Corollary 14.13.
    """
    if not 0 < fraction <= 1:
        message = f"fraction: expected a number above 0 and at most 1, got {fraction}"
        raise ValueError(message)
    if fraction == 1:
        return law
    power = free_convolution_power(law, 1 / fraction)
    if isinstance(power, Affine):
        return Affine(power.law, fraction * power.scale, fraction * power.shift)
    return Affine(power, scale=fraction)


@dataclass(frozen=True)
class FreePower(SelfEnergyLaw):
    """The free convolution power μ^(⊞k) of a law that is not a point mass.

    g(z) = g_μ(w) and Σ(z) = k Σ_μ(w) at the point w = z − (k − 1) Σ_μ(w).

    Attributes:
        law: μ.
        exponent: k, above 1.

    References:
        Belinschi and Bercovici (2004), Atoms and regularity for measures in a partially
        defined free convolution semigroup, Mathematische Zeitschrift 248.
    """

    law: Law
    exponent: float

    @property
    def support(self) -> tuple[Interval, ...]:
        """The complement of the gaps, narrow ones included."""
        return self._support

    @functools.cached_property
    def _support(self) -> tuple[Interval, ...]:
        gaps = StrippedGaps.of(self.law)
        ends = np.ones(gaps.start.size)
        index, excess = np.arange(ends.size), self.exponent - 1
        curves = _PowerCurves(gaps, index, excess, -ends, ends)
        # Where an atom of μ leaves none, g is infinite.
        hard = [
            self.exponent * atom.location
            for atom in self.law.atoms
            if abs(self.exponent * (atom.weight - 1) + 1) <= _ROUNDING * self.exponent
        ]
        return support_between(curve_gaps(curves), hard)

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """An atom k m − (k − 1) at ka for an atom m at a, where this is positive."""
        k = self.exponent
        return tuple(
            Atom(k * a.location, k * a.weight - (k - 1))
            for a in self.law.atoms
            if k * a.weight - (k - 1) > _ROUNDING * k
        )

    @property
    def spread(self) -> float:
        """As many times that of μ."""
        return self.exponent * spread(self.law)

    def upper_self_energy(self, z: Points) -> tuple[Points, Points]:
        excess = self.exponent - 1

        def mapping(w: Points, z: Points) -> tuple[Points, Points, Points]:
            energy, slope = self.law.self_energy(w)
            return z - excess * energy, -excess * slope, np.ones_like(z)

        w = solve(mapping, z, scale=self.spread).value
        energy, slope = self.law.self_energy(w)
        energy = np.where(np.imag(w) == 0, np.real(energy), energy)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope *= self.exponent / (1 + excess * slope)
        return self.exponent * energy, slope


@dataclass(frozen=True)
class _PowerCurves(Curves):
    # z(w) = w + (k − 1) Σ(w) over the gaps of one law. With c = (−Σ′)^(−1/2), a concave
    # function, dz/dw > 0 where c exceeds √(k − 1).
    gaps: StrippedGaps
    index: Indices
    excess: float
    begin: Reals
    finish: Reals

    def take(self, which: Indices) -> _PowerCurves:
        return replace(
            self,
            index=self.index[which],
            begin=self.begin[which],
            finish=self.finish[which],
        )

    def margin(self, t: Reals) -> Reals:
        pull = self.excess * self.gaps.energies(self._points(t))[1]
        with np.errstate(invalid="ignore"):
            margin = (1 - pull) / (1 + pull)
        return np.where(np.isnan(margin), -1.0, margin)

    def tilt(self, t: Reals, low: Reals, high: Reals) -> tuple[Mask, Mask]:
        w = self._points(t)
        c, slope = self.gaps.flatness(self.index, w)
        rising = slope > 0
        far = self._points(np.where(rising, high, low))
        return rising, c + slope * (far - w) < math.sqrt(self.excess)

    def location(self, t: Reals) -> Reals:
        w = self._points(t)
        outer = np.isinf(
            np.where(t < 0, self.gaps.start[self.index], self.gaps.end[self.index])
        )
        z = w + self.excess * self.gaps.energies(w)[0]
        return np.where(outer & (np.abs(t) == 1), np.copysign(math.inf, t), z)

    def _points(self, t: Reals) -> Reals:
        return self.gaps.point(self.index, t)[0]
