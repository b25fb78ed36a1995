"""Gaps of a spectrum from curves z(u) of real points, one gap a curve at most.

A curve runs over u, real where it can be; the part of it with dz/du > 0 is a gap of the
spectrum, and its ends, where dz/du changes sign, are edges. A decreasing function, the
tilt, has its zero inside that part if there is one: edges are bracketed, not searched.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

from eigenscape.theory.laws.law import Interval

Reals: TypeAlias = Float[np.ndarray, " n"]
Mask: TypeAlias = Bool[np.ndarray, " n"]
Indices: TypeAlias = Int[np.ndarray, " n"]

_BISECTIONS = 60
_STEPS = 100
_RESOLUTION = 1e-9  # of the distance to ±1; at an edge z is stationary
NOISE = 1e-12  # of the margin: gaps narrower than its power 3/2 are cusps
_BESIDE = 1e-12  # of the width
_JOIN = 1e-9  # of the width: gaps that meet where a point is infinite


class Curves(ABC):
    """Curves of real points, each with a coordinate t that ascends with u.

    Attributes:
        begin: The least coordinate of each, at least −1.
        finish: The greatest coordinate of each, at most 1.
    """

    begin: Reals
    finish: Reals

    @abstractmethod
    def take(self, which: Indices) -> Curves:
        """Select curves.

        Args:
            which: Their indices.

        Returns:
            The curves selected.
        """

    @abstractmethod
    def margin(self, t: Reals) -> Reals:
        """Evaluate a number in [−1, 1] with the sign of dz/du.

        Args:
            t: One coordinate a curve.

        Returns:
            The numbers, smooth where they vanish.
        """

    @abstractmethod
    def tilt(self, t: Reals, low: Reals, high: Reals) -> tuple[Mask, Mask]:
        """Tell on which side of t the margin can be positive.

        Args:
            t: Coordinates where it is not positive, between `low` and `high`.
            low: The least that come in question.
            high: The greatest.

        Returns:
            Whether above t, not below; and whether not even there.
        """

    @abstractmethod
    def location(self, t: Reals) -> Reals:
        """Evaluate z.

        Args:
            t: One coordinate a curve.

        Returns:
            z, of either sign infinite at the outer ends.
        """


def curve_gaps(curves: Curves) -> list[tuple[float, float]]:
    """Find the gaps of a spectrum.

    Args:
        curves: The curves that reach into them.

    Returns:
        The gaps, ascending; the outer ones end at infinity.
    """
    inside = _inside(curves)
    found = np.flatnonzero(np.isfinite(inside))
    curves, inside = curves.take(found), inside[found]
    ends = np.concatenate([curves.begin, curves.finish])
    both = curves.take(np.tile(np.arange(found.size), 2))
    edges, reached = _edge(both, np.tile(inside, 2), ends)
    return _joined(np.split(edges, 2), np.split(reached, 2))


def support_between(
    gaps: list[tuple[float, float]], hard: Iterable[float] = ()
) -> tuple[Interval, ...]:
    """List the intervals between gaps.

    Args:
        gaps: The gaps, ascending; the outer ones end at infinity.
        hard: Places known exactly, which stand for an edge found beside them.

    Returns:
        The intervals; the whole line where there is no gap.
    """
    if not gaps:
        return (Interval(-math.inf, math.inf),)
    reach = _BESIDE * (gaps[-1][0] - gaps[0][1])
    places = list(hard)

    def exact(edge: float) -> float:
        return next((x for x in places if abs(x - edge) <= reach), edge)

    neighbours = itertools.pairwise(gaps)
    return tuple(
        Interval(exact(left[1]), exact(right[0])) for left, right in neighbours
    )


def _inside(curves: Curves) -> Reals:
    # A point of the gap over every curve, or NaN where there is none.
    inside = np.full(curves.begin.size, np.nan)
    which, low, high = np.arange(inside.size), curves.begin, curves.finish
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        positive = curves.margin(middle) > NOISE
        inside[which[positive]] = middle[positive]
        rising, hopeless = curves.tilt(middle, low, high)
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
        left = np.flatnonzero(~positive & ~hopeless)
        if left.size == 0:
            break
        which, curves, low, high = which[left], curves.take(left), low[left], high[left]
    return inside


def _edge(curves: Curves, inside: Reals, end: Reals) -> tuple[Reals, Mask]:
    # z where the margin changes sign between a point of a gap and an end of the curve,
    # and whether the curve ends before it does.
    outside = np.flatnonzero(curves.margin(end) < 0)
    t = end.copy()
    if outside.size:
        part = curves.take(outside)
        t[outside] = _sign_change(part.margin, inside[outside], end[outside])
    return curves.location(t), t == end


def _sign_change(
    function: Callable[[Reals], Reals], positive: Reals, negative: Reals
) -> Reals:
    # Chandrupatla (1997), A new hybrid quadratic/bisection algorithm for finding the
    # zero of a nonlinear function without using derivatives, Advances in Engineering
    # Software 28.
    a, b = positive, negative
    fa, fb = function(a), function(b)
    part = np.full(a.size, 0.5)
    for _ in range(_STEPS):
        x = a + part * (b - a)
        fx = function(x)
        same = (fx > 0) == (fa > 0)
        c, fc = np.where(same, a, b), np.where(same, fa, fb)
        b, fb = np.where(same, b, a), np.where(same, fb, fa)
        a, fa = x, fx
        with np.errstate(all="ignore"):
            limit = _RESOLUTION * (1 - np.abs(a)) / np.abs(b - a)
            if (~(limit < 0.5) | (fa == 0)).all():
                break
            across, down = (a - b) / (c - b), (fa - fb) / (fc - fb)
            smooth = (down**2 < across) & ((1 - down) ** 2 < 1 - across)
            part = fa / (fb - fa) * fc / (fb - fc)
            part += (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        part = np.where(smooth, part, 0.5)
        part = np.clip(part, np.minimum(limit, 0.5), np.maximum(1 - limit, 0.5))
        part = np.where(fa == 0, 0.0, part)
    return a


def _joined(edges: list[Reals], reached: list[Mask]) -> list[tuple[float, float]]:
    # The gap through a zero of g falls in two where one point passes a pole of Σ: both
    # curves come to their end there, before an edge.
    lower, upper = edges
    ends = np.concatenate(edges)
    finite = ends[np.isfinite(ends)]
    joint = _JOIN * float(np.ptp(finite)) if finite.size else 0.0
    gaps: list[tuple[float, float]] = []
    open_above = False
    for i in np.lexsort((upper, lower)).tolist():
        low, high = float(lower[i]), float(upper[i])
        near = bool(gaps) and low - gaps[-1][1] <= joint
        overlap = bool(gaps) and low <= gaps[-1][1]
        if overlap or (near and open_above and bool(reached[0][i])):
            gaps[-1] = (gaps[-1][0], max(high, gaps[-1][1]))
        else:
            gaps.append((low, high))
        open_above = bool(reached[1][i])
    return gaps
