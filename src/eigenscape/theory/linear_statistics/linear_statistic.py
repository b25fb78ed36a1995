"""The Gaussian limit of linear statistics, and the sums it is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Inexact

from eigenscape.core import ConvergenceError

Function = Callable[[Inexact[np.ndarray, " n"]], Inexact[np.ndarray, " n"]]

_FEWEST_NODES = 64
_MOST_NODES = 1 << 17
_TOLERANCE = 1e-11


@dataclass(frozen=True)
class LinearStatistic:
    """The Gaussian limit of ∑ᵢ fⱼ(λᵢ) − N ∫ fⱼ dρ for the functions f₁, …, f_k.

    Attributes:
        mean: What the limit law leaves out of the expectations.
        covariance: Covariance of the k statistics.
    """

    mean: Float[np.ndarray, " k"]
    covariance: Float[np.ndarray, "k k"]

    @property
    def standard_deviation(self) -> Float[np.ndarray, " k"]:
        """Standard deviations of the k statistics."""
        return np.sqrt(np.maximum(np.diagonal(self.covariance), 0))

    @classmethod
    def from_columns(cls, columns: Float[np.ndarray, "k m"]) -> LinearStatistic:
        """Take the mean from the first column and the covariance from the others.

        Args:
            columns: As many rows as functions, and one column more.

        Returns:
            The two together.
        """
        return cls(columns[:, 0], columns[:, 1:])


def bilinear(
    first: Inexact[np.ndarray, "j m"], second: Inexact[np.ndarray, "k m"]
) -> Inexact[np.ndarray, "j k"]:
    """Sum k aₖ bₖ over k ≥ 1.

    Args:
        first: Rows of coefficients a₀, a₁, …
        second: Rows of coefficients b₀, b₁, …

    Returns:
        The sum for each pair of rows.
    """
    return (first * np.arange(first.shape[1])) @ second.T


def converged(
    at: Callable[[int], tuple[Float[np.ndarray, "k m"], float]],
) -> Float[np.ndarray, "k m"]:
    """Double the number of nodes until nothing changes.

    Args:
        at: The answer with so many nodes, and a residual of its own.

    Returns:
        The answer, changed by less than 1e-11 of its largest entry by the doubling.

    Raises:
        ConvergenceError: It keeps changing, or the residual stays above 1e-11.
    """
    count, residual, previous = _FEWEST_NODES, np.inf, at(_FEWEST_NODES)[0]
    while count < _MOST_NODES:
        count *= 2
        current, unfit = at(count)
        scale = np.abs(current).max() + np.finfo(float).tiny
        residual = max(float(np.abs(current - previous).max() / scale), unfit)
        if residual < _TOLERANCE:
            return current
        previous = current
    what = "the covariance of the linear statistics"
    remedy = "smooth the functions: analytic ones, where a contour is used, inside it"
    raise ConvergenceError(what, iterations=count, residual=residual, remedy=remedy)
