"""The curves T₁(w₁) = T₂(w₂) over pairs of gaps of two laws on [0, ∞).

On gap coordinates s₁ and s₂ both transforms fall, so that every curve rises in both:
their sum parametrises it, and one bracketed equation in s₁ finds its point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from eigenscape.theory.gaps import (
    Array,
    Gaps,
    end_values,
    falling_root,
    mass_at,
    moment,
    preimages,
    real_self_energy,
    spectral_gaps,
)
from eigenscape.theory.laws.law import Law

_ROUNDING = 1e-18  # of critical points, whose coordinates have ten digits
_HARD = 1e-12  # where one lies at an edge at 0, which a shifted law knows to rounding


@dataclass(frozen=True)
class Side:
    """One of the two laws along the curves.

    Attributes:
        law: The law.
        gaps: Its gaps.
        gap: Over which of them each curve runs.
        begin: Its coordinate where each curve begins.
        finish: Its coordinate where it ends.
    """

    law: Law
    gaps: Gaps
    gap: Int[np.ndarray, " c"]
    begin: Float[np.ndarray, " c"]
    finish: Float[np.ndarray, " c"]

    def along(
        self, curve: Int[np.ndarray, " n"], s: Float[np.ndarray, " n"]
    ) -> tuple[Array, Array, Array, Array]:
        """Evaluate w, dw/ds, Σ(w) and Σ′(w).

        Args:
            curve: On which curve.
            s: The coordinate of this side.

        Returns:
            The four.
        """
        w, stretch = self.gaps.point(self.gap[curve], s)
        return w, stretch, *real_self_energy(self.law, w)


@dataclass(frozen=True)
class PairCurves:
    """All curves of a pair of laws, each with a coordinate s from −1 to 1.

    Attributes:
        first: The side of the first law.
        second: The side of the second.
        rounding: z below it stands for 0, at which an edge is doubly stationary.
        products: z where a curve begins, and where it ends, if it does so at an atom
            of both laws; else NaN.
    """

    first: Side
    second: Side
    rounding: float
    products: Float[np.ndarray, "2 c"]

    @classmethod
    def of(cls, first: Law, second: Law) -> PairCurves:
        """Lay out the curves.

        Args:
            first: A law on [0, ∞), not a point mass.
            second: Another.

        Returns:
            The curves over the pairs of gaps where both transforms share values.
        """
        gaps1, gaps2 = (
            spectral_gaps(law, zero_counts=False) for law in (first, second)
        )
        high1, low1 = end_values(first, moment, gaps1)
        high2, low2 = end_values(second, moment, gaps2)
        i, j = np.nonzero(np.minimum.outer(high1, high2) > np.maximum.outer(low1, low2))
        ends1, ends2 = (high1[i], low1[i]), (high2[j], low2[j])
        corners = [gaps1.start[i] * gaps2.start[j], gaps1.end[i] * gaps2.end[j]]
        products = np.where(np.isinf(ends1) & np.isinf(ends2), corners, np.nan)
        hard = any(i.lower == 0 for law in (first, second) for i in law.support)
        return cls(
            _side(first, gaps1, i, ends1, ends2),
            _side(second, gaps2, j, ends2, ends1),
            (_HARD if hard else _ROUNDING) * first.hull.upper * second.hull.upper,
            products,
        )

    @property
    def count(self) -> int:
        """The number of curves."""
        return self.first.gap.size

    def landmarks(self) -> Float[np.ndarray, "c m"]:
        """Find points of spectrum on the curves.

        Between T = −1 and 0, or −1 and the mass at 0 less 1, η is negative: with w₁
        and w₂ positive there, z is not.

        Returns:
            Coordinates, a row a curve; NaN where a curve has no such point.
        """
        sides = (self.first, self.second)
        least = min(mass_at(side.law, 0.0) for side in sides)
        columns: list[Float[np.ndarray, " c"]] = []
        for level in (-0.5, least / 2 - 1):
            target = np.full(self.count, level)
            total = np.zeros(self.count)
            for side in sides:
                total += preimages(side.law, moment, target, side.gaps, side.gap)
            begin = self.first.begin + self.second.begin
            finish = self.first.finish + self.second.finish
            columns.append((2 * total - finish - begin) / (finish - begin))
        return np.stack(columns, axis=1)

    def margin(
        self, curve: Int[np.ndarray, "c 1"], s: Float[np.ndarray, "c k"]
    ) -> Float[np.ndarray, "c k"]:
        """Evaluate 1 − w₁ w₂ Σ₁′ Σ₂′ / (Σ₁ Σ₂).

        Args:
            curve: On which curve.
            s: Its coordinate.

        Returns:
            The margin.
        """
        where = np.broadcast_to(curve, s.shape).ravel()
        (w1, _, e1, d1), (w2, _, e2, d2) = self._points(where, s.ravel())
        with np.errstate(all="ignore"):
            # 1/η, from the factor where it is not 0/0.
            inverse = np.where(np.abs(w1) > np.abs(w2), w1 / e1, w2 / e2)
            return (1 - d1 * d2 * inverse**2).reshape(s.shape)

    def location(
        self, curve: Int[np.ndarray, " n"], s: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, " n"]:
        """Evaluate z = w₁ Σ₂ = w₂ Σ₁, weighed so that errors of w₁ and w₂ cancel.

        At a critical point (1 − α) w₁ Σ₂ + α w₂ Σ₁ with α/(1 − α) = −w₁ Σ₂′/Σ₁ is
        stationary in w₁ and w₂ both, not only along the curve.

        Args:
            curve: On which curve.
            s: Its coordinate, ends included.

        Returns:
            z.
        """
        (w1, _, e1, _), (w2, _, e2, d2) = self._points(curve, s)
        with np.errstate(all="ignore"):
            odds = -w1 * d2 / e1
            plain = np.where(np.abs(w1) < np.abs(w2), 0.0, 1.0)
            weight = np.where(np.abs(1 + odds) > 0.5, 1 - 1 / (1 + odds), plain)
            z = w1 * e2 + weight * (w2 * e1 - w1 * e2)
            z = np.where(np.abs(z) < self.rounding, 0.0, z)
        begin, finish = self.products[:, curve]
        z = np.where((s == -1) & ~np.isnan(begin), begin, z)
        return np.where((s == 1) & ~np.isnan(finish), finish, z)

    def _points(
        self, curve: Int[np.ndarray, " n"], s: Float[np.ndarray, " n"]
    ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        begin1, finish1 = self.first.begin[curve], self.first.finish[curve]
        begin2, finish2 = self.second.begin[curve], self.second.finish[curve]
        total = ((begin1 + begin2) * (1 - s) + (finish1 + finish2) * (1 + s)) / 2
        low = np.maximum(begin1, total - finish2)
        high = np.maximum(low, np.minimum(finish1, total - begin2))

        def excess(split: Float[np.ndarray, " n"]) -> tuple[Array, Array]:
            w1, stretch1, *energy1 = self.first.along(curve, split)
            w2, stretch2, *energy2 = self.second.along(curve, total - split)
            (t1, d1), (t2, d2) = moment(w1, *energy1), moment(w2, *energy2)
            with np.errstate(all="ignore"):
                d1, d2 = d1 * stretch1, d2 * stretch2
                # Near a pole of both Newton's method does well on 1/T.
                polar = (np.minimum(np.abs(t1), np.abs(t2)) > 1) & (t1 * t2 > 0)
                value = np.where(polar, 1 / t2 - 1 / t1, t1 - t2)
                return value, np.where(polar, d1 / t1**2 + d2 / t2**2, d1 + d2)

        split = falling_root(excess, low, high)
        return self.first.along(curve, split), self.second.along(curve, total - split)


def _side(
    law: Law,
    gaps: Gaps,
    gap: Int[np.ndarray, " c"],
    own: tuple[Float[np.ndarray, " c"], Float[np.ndarray, " c"]],
    other: tuple[Float[np.ndarray, " c"], Float[np.ndarray, " c"]],
) -> Side:
    # A curve ends where the first of the two laws comes to the end of its gap.
    begin, finish = -np.ones(gap.size), np.ones(gap.size)
    early, late = other[0] < own[0], other[1] > own[1]
    begin[early] = preimages(law, moment, other[0][early], gaps, gap[early])
    finish[late] = preimages(law, moment, other[1][late], gaps, gap[late])
    return Side(law, gaps, gap, begin, finish)
