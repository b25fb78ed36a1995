"""How much of a batch Hessian's noise its Gauss-Newton part does not explain."""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.core import Estimate
from eigenscape.curvature.operators import GaussNewton, Hessian
from eigenscape.curvature.risk import EmpiricalRisk

BATCHES = 16
"""Batches drawn: the standard error is about a third of the noise, or less."""

BATCH_SIZE = 64
"""Their size: 16 batches are as much work as a product over 1,024 examples, twice."""


def residual_noise(
    risk: EmpiricalRisk,
    directions: Float[np.ndarray, "k P"],
    *,
    generator: torch.Generator,
    batches: int = BATCHES,
    batch_size: int = BATCH_SIZE,
) -> Estimate:
    """Measure E‖(Hᵢ − H)u‖² − E‖(Gᵢ − G)u‖², averaged over directions u.

    Hᵢ = Gᵢ + Rᵢ is the Hessian of an example's loss. Batches of size b drawn without
    replacement have (n − b)/(n − 1)/b of either variance; both are taken from the same
    batches, so that what they share cancels.

    Args:
        risk: The risk.
        directions: Unit vectors, such as the leading eigenvectors of H.
        generator: Source of the batches.
        batches: Batches drawn, at least 2.
        batch_size: b, at most half of the examples are used.

    Returns:
        The difference of one example, unbiased, with its standard error over batches;
        units of the eigenvalue squared. It may be negative: the residual part can
        work against the Gauss-Newton part.

    Raises:
        ValueError: There are fewer than two batches or examples.
    """
    n = risk.examples
    if batches < 2 or n < 2:
        message = (
            f"batches: expected at least 2 batches and 2 examples, got {batches} of {n}"
        )
        raise ValueError(message)
    size = max(min(batch_size, n // 2), 1)
    columns = torch.as_tensor(directions.T.copy(), dtype=risk.dtype).to(risk.device)
    totals = [
        kind(risk, check=False).matmat(columns) for kind in (Hessian, GaussNewton)
    ]
    values = np.empty(batches)
    for i in range(batches):
        batch = risk.subsample(size, generator)
        hessian, gauss_newton = (
            float((kind(batch, check=False).matmat(columns) - total).square().sum())
            for kind, total in zip((Hessian, GaussNewton), totals, strict=True)
        )
        values[i] = (hessian - gauss_newton) / columns.shape[1]
    values *= size * (n - 1) / (n - size)
    error = float(values.std(ddof=1)) / math.sqrt(batches)
    return Estimate(float(values.mean()), error, batches)
