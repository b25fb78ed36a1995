"""What a search ended at: a critical point, one at infinity, a trap, or nothing yet.

A small gradient does not make a critical point. With δ the Newton step, of the
eigenvalues that rounding leaves, a point with |∇L|² ≤ tolerance is

    critical    if |δ| ≤ reach: the zero of the gradient is right here, unless it is
                degenerate and slides along directions that rounding leaves flat;
    escaping    otherwise: a step along weights that saturate shrinks the gradient and
                leaves the next step as long, so that the zero lies at infinity;

and one with a larger gradient is

    trap        if |H∇L| ≤ flatness |H| |∇L|: |∇L|² is stationary, ∇L is not zero;
    unfinished  otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from eigenscape.core import ConvergenceError, Table

STATUSES = ("critical", "escaping", "trap", "unfinished")


@dataclass(frozen=True)
class PointTest:
    """The thresholds of the test.

    Attributes:
        tolerance: Of |∇L|². Default for a second-order search; the published search
            took 1e-6.
        reach: Of |δ|, in the units of the parameters. Default tuned: Newton's steps
            along saturating weights are of order 1.
        flatness: Of |H∇L| / (|H| |∇L|), the idea of Frye et al. (2021), Critical
            point-finding methods reveal gradient-flat regions of deep network losses,
            Neural Computation 33. The threshold is ours.
    """

    tolerance: float = 1e-20
    reach: float = 1e-2
    flatness: float = 1e-3


@dataclass(frozen=True)
class SearchedPoints:
    """What searches ended at, one row a start.

    Attributes:
        ratio: φ, parameters over targets.
        test: The thresholds.
        start_energies: ε where the search for a zero of the gradient began.
        energies: ε at the end.
        squares: |∇L|².
        negative: Eigenvalues below −resolution.
        unresolved: Eigenvalues within it: the index is from `negative` to the sum.
        resolutions: P machine epsilons of |H|, and by how much H changes over δ where
            that is short.
        distances: |δ|.
        flatness: |H∇L| / (|H| |∇L|); 0 where the gradient is.
        statuses: Positions in `STATUSES`.
        steps: Steps of the search.
        points: The parameters.
    """

    ratio: float
    test: PointTest
    start_energies: Float[np.ndarray, " s"]
    energies: Float[np.ndarray, " s"]
    squares: Float[np.ndarray, " s"]
    negative: Int[np.ndarray, " s"]
    unresolved: Int[np.ndarray, " s"]
    resolutions: Float[np.ndarray, " s"]
    distances: Float[np.ndarray, " s"]
    flatness: Float[np.ndarray, " s"]
    statuses: Int[np.ndarray, " s"]
    steps: Int[np.ndarray, " s"]
    points: Float[np.ndarray, "s P"]

    @property
    def index(self) -> Float[np.ndarray, " s"]:
        """α, the share of eigenvalues that are surely negative."""
        return self.negative / self.points.shape[1]

    @property
    def nondegenerate(self) -> Bool[np.ndarray, " s"]:
        """Which are critical points with every eigenvalue away from zero."""
        return self.are("critical") & (self.unresolved == 0)

    def are(self, status: str) -> Bool[np.ndarray, " s"]:
        """Tell which searches ended so.

        Args:
            status: One of `STATUSES`.

        Returns:
            A mask.
        """
        return self.statuses == STATUSES.index(status)

    def accepted(self, tolerance: float) -> Bool[np.ndarray, " s"]:
        """Tell which searches a test of the gradient alone would accept.

        Args:
            tolerance: Of |∇L|²; the published one is 1e-6.

        Returns:
            A mask.
        """
        return self.squares <= tolerance

    def where(self, mask: Bool[np.ndarray, " s"]) -> SearchedPoints:
        """Select searches.

        Args:
            mask: Which.

        Returns:
            Them alone.
        """
        names = (*_COLUMNS, "points")
        return replace(self, **{name: getattr(self, name)[mask] for name in names})

    def found(self) -> SearchedPoints:
        """Select the critical points.

        Returns:
            The searches that ended at one.

        Raises:
            ConvergenceError: None did.
        """
        if self.are("critical").any():
            return self.where(self.are("critical"))
        ends = ", ".join(f"{self.are(s).sum()} {s}" for s in STATUSES[1:])
        what = f"the search for critical points ({ends}; energy and index are in them)"
        raise ConvergenceError(
            what,
            iterations=int(self.steps.max(initial=0)),
            residual=float(self.squares.min(initial=np.inf)),
            remedy="take more steps, more starts, or lower levels",
        )

    def to_table(self) -> Table:
        """Lay the searches out, without the parameters.

        Returns:
            One row a start.
        """
        columns = [getattr(self, name).tolist() for name in _COLUMNS]
        columns[_COLUMNS.index("statuses")] = [STATUSES[i] for i in self.statuses]
        return Table(_COLUMNS, tuple(zip(*columns, strict=True)))


def joined(parts: Sequence[SearchedPoints]) -> SearchedPoints:
    """Put searches of one problem and one test together.

    Args:
        parts: At least one.

    Returns:
        All of their rows.
    """
    columns = [
        np.concatenate([getattr(part, f.name) for part in parts])
        for f in fields(SearchedPoints)[2:]
    ]
    return SearchedPoints(parts[0].ratio, parts[0].test, *columns)


_COLUMNS = (
    "start_energies",
    "energies",
    "squares",
    "negative",
    "unresolved",
    "resolutions",
    "distances",
    "flatness",
    "statuses",
    "steps",
)
