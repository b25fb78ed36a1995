"""Wanted: which end of a spectrum, how many pairs of it, and how well."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

Which = Literal["largest", "smallest", "both", "magnitude"]

MISS_PROBABILITY = 0.01
"""A search for missed pairs may end when it would have overlooked one with less than
this probability."""


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a spectrum.

    Attributes:
        count: Pairs, at each end if at both.
        which: The algebraically largest, the smallest, both ends, or the largest |λ|.
        tolerance: Largest residual allowed, relative to the norm of the operator.
    """

    count: int
    which: Which
    tolerance: float

    @property
    def total(self) -> int:
        """Count the pairs wanted.

        Returns:
            Twice the count if both ends are wanted.
        """
        return self.count * len(self._ranks(np.zeros(0)))

    def select(
        self, found: Float[np.ndarray, " c"], fresh: Float[np.ndarray, " m"]
    ) -> tuple[Int[np.ndarray, " f"], Int[np.ndarray, " a"]]:
        """Choose the wanted ones; a fresh value must win by a margin.

        Args:
            found: Values found before.
            fresh: Values that a search gives now.

        Returns:
            Positions in the first and in the second, ascending.
        """
        margin = self._margin(found, fresh)
        ranks = [
            np.concatenate([old, new - margin])
            for old, new in zip(self._ranks(found), self._ranks(fresh), strict=True)
        ]
        chosen, known = _best(ranks, self.count), len(found)
        return chosen[chosen < known], chosen[chosen >= known] - known

    def met(self, residuals: Float[np.ndarray, " c"], norm: float) -> bool:
        """Tell whether pairs are good enough.

        Args:
            residuals: Their residuals, one at least.
            norm: Norm of the operator.

        Returns:
            Whether all are within the tolerance.
        """
        return bool(residuals.max() <= self.tolerance * norm)

    def with_nearest(
        self,
        values: Float[np.ndarray, " m"],
        chosen: Int[np.ndarray, " a"],
        number: int,
    ) -> Int[np.ndarray, " k"]:
        """Add to chosen values those nearest to the wanted end, half each if at both.

        Args:
            values: Ritz values.
            chosen: Positions of the chosen ones.
            number: How many to add at most.

        Returns:
            Positions, ascending.
        """
        rest = np.setdiff1d(np.arange(len(values)), chosen)
        ranks = self._ranks(values[rest])
        return np.union1d(chosen, rest[_best(ranks, max(number, 0) // len(ranks))])

    def with_resolved(
        self,
        values: Float[np.ndarray, " m"],
        residuals: Float[np.ndarray, " m"],
        chosen: Int[np.ndarray, " a"],
        number: int,
    ) -> Int[np.ndarray, " k"]:
        """Add to the wanted Ritz pairs others that a search may leave aside with them.

        Where the Ritz vectors couple to their complement by c along one direction q,
        A has as many eigenvalues above t as the Ritz values θ have, and the complement
        of A plus ∑ c²/(t − θ) q qᵀ (Haynsworth). So leaving aside pairs for which the
        sum is small hides no more than that.

        Args:
            values: Ritz values θ.
            residuals: Their couplings c.
            chosen: Positions of the wanted ones, all of them.
            number: How many to add at most.

        Returns:
            Positions; those added are the nearest to the wanted end, as many as hide at
            most half the margin.

        References:
            Haynsworth (1968), Linear Algebra Appl. 1, 73.
        """
        rest = np.setdiff1d(np.arange(len(values)), chosen)
        margin = self._margin(values)
        points = np.array([point for _, point in self._points(values[chosen], margin)])
        gaps = np.abs(points[:, None] - values[rest]).min(axis=0)
        shifts = np.square(residuals[rest]) / np.maximum(gaps, np.finfo(float).tiny)
        nearest = np.max(self._ranks(values[rest]), axis=0)
        order = np.argsort(-nearest, kind="stable")
        added = rest[order[np.cumsum(shifts[order]) <= margin / 2]]
        return np.concatenate([chosen, added[: max(number, 0)]])

    def nothing_hidden(
        self,
        found: Float[np.ndarray, " c"],
        diagonal: Float[np.ndarray, " m"],
        off_diagonal: Float[np.ndarray, " m"],
        size: int,
    ) -> bool:
        """Tell whether a search that found nothing proves that nothing is there.

        Let pₘ be the polynomials of a Lanczos run from v, so that pₘ(A) v is a unit
        vector. A unit eigenvector u of an eigenvalue λ then has |u·v| ≤ 1/|pₘ(λ)|. For
        v uniform on the sphere in n dimensions this happens with probability at most
        √(2n/π)/|pₘ(λ)|; and beyond the Ritz values |pₘ| grows with the distance.

        Args:
            found: Values found before, the wanted ones and perhaps others.
            diagonal: α₁ … αₘ of a Lanczos run from a random vector, in the orthogonal
                complement of what was found.
            off_diagonal: β₁ … βₘ of that run.
            size: Dimension n of the complement.

        Returns:
            Whether an eigenvalue of the complement, better than the wanted ones by half
            the margin, would have been overlooked with probability below 1 %.

        References:
            van Dorsselaer, Hochstenbach and van der Vorst (2000), SIAM J. Matrix Anal.
            Appl. 22, 837, Sec. 3 and 4.
        """
        least = math.sqrt(2 * size / math.pi) / MISS_PROBABILITY
        margin = self._margin(found, diagonal) / 2
        return all(
            _reaches(least, side * point, side * diagonal, off_diagonal)
            for side, point in self._points(found, margin)
        )

    def _points(
        self, found: Float[np.ndarray, " c"], margin: float
    ) -> list[tuple[int, float]]:
        """Place points beyond which nothing more is wanted: above +1, below −1."""
        bars = [float(np.sort(rank)[-self.count]) for rank in self._ranks(found)]
        upper, lower = (1, bars[0] + margin), (-1, -bars[-1] - margin)
        return {
            "largest": [upper],
            "smallest": [lower],
            "both": [upper, lower],
            "magnitude": [upper, lower],
        }[self.which]

    def _margin(self, *values: Float[np.ndarray, " _"]) -> float:
        return self.tolerance * largest_magnitude(*values)

    def _ranks(self, values: Float[np.ndarray, " c"]) -> list[Float[np.ndarray, " c"]]:
        """Rank values, once an end: the more the better."""
        return {
            "largest": [values],
            "smallest": [-values],
            "both": [values, -values],
            "magnitude": [np.abs(values)],
        }[self.which]


def largest_magnitude(*values: Float[np.ndarray, " _"]) -> float:
    """Find the largest magnitude in some arrays.

    Args:
        *values: The arrays, which may be empty.

    Returns:
        The magnitude; zero of nothing.
    """
    return float(np.abs(np.concatenate(values)).max(initial=0.0))


def _best(ranks: list[Float[np.ndarray, " m"]], count: int) -> Int[np.ndarray, " k"]:
    chosen = np.zeros(len(ranks[0]), dtype=bool)
    for rank in ranks:
        order = np.argsort(-rank, kind="stable")
        chosen[order[~chosen[order]][:count]] = True
    return np.flatnonzero(chosen)


def _reaches(
    least: float,
    point: float,
    diagonal: Float[np.ndarray, " m"],
    off_diagonal: Float[np.ndarray, " m"],
) -> bool:
    """Tell whether some pⱼ does at a point; it is positive above its Ritz values."""
    before, here, coupling = 0.0, 1.0, 0.0
    for alpha, beta in zip(diagonal.tolist(), off_diagonal.tolist(), strict=True):
        before, here = here, ((point - alpha) * here - coupling * before) / beta
        coupling = beta
        if here <= 0 or here >= least:
            return here > 0
    return False
