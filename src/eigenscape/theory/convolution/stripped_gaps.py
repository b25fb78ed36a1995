"""The gaps of a law's stripped measure, where u = w − Σ(w) = 1/g(w) grows without pole.

Every such gap is mapped to a coordinate t ∈ [−1, 1]. Poles of Σ, the zeros of g between
pieces of the spectrum, bound gaps; atoms of the law, where u = 0, do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from eigenscape.theory.gaps import falling_root, real_self_energy, spectral_gaps
from eigenscape.theory.laws.law import Law

_END = 1e-12  # distance to ±1 that stands for infinite w
_NUDGE = 1e-4  # imaginary step to Σ″, in units of the distance to an end


@dataclass(frozen=True)
class StrippedGaps:
    """The gaps, ascending, of one law.

    Attributes:
        law: The law.
        start: Lower ends; the first is −∞.
        end: Upper ends; the last is ∞.
        bottom: u at the lower ends.
        top: u at the upper ends.
        unit: The width of the spectrum, for the coordinate of the unbounded gaps.
    """

    law: Law
    start: Float[np.ndarray, " k"]
    end: Float[np.ndarray, " k"]
    bottom: Float[np.ndarray, " k"]
    top: Float[np.ndarray, " k"]
    unit: float

    @classmethod
    def of(cls, law: Law) -> StrippedGaps:
        """Find the gaps of a law.

        Args:
            law: The law, not a point mass; of bounded support, or with no gap at all.

        Returns:
            Its gaps; none where the support is the whole line.
        """
        hull = law.hull
        if not math.isfinite(hull.width):
            none = np.zeros(0)
            return cls(law, none, none, none, none, 1.0)
        poles = _poles(law)
        pieces = [(i.lower, i.upper) for i in law.support]
        pieces += [(x, x) for x in poles]
        lower, upper = map(np.array, zip(*sorted(pieces), strict=True))
        start, end = np.append(-math.inf, upper), np.append(lower, math.inf)
        bottom, top = np.full(start.size, -math.inf), np.full(end.size, math.inf)
        soft = ~np.isin(start, [-math.inf, *poles])
        bottom[soft] = _level(law, start[soft])
        soft = ~np.isin(end, [math.inf, *poles])
        top[soft] = _level(law, end[soft])
        wide = start < end
        return cls(law, start[wide], end[wide], bottom[wide], top[wide], hull.width)

    def point(
        self, index: Int[np.ndarray, " n"], t: Float[np.ndarray, " n"]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """Map coordinates to points.

        Args:
            index: Which gaps.
            t: Coordinates in [−1, 1].

        Returns:
            w and dw/dt.
        """
        start, end = self.start[index], self.end[index]
        upper, lower = np.isinf(end), np.isinf(start)
        # Distances to the ends, each without loss at its own.
        up, down = 1 + t, 1 - t
        with np.errstate(all="ignore"):
            half = (end - start) / 2
            above = start + self.unit * up / np.maximum(down, _END)
            below = end - self.unit * down / np.maximum(up, _END)
            inner = np.where(t < 0, start + half * up, end - half * down)
        far = np.maximum(np.where(upper, down, up), _END)
        slope = np.where(upper | lower, 2 * self.unit / far**2, half)
        return np.where(upper, above, np.where(lower, below, inner)), slope

    def energies(
        self, w: Float[np.ndarray, " n"]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """Evaluate Σ and −Σ′ ≥ 0 at points of gaps, their ends included.

        Args:
            w: The points.

        Returns:
            Σ, and −Σ′, infinite at an edge.
        """
        energy, slope = real_self_energy(self.law, w)
        return energy, np.where(np.isnan(slope), math.inf, -slope)

    def is_far_end(
        self, index: Int[np.ndarray, " n"], t: Float[np.ndarray, " n"]
    ) -> Bool[np.ndarray, " n"]:
        """Tell the ends at infinity.

        Args:
            index: Which gaps.
            t: Coordinates in [−1, 1].

        Returns:
            Whether t is the end of its gap that is infinite.
        """
        below = (t == -1) & np.isinf(self.start[index])
        return below | ((t == 1) & np.isinf(self.end[index]))

    def level(
        self, index: Int[np.ndarray, " n"], w: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, " n"]:
        """Evaluate u = w − Σ(w), at the ends of a gap by its limits there.

        Args:
            index: Which gaps.
            w: Their points.

        Returns:
            u, infinite at poles.
        """
        return self._limited(index, w, w - self.energies(w)[0])

    def _limited(
        self,
        index: Int[np.ndarray, " n"],
        w: Float[np.ndarray, " n"],
        u: Float[np.ndarray, " n"],
    ) -> Float[np.ndarray, " n"]:
        u = np.where(w == self.start[index], self.bottom[index], u)
        return np.where(w == self.end[index], self.top[index], u)

    def flatness(
        self, index: Int[np.ndarray, " n"], w: Float[np.ndarray, " n"]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """Evaluate the concave function c = (−Σ′)^(−1/2) and its slope in a gap.

        Args:
            index: Which gaps.
            w: The points.

        Returns:
            c and c′, with Σ″ from an imaginary step.
        """
        depth = np.minimum(w - self.start[index], self.end[index] - w)
        step = _NUDGE * depth
        with np.errstate(all="ignore"):
            slope = self.law.self_energy(w + 1j * step)[1]
            c = (-np.real(slope)) ** -0.5
            return c, c**3 * np.imag(slope) / (2 * step)

    def coordinate(
        self,
        index: Int[np.ndarray, " n"],
        u: Float[np.ndarray, " n"],
        low: Float[np.ndarray, " n"],
        high: Float[np.ndarray, " n"],
    ) -> Float[np.ndarray, " n"]:
        """Find where u = w − Σ(w) takes a value.

        Args:
            index: In which gaps.
            u: The values.
            low: Coordinates at or below the places.
            high: Coordinates at or above them.

        Returns:
            The coordinates.
        """

        def excess(
            t: Float[np.ndarray, " n"],
        ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
            w, stretch = self.point(index, t)
            energy, pull = self.energies(w)
            here = self._limited(index, w, w - energy)
            # Towards a pole or infinity u is compared by its inverse.
            with np.errstate(all="ignore"):
                far = (np.minimum(np.abs(here), np.abs(u)) > self.unit) & (here * u > 0)
                value = np.where(far, 1 / here - 1 / u, u - here)
                slope = -(1 + pull) * stretch / np.where(far, here**2, 1)
            return value, slope

        return falling_root(excess, low, high)


def _poles(law: Law) -> list[float]:
    between = spectral_gaps(law)
    start, end = between.start[:-1], between.end[:-1]
    # g falls from one side to the other; it has a zero if the sign changes.
    atoms = [a.location for a in law.atoms]
    falls = (_level(law, start) >= 0) | np.isin(start, atoms)
    rises = (_level(law, end) <= 0) | np.isin(end, atoms)
    crosses = falls & rises
    start, end = start[crosses], end[crosses]

    def transform(
        t: Float[np.ndarray, " n"],
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        half = (end - start) / 2
        w = np.where(t < 0, start + half * (1 + t), end - half * (1 - t))
        energy, slope = real_self_energy(law, w)
        with np.errstate(all="ignore"):
            g = 1 / (w - energy)
            return g, (slope - 1) * g**2 * half

    ones = np.ones(start.size)
    t = falling_root(transform, -ones, ones)
    half = (end - start) / 2
    places = np.where(t < 0, start + half * (1 + t), end - half * (1 - t))
    return places.tolist()


def _level(law: Law, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    return w - real_self_energy(law, w)[0]
