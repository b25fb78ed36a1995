"""The support of a free additive convolution, from real critical points.

Outside the spectrum of the sum, w₁ and w₂ are real and lie in gaps of the stripped
measures, where Σ₁ and Σ₂ are analytic. Over a pair of such gaps the real number
u = w₁ − Σ₁(w₁) = w₂ − Σ₂(w₂) draws a curve z(u) = w₁ + w₂ − u, and the part of it with
dz/du > 0, that is Σ₁′Σ₂′ < 1, is a gap of the sum.

There is at most one such part. With cᵢ = (−Σᵢ′)^(−1/2) the condition is c₁c₂ > 1, and
where c₁c₂ = 1 its derivative in u has the sign of c₁′(w₁) + c₂′(w₂). Both terms fall as
u grows: −Σᵢ maps the upper half-plane into itself, so its Schwarzian derivative on the
gap is not negative, which makes cᵢ concave. Hence c₁c₂ crosses 1 upwards at most once
and downwards at most once after it, and exceeds 1 anywhere only if it does so at the
zero of c₁′ + c₂′: both edges are bracketed, and no gap is missed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from eigenscape.theory.convolution.critical_points import (
    NOISE,
    Curves,
    Indices,
    Mask,
    Reals,
    curve_gaps,
    support_between,
)
from eigenscape.theory.convolution.self_energy_law import SelfEnergyLaw
from eigenscape.theory.convolution.stripped_gaps import StrippedGaps
from eigenscape.theory.laws.law import Interval, Law

_ROUNDING = 4 * float(np.finfo(float).eps)


def additive_support(first: Law, second: Law) -> tuple[Interval, ...]:
    """Find the support of the continuous part of a free sum.

    Args:
        first: The law of X₁, not a point mass.
        second: The law of X₂, not a point mass, free from X₁.

    Returns:
        Its intervals, ascending; gaps below about 1e-18 of the widths are cusps.

    References:
        Biane (1997), On the free convolution with a semi-circular distribution,
        Indiana University Mathematics Journal 46, for one law a semicircle.
    """
    # The second law is inverted, which takes ten times the evaluations of the first.
    one, two = (second, first) if isinstance(second, SelfEnergyLaw) else (first, second)
    pairs = _pairs(StrippedGaps.of(one), StrippedGaps.of(two))
    return support_between(curve_gaps(pairs), _hard_edges(first, second))


def _hard_edges(first: Law, second: Law) -> list[float]:
    # Where two atoms of masses that add up to 1 leave none: g is infinite there.
    heaviest = max((b.weight for b in second.atoms), default=0.0)
    heavy = [a for a in first.atoms if a.weight + heaviest >= 1 - _ROUNDING]
    return [
        a.location + b.location
        for a in heavy
        for b in second.atoms
        if abs(a.weight + b.weight - 1) <= _ROUNDING
    ]


def _pairs(first: StrippedGaps, second: StrippedGaps) -> _Pairs:
    bottom = np.maximum.outer(first.bottom, second.bottom)
    top = np.minimum.outer(first.top, second.top)
    one, two = np.nonzero(bottom < top)
    bottom, top = bottom[one, two], top[one, two]
    # The first gap's coordinates, cut where u leaves the second one.
    begin, finish = np.full(one.size, -1.0), np.ones(one.size)
    for ends, level, own in ((begin, bottom, first.bottom), (finish, top, first.top)):
        cut = np.flatnonzero(level != own[one])
        span = np.ones(cut.size)
        ends[cut] = first.coordinate(one[cut], level[cut], -span, span)
    return _Pairs(first, second, one, two, begin, finish)


@dataclass(frozen=True)
class _Pairs(Curves):
    """Pairs of gaps with a common range of u, followed along the first of the two."""

    first: StrippedGaps
    second: StrippedGaps
    one: Indices
    two: Indices
    begin: Reals
    finish: Reals

    def take(self, which: Indices) -> _Pairs:
        return replace(
            self,
            one=self.one[which],
            two=self.two[which],
            begin=self.begin[which],
            finish=self.finish[which],
        )

    def _points(self, t: Reals) -> tuple[Reals, Reals]:
        w1 = self.first.point(self.one, t)[0]
        u = self.first.level(self.one, w1)
        ends = np.ones(t.size)
        s = self.second.coordinate(self.two, u, -ends, ends)
        return w1, self.second.point(self.two, s)[0]

    def margin(self, t: Reals) -> Reals:
        """Evaluate (1 − Σ₁′Σ₂′) / (1 + Σ₁′Σ₂′), positive in a gap of the sum."""
        w1, w2 = self._points(t)
        energy1, pull1 = self.first.energies(w1)
        energy2, pull2 = self.second.energies(w2)
        # u tells the distance to a pole from that to infinity, where w is too coarse.
        with np.errstate(all="ignore"):
            u1 = np.maximum(np.abs(w1 - energy1), self.first.unit)
            u2 = np.maximum(np.abs(w2 - energy2), self.first.unit)
            ratio = u1 / u2
            gain = np.where(pull1 > pull2, 1 / ratio, ratio)
            product = (np.sqrt(pull1) * gain * np.sqrt(pull2)) ** 2
            margin = (1 - product) / (1 + product)
        return np.where(np.isnan(margin), -1.0, margin)

    def tilt(self, t: Reals, low: Reals, high: Reals) -> tuple[Mask, Mask]:
        """Tell where c₁′ + c₂′ > 0, and where c₁c₂ < 1 all the way on that side.

        Args:
            t: Coordinates between `low` and `high`.
            low: Below, where c₁′ + c₂′ > 0.
            high: Above, where c₁′ + c₂′ < 0.

        Returns:
            Whether it is positive, and whether the tangents of the concave c₁ and c₂
            keep the product below 1 as far as that end.
        """
        w1, w2 = self._points(t)
        c1, slope1 = self.first.flatness(self.one, w1)
        c2, slope2 = self.second.flatness(self.two, w2)
        rising = slope1 + slope2 > 0
        far1, far2 = self._points(np.where(rising, high, low))
        with np.errstate(invalid="ignore"):
            bound1 = c1 + np.maximum(slope1 * (far1 - w1), 0)
            bound2 = c2 + np.maximum(slope2 * (far2 - w2), 0)
            return rising, bound1 * bound2 < 1 + NOISE

    def location(self, t: Reals) -> Reals:
        """Evaluate z = w₁ + Σ₂(w₂) = w₂ + Σ₁(w₁), by the flatter of the two Σ."""
        w1, w2 = self._points(t)
        energy1, pull1 = self.first.energies(w1)
        energy2, pull2 = self.second.energies(w2)
        z = np.where(pull1 > pull2, w1 + energy2, w2 + energy1)
        outermost = self.first.is_far_end(self.one, t)
        outermost &= self.second.is_far_end(self.two, t)
        return np.where(outermost, np.copysign(math.inf, t), z)
