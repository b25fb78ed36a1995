"""Block matrices with independent Gaussian entries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.theory.operator_valued.equation import DysonEquation
from eigenscape.theory.operator_valued.self_energies import GaussianPart
from eigenscape.theory.operator_valued.spectrum import PencilSpectrum

_ROUNDING = 1e-12


@dataclass(frozen=True)
class GaussianBlocks:
    """A symmetric or Hermitian matrix of blocks with independent Gaussian entries.

    Of N rows block i has αᵢ N. Its resolvent has the traces Gᵢ = 1 / (z − aᵢ −
    ∑ⱼ vᵢⱼ αⱼ Gⱼ), and g = ∑ᵢ αᵢ Gᵢ: the vector Dyson equation.

    Attributes:
        variances: vᵢⱼ: N times the variance of the entries of block (i, j), off the
            diagonal of the matrix; symmetric.
        fractions: αᵢ, positive, summing to 1.
        shifts: aᵢ, added to the diagonal of block i.

    References:
        Ajanki, Erdős and Krüger (2019), Quadratic vector equations on complex upper
        half-plane, Memoirs of the American Mathematical Society 261.
    """

    variances: Float[np.ndarray, "k k"]
    fractions: Float[np.ndarray, " k"]
    shifts: Float[np.ndarray, " k"]

    def __post_init__(self) -> None:
        v = self.variances
        proper = (v >= 0).all() and np.isfinite(v).all() and v.any()
        if not (proper and np.array_equal(v, v.T)):
            message = (
                f"variances: expected a symmetric matrix of numbers ≥ 0, not all 0, "
                f"got {v}"
            )
            raise ValueError(message)
        if not (
            (self.fractions > 0).all() and abs(self.fractions.sum() - 1) < _ROUNDING
        ):
            message = (
                f"fractions: expected positive numbers summing to 1, got "
                f"{self.fractions}; divide by the sum"
            )
            raise ValueError(message)
        if not np.isfinite(self.shifts).all():
            message = f"shifts: expected finite numbers, got {self.shifts}"
            raise ValueError(message)


def block_spectrum(blocks: GaussianBlocks) -> PencilSpectrum:
    """Find the spectral distribution of a block matrix of Gaussian entries.

    Args:
        blocks: The blocks.

    Returns:
        Its law, as the transform and the density.
    """
    count = blocks.fractions.size
    i, j = np.indices((count, count)).reshape(2, -1)
    units = np.zeros((count**2, count, count))
    units[np.arange(count**2), i, j] = np.sqrt(
        blocks.variances * blocks.fractions
    ).ravel()
    row_sums = blocks.variances @ blocks.fractions
    radius = float(np.abs(blocks.shifts).max() + 2 * np.sqrt(row_sums.max()))
    equation = DysonEquation(
        np.diag(blocks.shifts).astype(complex),
        np.eye(count),
        np.diag(blocks.fractions),
        (GaussianPart.of(units),),
        radius,
    )
    return PencilSpectrum(equation)
