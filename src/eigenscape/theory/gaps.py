"""The gaps of a spectrum, and the real points where a transform takes a value there.

On every component of the projective real line outside the spectrum of X, g(w) and,
for a law on [0, ∞), T(w) = w g(w) − 1 decrease: each takes a value at most once a gap.
In terms of the self-energy Σ(w) = w − 1/g(w), g = 1/(w − Σ) and T = Σ/(w − Σ).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from eigenscape.core import ConvergenceError
from eigenscape.theory.laws.law import POLE, Law

Array: TypeAlias = Float[np.ndarray, "*shape"]
Transform: TypeAlias = Callable[[Array, Array, Array], tuple[Array, Array]]

_ROUNDING = 4 * float(np.finfo(float).eps)
_ITERATIONS = 200


@dataclass(frozen=True)
class Gaps:
    """Components of the projective real line outside a spectrum.

    Attributes:
        start: Where each begins, going up.
        end: Where it ends; at or below its start for the one through infinity.
    """

    start: Float[np.ndarray, " k"]
    end: Float[np.ndarray, " k"]

    def point(
        self, index: Int[np.ndarray, "*shape"], s: Float[np.ndarray, "*shape"]
    ) -> tuple[Float[np.ndarray, "*shape"], Float[np.ndarray, "*shape"]]:
        """Map s ∈ [−1, 1] onto a gap, whose ends are m ∓ h.

        w = m + hs, or w = m + h/s − k (1/s − s) through infinity, where h is not
        positive and k is the spectral radius.

        Args:
            index: Which gap.
            s: The coordinate; it ascends with w, and infinity is at 0.

        Returns:
            w, and dw/ds.
        """
        start, end, middle, polar, linear = self._shape[:, index]
        far = np.where(np.abs(s) < 1 / POLE, 1 / POLE, s)
        inverse = polar / far
        slope = linear - inverse / far
        # An end is hit exactly, where the sum could leave the gap by a rounding.
        w = np.where(s >= 1, end, middle + (inverse + linear * s))
        return np.where(s <= -1, start, w), slope

    @functools.cached_property
    def _shape(self) -> Float[np.ndarray, "5 k"]:
        # The coefficients of 1, 1/s and s in w come after the ends.
        middle, half = (self.start + self.end) / 2, (self.end - self.start) / 2
        radius = np.maximum(np.abs(self.start), np.abs(self.end))
        loop = np.where(radius == 0, 1.0, radius)
        polar = np.where(half <= 0, half - loop, 0.0)
        linear = np.where(half <= 0, loop, half)
        return np.stack([self.start, self.end, middle, polar, linear])


def spectral_gaps(law: Law, *, zero_counts: bool = True) -> Gaps:
    """Find the gaps of a law.

    Args:
        law: The law.
        zero_counts: Whether an atom at 0 separates gaps: it is no pole of T.

    Returns:
        The gaps, ascending by their start; the last one goes through infinity.
    """
    pieces = [(i.lower, i.upper) for i in law.support]
    pieces += [
        (a.location, a.location) for a in law.atoms if zero_counts or a.location != 0
    ]
    merged: list[tuple[float, float]] = []
    for lower, upper in sorted(pieces):
        if merged and lower <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(upper, merged[-1][1]))
        else:
            merged.append((lower, upper))
    ends = np.array([lower for lower, _ in merged])
    starts = np.array([upper for _, upper in merged])
    return Gaps(starts, np.roll(ends, -1))


def real_self_energy(law: Law, w: Array) -> tuple[Array, Array]:
    """Evaluate Σ and Σ′ at real points outside the spectrum.

    Args:
        law: The law.
        w: The points; infinite values are what a pole of Σ gives, NaN stays NaN.

    Returns:
        Σ(w) and Σ′(w); the latter is −∞ at an edge, and where rounding has put a point
        beyond it.
    """
    unknown = np.isnan(w)
    with np.errstate(all="ignore"):
        value, slope = law.self_energy(np.where(unknown, math.inf, w) + 0j)
    if unknown.any():
        value[unknown] = slope[unknown] = math.nan
    lost = (np.imag(value) != 0) | np.isnan(slope)
    return np.real(value), np.where(lost, -math.inf, np.real(slope))


def cauchy(w: Array, energy: Array, slope: Array) -> tuple[Array, Array]:
    """Form g = 1/(w − Σ) and g′.

    Args:
        w: The points.
        energy: Σ(w).
        slope: Σ′(w).

    Returns:
        g and g′.
    """
    with np.errstate(all="ignore"):
        g = 1 / (w - energy)
        return g, (slope - 1) * g**2


def moment(w: Array, energy: Array, slope: Array) -> tuple[Array, Array]:
    """Form T = wg − 1 = Σ/(w − Σ) and T′ = g² (wΣ′ − Σ).

    Args:
        w: The points.
        energy: Σ(w).
        slope: Σ′(w).

    Returns:
        T and T′.
    """
    with np.errstate(all="ignore"):
        g = 1 / (w - energy)
        return energy * g, (w * slope - energy) * g**2


def mass_at(law: Law, location: float) -> float:
    """Look up the mass of an atom.

    Args:
        law: The law.
        location: A point.

    Returns:
        The mass there; 0 where there is no atom.
    """
    return sum((atom.weight for atom in law.atoms if atom.location == location), 0.0)


def falling_root(
    function: Callable[[Float[np.ndarray, " n"]], tuple[Array, Array]],
    low: Float[np.ndarray, " n"],
    high: Float[np.ndarray, " n"],
) -> Float[np.ndarray, " n"]:
    """Solve n equations f(s) = 0 at once, each f decreasing through its bracket.

    Newton's method; a step that leaves the bracket, or does not halve the last one,
    is replaced by a bisection.

    Args:
        function: s → f(s), f′(s).
        low: Points with f > 0.
        high: Points with f < 0, above `low`.

    Returns:
        The roots, to a few machine epsilons of max(|s|, the part of 1 that resolves f).

    Raises:
        ConvergenceError: The search did not end.
    """
    s = (low + high) / 2
    last = high - low
    for _ in range(_ITERATIONS):
        value, slope = function(s)
        above = value > 0
        low, high = np.where(above, s, low), np.where(above, high, s)
        with np.errstate(all="ignore"):
            new = s - value / slope
        step = np.abs(new - s)
        inside = (new >= low) & (new <= high) & (2 * step <= last)
        inside |= (step <= _ROUNDING) & np.isfinite(slope)
        new = np.where(inside, new, (low + high) / 2)
        last = np.abs(new - s)
        s = new
        if np.all(last <= _ROUNDING):
            return s
    what = "a root of a decreasing function"
    raise ConvergenceError(
        what,
        iterations=_ITERATIONS,
        residual=float(last.max()),
        remedy="check that the transform of the law decreases between its supports",
    )


def end_values(
    law: Law, transform: Transform, gaps: Gaps
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Evaluate a decreasing transform at the two ends of every gap.

    Args:
        law: The law.
        transform: `cauchy`, or `moment` for a law on [0, ∞).
        gaps: Its gaps.

    Returns:
        The values at the starts, and at the ends; infinite at an atom or a diverging
        density.
    """
    ends = np.concatenate([gaps.start, gaps.end])
    energy, slope = real_self_energy(law, ends)
    # Where Σ is w but for its rounding the transform diverges; its sign may be lost.
    with np.errstate(all="ignore"):
        beside = gaps.start - np.roll(gaps.end, 1)  # widths of the pieces of spectrum
        size = np.maximum(np.abs(ends), np.append(beside, np.roll(beside, -1)))
        values = transform(ends, energy, slope)[0]
        diverging = ~(np.abs(ends - energy) > 4 * _ROUNDING * size)
    masses = {atom.location: atom.weight for atom in law.atoms}
    values[np.isin(ends, list(masses)) | diverging | ~np.isfinite(values)] = math.inf
    if transform is moment:
        values[ends == 0] = masses.get(0.0, 0.0) - 1  # T has no pole at 0
    highest, lowest = np.split(values, 2)
    return highest, np.where(np.isinf(lowest), -math.inf, lowest)


