"""batch_noise: what the choice of a batch adds to an operator."""

from __future__ import annotations

import torch

from eigenscape.curvature.operators.algebra import Scaled, Sum
from eigenscape.curvature.operators.risk_operator import RiskOperator


def batch_noise(
    operator: RiskOperator, batch_size: int, *, generator: torch.Generator
) -> Sum:
    """Make the noise A_batch − A of an operator on a random batch.

    A product costs one with each of the two.

    Args:
        operator: A, of all the data: a Hessian, a Gauss-Newton matrix, or another
            operator of a risk.
        batch_size: Examples in the batch, drawn without replacement.
        generator: Source of the draw, on the processor.

    Returns:
        The noise; its ``first`` is the batch's operator.

    References:
        Baskerville, Keating, Mezzadri, Najnudel and Granziol (2022), arXiv 2205.08601:
        the noise s(b) X of the batch Hessian s(b) X + A.
    """
    batch = operator.over(operator.risk.subsample(batch_size, generator))
    return Sum(batch, Scaled(operator, -1.0))
