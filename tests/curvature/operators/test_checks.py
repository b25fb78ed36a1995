"""Operators that are not deterministic or not symmetric are found out."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import Dataset

from eigenscape.core import NondeterministicOperatorError
from eigenscape.curvature import (
    Dense,
    EmpiricalRisk,
    Hessian,
    Scaled,
    Shifted,
    Sum,
    check_deterministic,
    check_symmetric,
)


class Augmented(Dataset):
    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.ones(3) * index + random.random(), torch.ones(1)


class Wrong(torch.autograd.Function):
    """The identity with a first derivative that is the gradient of nothing."""

    @staticmethod
    def forward(ctx, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x.clone()

    @staticmethod
    def backward(ctx, grad: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return grad * (1 + x.roll(1, -1))


class WrongModel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return Wrong.apply(self.inner(x))


def noisy() -> Hessian:
    risk = EmpiricalRisk(nn.Linear(3, 1), functional.mse_loss, Augmented())
    return Hessian(risk, check=False)


def symmetric(dtype: torch.dtype) -> torch.Tensor:
    matrix = torch.randn(50, 50, generator=torch.Generator().manual_seed(0)).to(dtype)
    return matrix + matrix.T


def is_refused(matrix: torch.Tensor, seed: int) -> bool:
    try:
        check_symmetric(Dense(matrix), torch.Generator().manual_seed(seed))
    except ValueError:
        return True
    return False


def test_random_augmentation_is_found_through_combinations() -> None:
    for operator in (
        noisy(),
        Sum(noisy(), noisy()),
        Scaled(Shifted(noisy(), 1.0), 2.0),
    ):
        with pytest.raises(
            NondeterministicOperatorError, match="same examples in every"
        ):
            check_deterministic(operator, torch.Generator())


def test_a_matrix_is_deterministic() -> None:
    check_deterministic(Dense(symmetric(torch.float32)), torch.Generator())
    check_deterministic(Dense(torch.zeros(3, 3)), torch.Generator())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_asymmetry_is_found_well_above_rounding_only(dtype: torch.dtype) -> None:
    matrix = symmetric(dtype)
    skew = torch.randn(50, 50, generator=torch.Generator().manual_seed(1)).to(dtype)
    skew = (skew - skew.T) * torch.finfo(dtype).eps ** 0.5
    assert not any(is_refused(matrix, seed) for seed in range(20))
    assert not any(is_refused(matrix + 0.01 * skew, seed) for seed in range(20))
    # the gap is normal, of a hundred times the tolerance: one in a hundred hides
    assert sum(is_refused(matrix + 100 * skew, seed) for seed in range(20)) >= 18
    with pytest.raises(ValueError, match="expected u·Av = v·Au"):
        check_symmetric(Dense(matrix + 1e4 * skew), torch.Generator())


def test_wrong_derivatives_of_a_model_are_found() -> None:
    x = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    risk = EmpiricalRisk(WrongModel(), functional.mse_loss, (x, x), batch_size=8)
    with pytest.raises(ValueError, match="by central differences"):
        Hessian(risk)
    with pytest.raises(ValueError, match="expected u·Av = v·Au"):
        check_symmetric(Hessian(risk, check=False), torch.Generator())


class ForgetfulSquare(torch.autograd.Function):
    """x² whose gradient 2x is right, and whose second derivative is half of 2."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return slopes[0] * (x + x.detach())


class Forgetful(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.3, -0.8, 1.1]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * ForgetfulSquare.apply(self.weight)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_wrong_but_symmetric_second_derivatives_are_found(dtype: torch.dtype) -> None:
    x = torch.randn(20, 3, generator=torch.Generator().manual_seed(0)).to(dtype)
    risk = EmpiricalRisk(Forgetful().to(dtype), functional.mse_loss, (x, x))
    check_symmetric(Hessian(risk, check=False), torch.Generator())
    with pytest.raises(ValueError, match="look for a custom backward"):
        Hessian(risk)
