"""Spectra by the route that was published: whole matrices in float32."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.curvature.exact import MAX_ENTRIES, exact_matrix
from eigenscape.curvature.operators.risk_operator import RiskOperator


def single_precision_eigenvalues(
    operator: RiskOperator, *, scale: float = 1.0, max_entries: int = MAX_ENTRIES
) -> Float[np.ndarray, " P"]:
    """Compute all eigenvalues of the whole matrix in float32, rows that vanish too.

    They err by ε‖H‖, ε = 1.2 · 10⁻⁷: smaller ones are rounding. For comparison with
    what was published only.

    Args:
        operator: The operator, of a model in float32.
        scale: A factor; the batch size, where the published loss was a sum.
        max_entries: Most entries to compute, as a guard.

    Returns:
        P float32 numbers as float64, ascending.

    Raises:
        ValueError: The model is not in float32.

    References:
        Baskerville, Granziol and Keating (2022), Appearance of random matrix theory in
        deep learning, arXiv 2102.06740, by its public code.
    """
    if operator.dtype != torch.float32:
        message = f"operator: expected a model in float32, got {operator.dtype}"
        raise ValueError(message)
    found = exact_matrix(operator, double=False, max_entries=max_entries)
    whole = np.zeros((found.size, found.size), np.float32)
    whole[np.ix_(found.support, found.support)] = found.entries
    whole *= np.float32(scale)
    return np.linalg.eigvalsh(whole).astype(np.float64)
