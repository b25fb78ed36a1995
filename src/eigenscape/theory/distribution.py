"""The distribution function of a law and its inverse, with the panels laid once."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from eigenscape.core import ConvergenceError
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.arcsine import Arcsine
from eigenscape.theory.laws.cauchy import Cauchy
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.free_binomial import FreeBinomial
from eigenscape.theory.laws.law import Interval, Law
from eigenscape.theory.laws.mixture import Mixture
from eigenscape.theory.laws.uniform import Uniform
from eigenscape.theory.mass_below import mass_below
from eigenscape.theory.panels import Panels, cut_panels, smooth_intervals

Vector: TypeAlias = Float[np.ndarray, " n"]

_STEPS = 300  # a quarter of them bisections, enough for any two numbers of one sign
_ROUNDING = 2 * float(np.finfo(float).eps)
_LOST = 1e-11  # mass that the panels of a law may miss
_NOISE = 1e-6  # or an interval's, where x does not resolve the edges; then made up for
# In units of the spectral radius, to the rounding of which edges are known: shorter
# intervals may need that tolerance, and no density tells the mass of narrower ones.
_SHORT, _NARROW = 1e-3, 1e-7
_DOUBLINGS = 120  # of the distance from 0, beyond which heavy tails have no mass left


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
    idle = sum((atom.weight for atom in law.atoms), 0.0)
    if math.isinf(law.hull.width):
        marks = 2.0 ** np.arange(-60, _DOUBLINGS)
        line = np.concatenate([-marks[::-1], [0.0], marks])
        return Continuous(functools.partial(_over, law), line, 1 - idle)
    parts = smooth_intervals(law)
    laid = [_laid(law, part) for part in parts]
    found = math.nan if None in laid else sum(panels.total for panels in laid if panels)
    if abs(found + idle - 1) <= _LOST:
        pieces = [_from_panels(panels, 1.0) for panels in laid if panels]
    else:
        masses = _masses(law, parts)
        pieces = list(map(functools.partial(_certain, law), parts, laid, masses))

    def below(x: Vector) -> Vector:
        return np.sum([piece.below(x) for piece in pieces], axis=0)

    marks = np.concatenate([piece.marks for piece in pieces])
    return Continuous(below, marks, sum(piece.total for piece in pieces))


def _laid(law: Law, part: Interval) -> Panels | None:
    # Where its edges are sums, x resolves them no better than the terms.
    radius = max(-law.hull.lower, law.hull.upper)
    if part.width <= _NARROW * radius:
        return None
    for reach in (0.0, radius) if part.width > _SHORT * radius else (radius,):
        try:
            return cut_panels(law, part, reach=reach)
        except ConvergenceError:
            continue
    return None


def _masses(law: Law, parts: list[Interval]) -> list[float]:
    # The mass of each part, from the mass below a point of every gap between them.
    between = [
        one.upper + (other.lower - one.upper) / 2
        for one, other in itertools.pairwise(parts)
    ]
    idle = sum(atom.weight for atom in law.atoms)
    below = np.concatenate([[0.0], _over(law, np.array(between)), [1 - idle]])
    return np.diff(below).tolist()


def _over(law: Law, x: Vector) -> Vector:
    # Without the atoms below x, and half of one at x.
    mass = mass_below(law, x)
    for atom in law.atoms:
        mass -= atom.weight * np.heaviside(x - atom.location, 0.5)
    return mass


def _certain(
    law: Law, part: Interval, panels: Panels | None, mass: float
) -> Continuous:
    error = math.inf if panels is None else abs(panels.total - mass)
    if panels is not None and error <= _NOISE * mass:
        return _from_panels(panels, mass / panels.total if panels.total else 1.0)
    if panels is not None and error > _LOST:
        what = f"the mass of the density on [{part.lower}, {part.upper}]"
        raise ConvergenceError(
            what,
            iterations=1,
            residual=error,
            remedy="scale the parts of the law to sizes nearer to each other",
        )
    start = _over(law, np.array([part.lower]))

    def below(x: Vector) -> Vector:
        share = np.where(x < part.upper, 0.0, mass)
        inside = (x > part.lower) & (x < part.upper)
        share[inside] = np.clip(_over(law, x[inside]) - start, 0, mass)
        return share

    return Continuous(below, np.array([part.lower, part.upper]), mass)


def _from_panels(panels: Panels, share: float) -> Continuous:
    return Continuous(
        lambda x: share * panels.mass_below(x), panels.ends, share * panels.total
    )


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
