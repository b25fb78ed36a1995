"""The noise of batches has mean zero, and none is left of the whole."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, GaussNewton, Hessian, batch_noise
from models import problem

EPSILON = np.finfo(float).eps


def dense(operator) -> torch.Tensor:
    return operator.matmat(torch.eye(operator.size, dtype=operator.dtype))


def test_batch_noise_has_mean_zero() -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data)
    generator = torch.Generator().manual_seed(0)
    for kind in (Hessian, GaussNewton):
        operator = kind(risk)
        draws = torch.stack([
            dense(batch_noise(operator, 3, generator=generator)) for _ in range(15)
        ])
        # 529 entries, Student's t of 14 degrees: one beyond 8 in a thousand seeds
        error = draws.std(0) / 15**0.5
        assert (draws.mean(0).abs() <= 8 * error + 1e-15).all()
        whole = batch_noise(operator, 10, generator=generator)
        assert dense(whole).norm() <= 100 * EPSILON * dense(operator).norm()