def preimages(
    law: Law,
    transform: Transform,
    target: Float[np.ndarray, " n"],
    gaps: Gaps,
    gap: Int[np.ndarray, " n"],
) -> Float[np.ndarray, " n"]:
    """Find the point of a gap where a decreasing transform takes a value.

    Args:
        law: The law.
        transform: `cauchy`, or `moment` for a law on [0, ∞).
        target: The values.
        gaps: The gaps of the law.
        gap: In which gap each value is looked for.

    Returns:
        The coordinates s of the points; NaN where a gap does not reach its value.
    """
    highest, lowest = end_values(law, transform, gaps)
    reached = (target < highest[gap]) & (target > lowest[gap])
    index, wanted = gap[reached], target[reached]

    def excess(s: Float[np.ndarray, " n"]) -> tuple[Array, Array]:
        w, stretch = gaps.point(index, s)
        value, slope = transform(w, *real_self_energy(law, w))
        # Towards the pole at an end Newton's method does well on 1/T.
        with np.errstate(all="ignore"):
            gain = np.where(np.abs(value) > np.abs(wanted), value / wanted, 1.0)
            return value - wanted, slope * stretch / np.where(gain > 0, gain, 1.0)

    found = np.full(target.size, np.nan)
    found[reached] = falling_root(excess, -np.ones(index.size), np.ones(index.size))
    return found


def all_preimages(
    law: Law, transform: Transform, target: Float[np.ndarray, " n"]
) -> Float[np.ndarray, "k n"]:
    """Find every real point outside the spectrum where a transform takes a value.

    Args:
        law: The law.
        transform: `cauchy`, or `moment` for a law on [0, ∞).
        target: The values.

    Returns:
        One point a gap, the last through infinity; NaN where there is none.
    """
    gaps = spectral_gaps(law, zero_counts=transform is cauchy)
    shape = (gaps.start.size, target.size)
    gap = np.repeat(np.arange(shape[0]), shape[1])
    s = preimages(law, transform, np.tile(target, shape[0]), gaps, gap)
    return np.where(np.isnan(s), np.nan, gaps.point(gap, s)[0]).reshape(shape)
