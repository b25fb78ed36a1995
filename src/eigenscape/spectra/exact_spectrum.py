"""ExactSpectrum: all eigenvalues of one matrix, and which of them mean something."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

ROUNDINGS = 10.0
"""The least c of the resolution c ε ‖H‖, for matrices of up to a hundred rows."""


@dataclass(frozen=True, eq=False)
class ExactSpectrum:
    """The eigenvalues of a symmetric matrix, computed where they can differ from zero.

    Attributes:
        eigenvalues: What was computed, ascending: as many as the matrix can have
            eigenvalues other than zero, by the structure that was used.
        dimension: The number P of all eigenvalues; those not computed are zero.
        zero_rows: Rows of the matrix that vanish: parameters without influence.
        resolution: Where |λ| is at most this, it is the rounding of the computation.
        route: How the eigenvalues were computed.
    """

    eigenvalues: Float[np.ndarray, " k"]
    dimension: int
    zero_rows: int
    resolution: float
    route: str

    @property
    def norm(self) -> float:
        """‖H‖, the largest |λ|."""
        return float(np.abs(self.eigenvalues).max(initial=0.0))

    @property
    def known_zeros(self) -> int:
        """How many eigenvalues are zero by structure, vanishing rows included."""
        return self.dimension - len(self.eigenvalues)

    @property
    def resolved(self) -> Float[np.ndarray, " m"]:
        """The eigenvalues above the resolution, ascending."""
        return self.eigenvalues[np.abs(self.eigenvalues) > self.resolution]

    @property
    def unresolved(self) -> int:
        """How many eigenvalues were computed that cannot be told from zero."""
        return len(self.eigenvalues) - len(self.resolved)

    def full(self) -> Float[np.ndarray, " P"]:
        """Put the zeros back.

        Returns:
            P eigenvalues, ascending.
        """
        return np.sort(np.concatenate([self.eigenvalues, np.zeros(self.known_zeros)]))

    def __str__(self) -> str:
        """Return the counts in a line.

        Returns:
            Text such as ``512 of 7850 eigenvalues above 2.1e-15; 4000 rows vanish``.
        """
        return (
            f"{len(self.resolved)} of {self.dimension} eigenvalues above "
            f"{self.resolution:.2g}; {self.zero_rows} rows vanish"
        )
