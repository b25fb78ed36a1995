"""ExactMatrix: the whole matrix of a small operator, without its zero rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int

from eigenscape.curvature.estimators.columns import CHUNK, Columns
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.curvature.probes import gaussian
from eigenscape.curvature.process import drive

PROBES = 2
"""Random vectors that look for zero rows: a row that is not zero gives an exact zero
with probability zero, but in floating point once in a great while."""

PROBE_SEED = 0

MAX_ENTRIES = 400_000_000
"""Most entries computed: a float64 matrix of 20,000 rows, 3.2 GB."""


@dataclass(frozen=True)
class ExactMatrix:
    """A symmetric matrix that vanishes outside some rows and columns.

    Attributes:
        entries: The rows and columns that do not vanish, symmetrised.
        support: Their positions among all, ascending.
        size: The number P of all rows.
        asymmetry: Largest |A − Aᵀ| before symmetrising, over the largest |A|: what
            rounding did to the products.
    """

    entries: Float[np.ndarray, "k k"]
    support: Int[np.ndarray, " k"]
    size: int
    asymmetry: float

    def eigenvalues(self) -> Float[np.ndarray, " P"]:
        """Compute all eigenvalues.

        Returns:
            P values, ascending: those of the entries, and a zero for each row left out.
        """
        values = np.linalg.eigvalsh(self.entries) if len(self.support) else []
        zeros = np.zeros(self.size - len(self.support))
        return np.sort(np.concatenate([values, zeros]))

    def full(self) -> Float[np.ndarray, "P P"]:
        """Put the zero rows and columns back.

        Returns:
            The whole matrix.
        """
        whole = np.zeros((self.size, self.size))
        whole[np.ix_(self.support, self.support)] = self.entries
        return whole


def exact_matrix(
    operator: LinearOperator,
    *,
    double: bool = True,
    chunk: int = CHUNK,
    max_entries: int = MAX_ENTRIES,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> ExactMatrix:
    """Compute every entry of a small operator.

    Rows that are structurally zero (units that never fire, pixels that are always
    black, parameters without influence) are found by random products, and cost
    nothing.

    Args:
        operator: The operator.
        double: Whether to compute the operator of a risk on a float64 copy of its
            model, whatever the model's own type.
        chunk: Columns computed through the same graphs; it bounds the memory to so
            many vectors and leaves the values as they are.
        max_entries: Most entries to compute, as a guard.
        checkpoint: A file that keeps the state of an interrupted run.
        progress: Whether to show a bar on standard error.

    Returns:
        The matrix in float64.

    Raises:
        ValueError: If there would be more entries than the guard allows, or ``chunk``
            is less than 1.
    """
    if chunk < 1:
        message = f"chunk: expected at least 1, got {chunk}"
        raise ValueError(message)
    single = operator.dtype != torch.float64
    if double and single and isinstance(operator, RiskOperator):
        operator = operator.over(operator.risk.double())
    support = _support(operator)
    if len(support) ** 2 > max_entries:
        message = (
            f"operator: expected at most {int(max_entries**0.5)} rows other than "
            f"zero, got {len(support)}; use spectral_measure and extreme_eigenpairs, "
            "or raise max_entries"
        )
        raise ValueError(message)
    process = Columns(operator, support, chunk=chunk)
    drive(process, operator, checkpoint=checkpoint, progress=progress)
    entries = process.entries
    largest = float(np.abs(entries).max(initial=0.0))
    gap = float(np.abs(entries - entries.T).max(initial=0.0))
    return ExactMatrix(
        entries=process.matrix(),
        support=support.numpy(),
        size=operator.size,
        asymmetry=gap / largest if largest else 0.0,
    )


def _support(operator: LinearOperator) -> torch.Tensor:
    probes = gaussian(
        operator.size,
        PROBES,
        generator=torch.Generator().manual_seed(PROBE_SEED),
        dtype=operator.dtype,
        device=operator.device,
    )
    return (operator.matmat(probes) != 0).any(dim=1).nonzero()[:, 0].cpu()
