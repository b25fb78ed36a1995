"""ExactMatrix: the whole matrix of a small operator, without its zero rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int, Int64

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

_TILE = 512


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

    @property
    def zero_rows(self) -> int:
        """How many rows vanish."""
        return self.size - len(self.support)

    def blocks(self) -> tuple[Int[np.ndarray, " _"], ...]:
        """Find the blocks that no entry couples.

        Returns:
            Positions among the rows of ``entries``, block by block, each ascending.
        """
        left = np.ones(len(self.entries), dtype=bool)
        found: list[np.ndarray] = []
        while left.any():
            block = np.zeros_like(left)
            fresh = np.flatnonzero(left)[:1]
            while fresh.size:
                block[fresh] = True
                rows = np.array_split(fresh, -(-fresh.size // _TILE))
                reached = np.zeros_like(left)
                for part in rows:
                    reached |= (self.entries[part] != 0).any(axis=0)
                fresh = np.flatnonzero(reached & ~block)
            left &= ~block
            found.append(np.flatnonzero(block))
        return tuple(found)

    def nonzero_eigenvalues(self) -> Float[np.ndarray, " k"]:
        """Compute the eigenvalues of the entries, block by block.

        Returns:
            One value a row that does not vanish, ascending.
        """
        blocks = self.blocks()
        if len(blocks) == 1:
            return np.linalg.eigvalsh(self.entries)
        each = [np.linalg.eigvalsh(self.entries[np.ix_(b, b)]) for b in blocks]
        return np.sort(np.concatenate([*each, np.empty(0)]))

    def eigenvalues(self) -> Float[np.ndarray, " P"]:
        """Compute all eigenvalues.

        Returns:
            P values, ascending: those of the entries, and a zero for each row left out.
        """
        zeros = np.zeros(self.zero_rows)
        return np.sort(np.concatenate([self.nonzero_eigenvalues(), zeros]))

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
    support = nonzero_rows(operator)
    if len(support) ** 2 > max_entries:
        message = (
            f"operator: expected at most {int(max_entries**0.5)} rows other than "
            f"zero, got {len(support)}; use spectral_measure and extreme_eigenpairs, "
            "or raise max_entries"
        )
        raise ValueError(message)
    process = Columns(operator, support, chunk=chunk)
    drive(process, operator, checkpoint=checkpoint, progress=progress)
    largest, gap = _symmetrise(process.entries)
    return ExactMatrix(
        entries=process.entries,
        support=support.numpy(),
        size=operator.size,
        asymmetry=gap / largest if largest else 0.0,
    )


def nonzero_rows(operator: LinearOperator) -> Int64[torch.Tensor, " k"]:
    """Find the rows of an operator that do not vanish, by random products.

    Args:
        operator: The operator.

    Returns:
        Their positions, ascending.
    """
    probes = gaussian(
        operator.size,
        PROBES,
        generator=torch.Generator().manual_seed(PROBE_SEED),
        dtype=operator.dtype,
        device=operator.device,
    )
    return (operator.matmat(probes) != 0).any(dim=1).nonzero()[:, 0].cpu()


def _symmetrise(entries: Float[np.ndarray, "k k"]) -> tuple[float, float]:
    """Replace A by (A + Aᵀ)/2 in place, tile by tile: a copy may not fit in memory.

    Args:
        entries: The matrix.

    Returns:
        The largest |A| and |A − Aᵀ| before.
    """
    tiles = [slice(k, k + _TILE) for k in range(0, len(entries), _TILE)]
    largest = gap = 0.0
    for k, rows in enumerate(tiles):
        for columns in tiles[: k + 1]:
            below, above = entries[rows, columns], entries[columns, rows].T
            gap = max(gap, float(np.abs(below - above).max()))
            largest = max(largest, float(np.abs(below).max()), np.abs(above).max())
            mean = (below + above) / 2
            entries[rows, columns] = mean
            entries[columns, rows] = mean.T
    return largest, gap
