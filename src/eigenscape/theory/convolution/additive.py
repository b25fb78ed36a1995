"""Free additive convolution: the law of X₁ + X₂ for free X₁ and X₂."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from eigenscape.theory.convolution.compression import FreePower
from eigenscape.theory.convolution.edges import additive_support
from eigenscape.theory.convolution.ladder import Points
from eigenscape.theory.convolution.self_energy_law import (
    SelfEnergyLaw,
    is_point_mass,
    spread,
)
from eigenscape.theory.convolution.summands import subordinate
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.law import Atom, Interval, Law

_FULL = 1 + 4 * float(np.finfo(float).eps)  # one, with the rounding of two weights


def free_additive_convolution(first: Law, second: Law) -> Law:
    """Form the law of X₁ + X₂ for free X₁ and X₂.

    Args:
        first: The law of X₁, of any kind: atoms, gaps, hard edges, heavy tails.
        second: The law of X₂.

    Returns:
        Their free additive convolution, every value of which is certified.

    References:
        Voiculescu (1986), Addition of certain non-commuting random variables, Journal
        of Functional Analysis 66; Bercovici and Voiculescu (1993), Free convolution of
        measures with unbounded support, Indiana University Mathematics Journal 42.
    """
    for one, other in ((first, second), (second, first)):
        if is_point_mass(other):
            return Affine(one, shift=other.atoms[0].location)
    shift = _shift_between_pairs(first, second)
    if shift is not None:
        return Affine(FreePower(first, 2.0), shift=shift)
    return FreeSum(first, second)


def _shift_between_pairs(first: Law, second: Law) -> float | None:
    # In the middle of the sum of a pair of atoms and its translate every point solves
    # the subordination equations; as a free power they keep one solution.
    one, two = first.atoms, second.atoms
    if not len(one) == len(two) == 2:
        return None
    weights = np.array([atom.weight for atom in one + two])
    shifts = np.array([b.location - a.location for a, b in zip(one, two, strict=True)])
    alike = abs(weights[0] - weights[2]) <= _FULL - 1
    alike &= weights.reshape(2, 2).sum(axis=1).min() >= 2 - _FULL
    alike &= abs(shifts[1] - shifts[0]) <= (_FULL - 1) * first.hull.width
    return float(shifts[0]) if alike else None


def summands(law: Law) -> tuple[Law, ...]:
    """List the laws that a law is the free sum of.

    Args:
        law: A law.

    Returns:
        The summands of a free sum and theirs in turn; any other law by itself.
    """
    if isinstance(law, FreeSum):
        return summands(law.first) + summands(law.second)
    return (law,)


@dataclass(frozen=True)
class FreeSum(SelfEnergyLaw):
    """The free additive convolution of two laws, neither a point mass.

    g = 1/(z − Σ) with Σ = Σ₁(w₁) + Σ₂(w₂) at the subordination functions.

    Attributes:
        first: The law of X₁.
        second: The law of X₂.

    References:
        Bercovici and Voiculescu (1998), Regularity questions for free convolution,
        Operator Theory: Advances and Applications 104, for the atoms.
    """

    first: Law
    second: Law

    @property
    def support(self) -> tuple[Interval, ...]:
        """The complement of the gaps, narrow ones included."""
        return self._support

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """An atom of mass m₁{a} + m₂{b} − 1 at a + b wherever this is positive."""
        return self._atoms

    @functools.cached_property
    def _support(self) -> tuple[Interval, ...]:
        return additive_support(self.first, self.second)

    @functools.cached_property
    def _atoms(self) -> tuple[Atom, ...]:
        heaviest = max((b.weight for b in self.second.atoms), default=0.0)
        found = [
            Atom(a.location + b.location, a.weight + b.weight - 1)
            for a in self.first.atoms
            if a.weight + heaviest > _FULL
            for b in self.second.atoms
            if a.weight + b.weight > _FULL
        ]
        return tuple(sorted(found, key=lambda atom: atom.location))

    @property
    def spread(self) -> float:
        """The sum of those of the two laws."""
        return spread(self.first) + spread(self.second)

    def upper_self_energy(self, z: Points) -> tuple[Points, Points]:
        found = subordinate(summands(self), z)
        return found.energy, found.slope
