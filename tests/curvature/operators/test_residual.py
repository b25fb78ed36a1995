"""The residual part of the Hessian, beyond its split in test_gauss_newton."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, Hessian, Residual
from models import problem


def dense(operator) -> torch.Tensor:
    return operator.matmat(torch.eye(operator.size, dtype=operator.dtype))


def test_vanishes_for_models_linear_in_their_parameters() -> None:
    x = torch.randn(9, 4, generator=torch.Generator().manual_seed(0)).double()
    model = nn.Linear(4, 3).double()
    risk = EmpiricalRisk(model, functional.cross_entropy, (x, x[:, :3].argmax(1)))
    assert not dense(Residual(risk)).any()


def test_vanishes_where_the_model_interpolates() -> None:
    model, (x, _) = problem("mlp")
    risk = EmpiricalRisk(model, functional.mse_loss, (x, model(x).detach()))
    whole = dense(Hessian(risk))
    assert dense(Residual(risk)).norm() <= 100 * np.finfo(float).eps * whole.norm()
