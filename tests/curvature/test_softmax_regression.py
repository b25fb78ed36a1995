"""Softmax regression, assembled."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, GaussNewton, Hessian
from eigenscape.curvature.softmax_regression import (
    is_gauss_newton,
    is_linear,
    softmax_regression_matrix,
)
from models import by_double_loop


def problem(model, examples=30, loss=functional.cross_entropy):
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        for param in model.parameters():
            with torch.no_grad():
                param.normal_()
        pair = torch.randn(examples, 4).double(), torch.randint(0, 3, (examples,))
    return EmpiricalRisk(model, loss, pair, batch_size=8), pair


LINEAR = [
    lambda: nn.Linear(4, 3),
    lambda: nn.Sequential(nn.Flatten(), nn.Linear(4, 3, bias=False)),
]


@pytest.mark.parametrize("make", LINEAR)
def test_has_the_eigenvalues_of_the_hessian(make) -> None:
    model = make().double()
    risk, pair = problem(model)
    wanted = np.linalg.eigvalsh(by_double_loop(model, pair).numpy())
    matrix = softmax_regression_matrix(risk)
    assert matrix is not None
    inputs = risk.size // 3
    assert len(matrix) == 2 * inputs
    found = np.sort(np.concatenate([np.linalg.eigvalsh(matrix), np.zeros(inputs)]))
    assert np.abs(found - wanted).max() <= 1e-14 * wanted[-1]


def test_other_models_and_losses_are_left_alone() -> None:
    deep = nn.Sequential(nn.Linear(4, 3), nn.Tanh()).double()
    weighted = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2, 3]).double())
    assert softmax_regression_matrix(problem(deep)[0]) is None
    linear = nn.Linear(4, 3).double()
    assert softmax_regression_matrix(problem(linear, loss=weighted)[0]) is None


def test_what_is_linear_and_what_is_gauss_newton() -> None:
    linear, _ = problem(nn.Linear(4, 3).double())
    deep, _ = problem(nn.Sequential(nn.Linear(4, 3), nn.Tanh()).double())
    assert is_linear(linear)
    assert not is_linear(deep)
    assert is_gauss_newton(Hessian(linear))
    assert not is_gauss_newton(Hessian(deep))
    assert is_gauss_newton(GaussNewton(deep))
