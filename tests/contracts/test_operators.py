"""What every linear operator promises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import (
    Dense,
    EmpiricalRisk,
    Hessian,
    LinearOperator,
    Scaled,
    Shifted,
    Sum,
    check_deterministic,
    check_symmetric,
)

SIZE = 23
ROUNDING = 100 * np.finfo(float).eps


def matrix(seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    square = torch.randn(SIZE, SIZE, generator=generator, dtype=torch.float64)
    return square + square.T


def hessian(batch_size: int, *, retain: bool = True) -> Hessian:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)).double()
        data = (torch.randn(10, 4).double(), torch.randint(0, 2, (10,)))
    risk = EmpiricalRisk(model, functional.cross_entropy, data, batch_size=batch_size)
    return Hessian(risk, retain=retain)


def hessian_matrix() -> torch.Tensor:
    operator = hessian(10)
    model, (x, y, _) = operator.risk.model, next(operator.risk.batches())

    def loss_at(flat: torch.Tensor) -> torch.Tensor:
        pieces = operator.risk.unflatten(flat)
        named = dict(zip(dict(model.named_parameters()), pieces, strict=True))
        output = torch.func.functional_call(model, named, (x,))
        return functional.cross_entropy(output, y)

    flat = operator.risk.flatten([p.detach() for p in operator.risk.params])
    return torch.autograd.functional.hessian(loss_at, flat)


A, B = matrix(0), matrix(1)
EYE = torch.eye(SIZE, dtype=torch.float64)
OPERATORS: dict[
    str, tuple[Callable[[], LinearOperator], Callable[[], torch.Tensor]]
] = {
    "dense": (lambda: Dense(A), lambda: A),
    "sum": (lambda: Sum(Dense(A), Dense(B)), lambda: A + B),
    "scaled": (lambda: Scaled(Dense(A), -2.5), lambda: -2.5 * A),
    "shifted": (lambda: Shifted(Dense(A), 0.7), lambda: A + 0.7 * EYE),
    "hessian": (lambda: hessian(10), hessian_matrix),
    "hessian, fresh graphs": (lambda: hessian(10, retain=False), hessian_matrix),
    "hessian, ragged minibatches": (lambda: hessian(4), hessian_matrix),
    "shifted hessian": (
        lambda: Shifted(Sum(hessian(4), Dense(A)), -0.3),
        lambda: hessian_matrix() + A - 0.3 * EYE,
    ),
}


@pytest.fixture(params=OPERATORS)
def case(request: pytest.FixtureRequest) -> tuple[LinearOperator, torch.Tensor]:
    operator, dense = OPERATORS[request.param]
    return operator(), dense()


def vectors(count: int, seed: int = 5) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(SIZE, count, generator=generator, dtype=torch.float64)


def test_equals_its_dense_matrix(case: tuple) -> None:
    operator, dense = case
    assert (operator.size, operator.dtype) == (SIZE, torch.float64)
    assert operator.device == dense.device
    assert (operator.matmat(EYE) - dense).norm() <= ROUNDING * dense.norm()


@pytest.mark.parametrize("count", [0, 1, 4])
def test_matmat_is_stacked_matvec(case: tuple, count: int) -> None:
    operator, dense = case
    v = vectors(count)
    products = operator.matmat(v)
    assert products.shape == v.shape
    for column in range(count):
        single = operator.matvec(v[:, column])
        assert (products[:, column] - single).norm() <= ROUNDING * dense.norm()


def test_default_matmat_is_stacked_matvec(case: tuple) -> None:
    operator, dense = case
    v = vectors(3)
    products = LinearOperator.matmat(operator, v)
    assert (products - dense @ v).norm() <= ROUNDING * dense.norm() * v.norm()


def test_is_linear(case: tuple) -> None:
    operator, dense = case
    v, w = vectors(2).unbind(1)
    joint = operator.matvec(2 * v - 3 * w)
    apart = 2 * operator.matvec(v) - 3 * operator.matvec(w)
    assert (joint - apart).norm() <= ROUNDING * dense.norm() * 5 * (v.norm() + w.norm())


def test_is_symmetric(case: tuple) -> None:
    operator, dense = case
    v, w = vectors(2).unbind(1)
    gap = abs(w @ operator.matvec(v) - v @ operator.matvec(w))
    assert gap <= ROUNDING * dense.norm() * v.norm() * w.norm()
    check_symmetric(operator, torch.Generator())


def test_repeats_itself_and_leaves_its_argument_alone(case: tuple) -> None:
    operator, _ = case
    v = vectors(1)[:, 0]
    kept = v.clone()
    first, second = operator.matvec(v), operator.matvec(v)
    assert torch.equal(first, second)
    assert first.data_ptr() != second.data_ptr()
    assert torch.equal(v, kept)
    assert not first.requires_grad
    check_deterministic(operator, torch.Generator())
