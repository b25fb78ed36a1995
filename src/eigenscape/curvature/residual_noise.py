"""How much of a batch Hessian's noise its Gauss-Newton part does not explain."""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.curvature.operators import GaussNewton, Hessian
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.spectra.sampling_noise.population import ResidualNoise

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
) -> ResidualNoise:
    """Measure the noise of Hessians beyond that of their Gauss-Newton matrices.

    Batches of size b drawn without replacement have (n − b)/(n − 1)/b of the variances
    of one example; those of both matrices are taken from the same batches, so that what
    they share cancels.

    Args:
        risk: The risk.
        directions: Orthonormal vectors, such as the leading eigenvectors of H.
        generator: Source of the batches.
        batches: Batches drawn, at least 2.
        batch_size: b; at most half of the examples are used.

    Returns:
        The variances of one example, unbiased, and the degrees of freedom at b. Each
        errs by about a third over 16 batches.

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
    whole = _products(risk, columns)
    count = columns.shape[1]
    within = np.zeros((count, count))
    across, own = np.empty((2, batches, count))
    for i in range(batches):
        drawn = _products(risk.subsample(size, generator), columns)
        hessian, gauss_newton = (
            part - mean for part, mean in zip(drawn, whole, strict=True)
        )
        parts = [hessian, gauss_newton, hessian - gauss_newton]
        squares = [_numbers(part.square().sum(0)) for part in parts]
        forms = [_numbers(columns.T @ part) ** 2 for part in parts[:2]]
        excess = forms[0] - forms[1]
        within += excess
        across[i] = squares[0] - squares[1] - excess.sum(0)
        own[i] = squares[2]
    scale = size * (n - 1) / (n - size)
    return ResidualNoise(
        scale * within / batches, scale * across.mean(axis=0), _freedom(own)
    )


def _products(
    risk: EmpiricalRisk, columns: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    return (
        Hessian(risk, check=False).matmat(columns),
        GaussNewton(risk, check=False).matmat(columns),
    )


def _numbers(values: torch.Tensor) -> Float[np.ndarray, "*shape"]:
    return values.cpu().numpy().astype(float)


def _freedom(values: Float[np.ndarray, "b k"]) -> float:
    # A scaled χ² of ν degrees has the squared mean ν/2 times the variance.
    spread = float(values.var(axis=0, ddof=1).mean())
    mean = float((values.mean(axis=0) ** 2).mean())
    return 2 * mean / spread if spread > 0 else math.inf
