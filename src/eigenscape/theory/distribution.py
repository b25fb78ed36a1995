"""The distribution function of a law and its inverse, with the panels laid once."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.arcsine import Arcsine
from eigenscape.theory.laws.cauchy import Cauchy
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.free_binomial import FreeBinomial
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.mixture import Mixture
from eigenscape.theory.laws.uniform import Uniform
from eigenscape.theory.panels import cut_panels, smooth_intervals

Vector: TypeAlias = Float[np.ndarray, " n"]

_STEPS = 300  # a quarter of them bisections, enough for any two numbers of one sign
_ROUNDING = 2 * float(np.finfo(float).eps)


@dataclass(frozen=True)
class Continuous:
    """The continuous part of one law: its mass below a point.

    Attributes:
        below: The mass below each of some points of the line.
        marks: Points between which it is smooth, ascending.
        total: All of it.
    """

    below: Callable[[Vector], Vector]
    marks: Vector
    total: float


@dataclass(frozen=True)
class Distribution:
    """F(x) = ρ((−∞, x]) and its inverse, for any number of points.

    Mixtures are summed and affine images mapped back, so that an edge at 0 is met
    where numbers are finest; Arcsine, Cauchy and Uniform have closed forms.

    Attributes:
        law: The law.
    """

    law: Law

    def below(self, x: Vector) -> Vector:
        """Evaluate F.

        Args:
            x: Points of the real line.

        Returns:
            F(x), atoms included, to about 1e-13.
        """
        places, steps = self._atoms
        mass = steps[np.searchsorted(places, x, side="right")]
        for weight, scale, shift, part in self._parts:
            share = part.below((x - shift) / scale)
            mass += weight * (share if scale > 0 else part.total - share)
        return np.clip(mass, 0, 1)

    def quantile(self, u: Vector) -> Vector:
        """Evaluate inf {x : F(x) ≥ u}.

        Args:
            u: Probabilities between 0 and 1; 0 gives the lower end of the spectrum.

        Returns:
            The quantiles, in the units of the eigenvalue.
        """
        marks, up_to = self._marks
        index = np.minimum(np.searchsorted(up_to, u), marks.size - 1)
        low, high = marks[np.maximum(index - 1, 0)], marks[index]
        before = up_to[np.maximum(index - 1, 0)] - u
        high = self._bracketed(low, high, before, up_to[index] - u, u)
        hull = self.law.hull
        if math.isinf(hull.width):
            high = np.where(u == 0, hull.lower, np.where(u == 1, hull.upper, high))
        return high

    def _bracketed(
        self, low: Vector, high: Vector, before: Vector, after: Vector, u: Vector
    ) -> Vector:
        # False position, the value of an end halved when it stays (Illinois), and
        # every fourth step bisection; no closer to an end than two units of x.
        high, going = high.copy(), np.flatnonzero((before < 0) & (after > 0))
        low, before, after = low[going], before[going], after[going]
        for step in range(_STEPS):
            end = high[going]
            nearest = _ROUNDING * np.maximum(np.abs(low), np.abs(end))
            wide = end - low > nearest
            going, low, end = going[wide], low[wide], end[wide]
            before, after, nearest = before[wide], after[wide], nearest[wide]
            if going.size == 0:
                break
            share = 0.5 if step % 4 == 3 else before / (before - after)
            probe = low + share * (end - low)
            middle = low + (end - low) / 2
            probe = np.clip(probe, low + nearest / 2, end - nearest / 2)
            probe = np.where((probe > low) & (probe < end), probe, middle)
            excess = self.below(probe) - u[going]
            reached = excess >= 0
            high[going] = np.where(reached, probe, end)
            low = np.where(reached, low, probe)
            after = np.where(reached, excess, after / 2)
            before = np.where(reached, before / 2, excess)
        return high

    @functools.cached_property
    def _parts(self) -> list[tuple[float, float, float, Continuous]]:
        return [
            (weight, scale, shift, _continuous(law))
            for weight, scale, shift, law in _flattened(self.law)
            if law.support
        ]

    @functools.cached_property
    def _atoms(self) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " m"]]:
        if isinstance(self.law, Discrete):
            places, which = np.unique(self.law.locations, return_inverse=True)
            weights = np.bincount(which, weights=self.law.weights)
        else:
            atoms = self.law.atoms
            places = np.array([atom.location for atom in atoms])
            weights = np.array([atom.weight for atom in atoms])
        return places, np.append(0.0, np.cumsum(weights))

    @functools.cached_property
    def _marks(self) -> tuple[Vector, Vector]:
        ends = [shift + scale * part.marks for _, scale, shift, part in self._parts]
        marks = np.unique(np.concatenate([self._atoms[0], *ends]))
        return marks, np.maximum.accumulate(self.below(marks))


def _flattened(law: Law) -> Iterator[tuple[float, float, float, Law]]:
    """List (w, s, c, X) such that the law is the mixture of the sX + c."""
    if isinstance(law, FreeBinomial):
        yield from _flattened(law.as_affine)
    elif isinstance(law, Affine):
        for weight, scale, shift, inner in _flattened(law.law):
            yield weight, law.scale * scale, law.scale * shift + law.shift, inner
    elif isinstance(law, Mixture):
        for share, member in zip(law.weights.tolist(), law.laws, strict=True):
            for weight, scale, shift, inner in _flattened(member):
                yield share * weight, scale, shift, inner
    else:
        yield 1.0, 1.0, 0.0, law


@functools.singledispatch
def _continuous(law: Law) -> Continuous:
    panels = [cut_panels(law, interval) for interval in smooth_intervals(law)]

    def below(x: Vector) -> Vector:
        return np.sum([part.mass_below(x) for part in panels], axis=0)

    marks = np.concatenate([part.ends for part in panels])
    return Continuous(below, marks, sum(part.total for part in panels))


@_continuous.register(Uniform)
def _(law: Uniform) -> Continuous:
    ends = np.array([law.lower, law.upper])

    def below(x: Vector) -> Vector:
        return (np.clip(x, *ends) - law.lower) / (law.upper - law.lower)

    return Continuous(below, ends, 1.0)


@_continuous.register(Arcsine)
def _(law: Arcsine) -> Continuous:
    ends = np.array([law.lower, law.upper])

    def below(x: Vector) -> Vector:
        inside = np.clip(x, *ends)
        sine, cosine = np.sqrt(inside - law.lower), np.sqrt(law.upper - inside)
        return 2 / math.pi * np.arctan2(sine, cosine)

    return Continuous(below, ends, 1.0)


@_continuous.register(Cauchy)
def _(law: Cauchy) -> Continuous:
    # From quartile to quartile, then doubling the distance from the median.
    far = law.scale * 2.0 ** np.arange(0, 900)

    def below(x: Vector) -> Vector:
        return np.arctan2(law.scale, law.location - x) / math.pi

    marks = np.concatenate([-far[::-1], far]) + law.location
    return Continuous(below, marks, 1.0)
