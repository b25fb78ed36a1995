"""Points of one height above the axis that are near each other share one solution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Complex, Int

_CELL = 0.4  # of a height: points as near to each other start from one
_CROWD = 2  # as many share one more rung before they go to z itself, if not too low


@dataclass(frozen=True)
class Runs:
    """Points of one height in one cell, in a row.

    Attributes:
        heads: Where each run begins.
        members: Each point's run.
    """

    heads: Int[np.ndarray, " h"]
    members: Int[np.ndarray, " n"]

    @classmethod
    def of(cls, z: Complex[np.ndarray, " n"], alone: Bool[np.ndarray, " n"]) -> Runs:
        """Gather points, in the order of their real parts.

        Args:
            z: The points.
            alone: Which of them make a run by themselves.

        Returns:
            The runs.
        """
        if alone.all():
            return cls(np.arange(z.size), np.arange(z.size))
        height = np.imag(z)
        cell = np.floor(np.real(z) / (_CELL * height))
        first = np.ones(z.size, bool)
        first[1:] = (cell[1:] != cell[:-1]) | (height[1:] != height[:-1]) | alone[1:]
        return cls(np.flatnonzero(first), np.cumsum(first) - 1)

    @property
    def crowded(self) -> Bool[np.ndarray, " n"]:
        """Which points share their run with others."""
        counts = np.bincount(self.members)
        return np.asarray(counts[self.members] >= _CROWD)

    def shared(
        self,
        z: Complex[np.ndarray, " n"],
        w: Complex[np.ndarray, "k h"],
        slope: Complex[np.ndarray, "k h"],
        done: Bool[np.ndarray, " h"],
    ) -> tuple[
        Complex[np.ndarray, "k n"], Complex[np.ndarray, "k n"], Bool[np.ndarray, " n"]
    ]:
        """Hand what the first point of each run has found to all of it.

        Args:
            z: The points.
            w: What was found at the heads.
            slope: dw/dz there.
            done: Whether it was found.

        Returns:
            The three at all points, w to first order.
        """
        if self.heads.size == z.size:
            return w, slope, done
        along, slope = z - z[self.heads][self.members], slope[:, self.members]
        return w[:, self.members] + slope * along, slope, done[self.members]
