"""BatchSweep: the largest eigenvalues of batch matrices over sizes and draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class BatchSweep:
    """The top eigenvalues of many batches, of one matrix at one checkpoint.

    Attributes:
        checkpoint: Name of the checkpoint.
        epoch: Epochs trained.
        data: Which examples batches are drawn from, such as "train".
        matrix: "hessian", "gauss-newton" or "residual", their difference.
        population: The number n of examples.
        batch_sizes: Batch sizes, ascending.
        values: The largest eigenvalues of each draw, descending; NaN where they have
            not converged or the size was left out.
        residuals: Their residual bounds; zeros where they are exact.
        products: Operator products spent on each draw; zeros where there were none.
        notes: What a reader should know, such as why a size was left out.
    """

    checkpoint: str
    epoch: float
    data: str
    matrix: str
    population: int
    batch_sizes: Int[np.ndarray, " b"]
    values: Float[np.ndarray, "b d k"]
    residuals: Float[np.ndarray, "b d k"]
    products: Int[np.ndarray, "b d"]
    notes: tuple[str, ...]

    @property
    def means(self) -> Float[np.ndarray, "b k"]:
        """Average over the draws that show an eigenvalue.

        Returns:
            Means; NaN where no draw does.
        """
        return _over_draws(self.values)

    @property
    def deviations(self) -> Float[np.ndarray, "b k"]:
        """Standard deviation of one draw.

        Returns:
            Sample deviations; NaN with fewer than two draws.
        """
        seen = np.isfinite(self.values).sum(1)
        squares = (self.values - self.means[:, None]) ** 2
        spread = np.nansum(squares, axis=1) / np.maximum(seen - 1, 1)
        return np.where(seen > 1, np.sqrt(spread), np.nan)


def _over_draws(values: Float[np.ndarray, "b d k"]) -> Float[np.ndarray, "b k"]:
    seen = np.isfinite(values).sum(1)
    total = np.nansum(values, axis=1)
    return np.where(seen > 0, total / np.maximum(seen, 1), np.nan)
