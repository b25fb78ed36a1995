"""Free multiplicative convolution: the law of A^{1/2} X A^{1/2} for free A and X."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import contextlib
import functools
import math
from dataclasses import dataclass
from itertools import starmap

import numpy as np
from jaxtyping import Bool, Complex, Float

from eigenscape.core import ConvergenceError
from eigenscape.theory.convolution.ladder import Points
from eigenscape.theory.convolution.multiplicative_chain import chain_energy
from eigenscape.theory.convolution.multiplicative_edges import multiplicative_gaps
from eigenscape.theory.convolution.multiplicative_points import (
    multiplicative_points,
    unit,
)
from eigenscape.theory.convolution.self_energy_law import (
    SelfEnergyLaw,
    is_point_mass,
    require_finite_points,
)
from eigenscape.theory.gaps import Gaps, mass_at
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.law import Atom, Interval, Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.pointwise import pointwise

_FAR = 1e20  # in units of the spread, where Σ is the mean to rounding
_ROUNDING = 8 * float(np.finfo(float).eps)  # of sums of weights


def free_multiplicative_convolution(first: Law, second: Law) -> Law:
    """Multiply two free variables: the law of A^{1/2} X A^{1/2}.

    Args:
        first: The law of A.
        second: The law of X. Each lies on one side of 0, but a Marchenko–Pastur law
            goes with any law; anything else is a ValueError.

    Returns:
        The law first ⊠ second, which may be convolved again.

    References:
        Voiculescu (1987), Multiplication of certain noncommuting random variables,
        Journal of Operator Theory 18; Bercovici and Voiculescu (1993), Free convolution
        of measures with unbounded support, Indiana University Mathematics Journal 42.
    """
    for law, other in ((first, second), (second, first)):
        if is_point_mass(law):
            return _scaled(other, law.hull.lower)
    for law, other in ((first, second), (second, first)):
        if law.hull.upper <= 0:
            mirrored = free_multiplicative_convolution(_scaled(law, -1.0), other)
            return _scaled(mirrored, -1.0)
    return MultiplicativeConvolution(*_factors(first, second))


@pointwise(2)
def multiplicative_subordination(
    first: Law, second: Law, z: Complex[np.ndarray, "*shape"]
) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
    """Evaluate w₁ and w₂ with z g(z) = w₁ g₁(w₁) = w₂ g₂(w₂) and w₁ w₂ = z²/Σ(z).

    In terms of η they are ωᵢ(1/z) = 1/wᵢ(z).

    Args:
        first: A law on [0, ∞), not a point mass, as `second`; or any other law where
            `second` is Marchenko–Pastur.
        second: The other law.
        z: Points of the plane other than 0; real ones as in `Law.stieltjes`.

    Returns:
        w₁ and w₂.

    Raises:
        ValueError: A law is a point mass or has mass below 0, or a point is 0 or not
            finite.

    References:
        Biane (1998), Processes with free increments, Mathematische Zeitschrift 227;
        Belinschi and Bercovici (2007), A new approach to subordination results in free
        probability, Journal d'Analyse Mathématique 101.
    """
    factors = _factors(first, second)
    if is_point_mass(first) or is_point_mass(second):
        message = "first, second: expected laws of more than one point; scale instead"
        raise ValueError(message)
    if (z == 0).any():
        message = "z: expected points other than 0, where both functions are 0 or real"
        raise ValueError(message)
    flat = z.ravel()
    require_finite_points(flat)
    below = np.signbit(np.imag(flat))
    units = (unit(factors[0]), unit(factors[1]))
    above = np.where(below, flat.conj(), flat)
    found = multiplicative_points(*factors, units, above)
    pair = [
        np.where(below, w.conj(), w).reshape(z.shape)
        for w in (found.first, found.second)
    ]
    swapped = isinstance(first, MarchenkoPastur) and factors[1] is first
    return (pair[1], pair[0]) if swapped else (pair[0], pair[1])


@dataclass(frozen=True)
class MultiplicativeConvolution(SelfEnergyLaw):
    """The law first ⊠ second, as `free_multiplicative_convolution` makes it.

    Attributes:
        first: A law on [0, ∞), or any law where `second` is Marchenko–Pastur.
        second: A law on [0, ∞).
    """

    first: Law
    second: Law

    @property
    def support(self) -> tuple[Interval, ...]:
        """The intervals between gaps, whose ends are critical points."""
        gaps = self._gaps
        ends = zip(np.roll(gaps.end, 1).tolist(), gaps.start.tolist(), strict=True)
        return tuple(Interval(lower, upper) for lower, upper in ends if lower < upper)

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """At 0 the greater of both masses; at ab the excess of two masses over 1.

        References:
            Belinschi (2003), The atoms of the free multiplicative convolution of two
            probability distributions, Integral Equations and Operator Theory 46.
        """
        at_zero = max(mass_at(self.first, 0.0), mass_at(self.second, 0.0))
        masses = {0.0: at_zero} if at_zero > 0 else {}
        for a in self.first.atoms:
            for b in self.second.atoms:
                place, excess = a.location * b.location, a.weight + b.weight - 1
                if place != 0 and excess > _ROUNDING:
                    masses[place] = masses.get(place, 0.0) + excess
        return tuple(starmap(Atom, sorted(masses.items())))

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        inside = self._inside(x)
        values = np.zeros_like(x)
        values[inside] = super().density(x[inside])
        return values

    @property
    def spread(self) -> float:
        """A bound of the product of the spectral radii."""
        return self._units[0] * self._units[1]

    def upper_self_energy(self, z: Points) -> tuple[Points, Points]:
        far = np.abs(z) > _FAR * self.spread
        special = (z == 0) | np.isin(z, [atom.location for atom in self.atoms])
        regular = ~(far | special)
        elsewhere = np.where(regular, z, 1j)
        energy, slope = self._energy(elsewhere)
        if far.any():
            energy[far], slope[far] = self._far_energy(z[far])
        known = self._known_energies() if special.any() else {}
        for i in np.flatnonzero(special):
            energy[i], slope[i] = known[float(np.real(z[i]))]
        real = np.imag(z) == 0
        if real.any():
            real[real] = ~self._inside(np.real(z[real]))
            energy[real], slope[real] = np.real(energy[real]), np.real(slope[real])
        return energy, slope

    def _energy(self, z: Points) -> tuple[Points, Points]:
        factors = self._all_factors
        if len(factors) > 2:
            with contextlib.suppress(ConvergenceError):
                return chain_energy(factors, tuple(map(unit, factors)), z)
        found = multiplicative_points(self.first, self.second, self._units, z)
        return found.energy, found.slope

    @functools.cached_property
    def _all_factors(self) -> tuple[Law, ...]:
        # Those of products in turn, if all are on [0, ∞).
        every: list[Law] = []
        for law in (self.first, self.second):
            nested = isinstance(law, MultiplicativeConvolution)
            every += law._all_factors if nested else [law]
        for law in every:
            if isinstance(law, MultiplicativeConvolution) or law.hull.lower < 0:
                return (self.first, self.second)
        return tuple(every)

    @functools.cached_property
    def _units(self) -> tuple[float, float]:
        return unit(self.first), unit(self.second)

    @functools.cached_property
    def _gaps(self) -> Gaps:
        return multiplicative_gaps(self.first, self.second)

    def _far_energy(self, z: Points) -> tuple[Points, Points]:
        # There wᵢ = z/Σⱼ is z over the mean of the other factor.
        means = [law.self_energy(z)[0] for law in (self.first, self.second)]
        energy1, slope1 = self.first.self_energy(z / means[1])
        energy2, slope2 = self.second.self_energy(z / means[0])
        slope = slope1 * energy2 / means[1] + energy1 * slope2 / means[0]
        return energy1 * energy2, slope

    def _known_energies(self) -> dict[float, tuple[float, float]]:
        # At the atoms Σ(z) = z; at 0 else wᵢ = z/Σⱼ(0) to first order.
        known = {a.location: (a.location, 1 - 1 / a.weight) for a in self.atoms}
        if 0 not in known:
            (energy1, slope1), (energy2, slope2) = (
                law.self_energy(np.zeros(1)) for law in (self.first, self.second)
            )
            energy, slope = np.real(energy1 * energy2), np.real(slope1 + slope2)
            known[0.0] = (float(energy[0]), float(slope[0]))
        return known

    def _inside(self, x: Float[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
        inside = np.zeros(x.shape, bool)
        for interval in self.support:
            inside |= (x > interval.lower) & (x < interval.upper)
        return inside


def _factors(first: Law, second: Law) -> tuple[Law, Law]:
    first, second = _plain(first), _plain(second)
    for name, law in (("first", first), ("second", second)):
        if not math.isfinite(law.hull.width):
            message = f"{name}: expected a law of compact support, got {law}"
            raise ValueError(message)
    if isinstance(second, MarchenkoPastur):
        return first, second
    if isinstance(first, MarchenkoPastur):
        return second, first
    for name, law in (("first", first), ("second", second)):
        if law.hull.lower < 0:
            message = (
                f"{name}: expected a law on [0, ∞), got one from {law.hull.lower} to "
                f"{law.hull.upper}; only a Marchenko–Pastur law goes with any other"
            )
            raise ValueError(message)
    return first, second


def _scaled(law: Law, scale: float) -> Law:
    return _plain(Affine(law, scale)) if scale else Discrete.point_mass(0.0)


def _plain(law: Law) -> Law:
    # A scaled law as one of its own family, or as one scaling.
    if not (isinstance(law, Affine) and law.shift == 0):
        return law
    inner, scale = _plain(law.law), law.scale
    if isinstance(inner, MarchenkoPastur) and scale > 0:
        return MarchenkoPastur(inner.ratio, scale * inner.scale)
    if isinstance(inner, Discrete):
        return Discrete(scale * inner.locations, inner.weights)
    if isinstance(inner, Affine) and inner.shift == 0:
        scale *= inner.scale
        return inner.law if scale == 1 else Affine(inner.law, scale)
    return Affine(inner, scale)
