"""The Hessian against dense second derivatives of many kinds of model."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.core import NondeterministicOperatorError
from eigenscape.curvature import EmpiricalRisk, Hessian
from models import MODELS, Named, by_double_loop, problem, trainable


def dense(operator: Hessian) -> torch.Tensor:
    return operator.matmat(torch.eye(operator.size, dtype=operator.dtype))


def by_differences(
    model: nn.Module, data: tuple[torch.Tensor, torch.Tensor], step: float
) -> torch.Tensor:
    model = copy.deepcopy(model)
    params = trainable(model)

    def gradient() -> torch.Tensor:
        loss = functional.cross_entropy(model(data[0]), data[1])
        pieces = torch.autograd.grad(
            loss, params, allow_unused=True, materialize_grads=True
        )
        return torch.cat([piece.flatten() for piece in pieces])

    columns = []
    for param in params:
        for index in range(param.numel()):
            ends = []
            for shift in (step, -2 * step):
                with torch.no_grad():
                    param.view(-1)[index] += shift
                ends.append(gradient())
            with torch.no_grad():
                param.view(-1)[index] += step
            columns.append((ends[0] - ends[1]) / (2 * step))
    return torch.stack(columns, dim=1)


@pytest.mark.parametrize("name", MODELS)
def test_equals_dense_double_loop(name: str) -> None:
    model, data = problem(name)
    hessian = Hessian(EmpiricalRisk(model, functional.cross_entropy, data))
    found, expected = dense(hessian), by_double_loop(model, data)
    assert (found - expected).norm() <= 1e-10 * expected.norm()
    if name == "unused":
        assert torch.equal(found[:6], torch.zeros(6, hessian.size).double())


@pytest.mark.parametrize("name", MODELS)
def test_equals_differences_of_gradients(name: str) -> None:
    model, data = problem(name)
    expected = by_differences(model, data, step := 1e-5)
    found = dense(Hessian(EmpiricalRisk(model, functional.cross_entropy, data)))
    error = (found - expected).norm() / expected.norm()
    # truncation step² and rounding ε/step, each with room for the fourth derivative
    assert error <= 1e3 * (step**2 + np.finfo(float).eps / step)


class WithSlopes(nn.Module):
    """A network and its own derivative in the input, as for differential equations."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Linear(2, 4), nn.LayerNorm(4), nn.GELU(), nn.Linear(4, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.detach().requires_grad_()
        value = self.inner(x)
        (slope,) = torch.autograd.grad(value.sum(), x, create_graph=True)
        return torch.cat([value, slope], dim=1)


def test_models_that_differentiate_themselves() -> None:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model = WithSlopes().double()
        data = (torch.randn(9, 2).double(), torch.randn(9, 3).double())
    risk = EmpiricalRisk(model, functional.mse_loss, data, batch_size=4)
    found = dense(Hessian(risk))
    step, columns = 1e-5, []
    for unit in torch.eye(risk.size).double():
        ends = []
        for length in (step, -step):
            moved = copy.deepcopy(model)
            with torch.no_grad():
                for p, d in zip(moved.parameters(), risk.unflatten(unit), strict=True):
                    p.add_(d, alpha=length)
            loss = functional.mse_loss(moved(data[0]), data[1])
            pieces = torch.autograd.grad(loss, list(moved.parameters()))
            ends.append(torch.cat([piece.flatten() for piece in pieces]))
        columns.append((ends[0] - ends[1]) / (2 * step))
    expected = torch.stack(columns, dim=1)
    # truncation step² and rounding ε/step, with room for the fourth derivative; by
    # PyTorch's own third derivative of layer norm it would be far off
    assert (found - expected).norm() <= 1e-6 * expected.norm()


def test_equals_autograd_functional_hessian() -> None:
    model, data = problem("mlp")
    shapes = [param.shape for param in model.parameters()]

    def loss_at(flat: torch.Tensor) -> torch.Tensor:
        pieces = flat.split([shape.numel() for shape in shapes])
        named = {
            name: piece.view(shape)
            for (name, _), piece, shape in zip(
                model.named_parameters(), pieces, shapes, strict=True
            )
        }
        output = torch.func.functional_call(model, named, (data[0],))
        return functional.cross_entropy(output, data[1])

    flat = torch.cat([param.detach().flatten() for param in model.parameters()])
    expected = torch.autograd.functional.hessian(loss_at, flat)
    hessian = Hessian(EmpiricalRisk(model, functional.cross_entropy, data))
    assert (dense(hessian) - expected).norm() <= 1e-10 * expected.norm()


@pytest.mark.parametrize("batch_size", [3, 7, 99])
def test_ragged_minibatches_are_weighted_by_examples(batch_size: int) -> None:
    model, data = problem("transformer")
    risk = EmpiricalRisk(model, functional.cross_entropy, data, batch_size=batch_size)
    expected = by_double_loop(model, data)
    assert (dense(Hessian(risk)) - expected).norm() <= 1e-10 * expected.norm()


def test_nested_inputs_from_a_data_set_of_mappings() -> None:
    _, (x, y) = problem("mlp")
    model = Named().double()
    items = [
        ({"first": row, "nested": (row, {"deep": row})}, target)
        for row, target in zip(x, y, strict=True)
    ]
    risk = EmpiricalRisk(model, functional.cross_entropy, items, batch_size=4)
    expected = by_double_loop(model.inner, (x + x * x, y))
    assert (dense(Hessian(risk)) - expected).norm() <= 1e-10 * expected.norm()


def test_linear_least_squares_in_closed_form() -> None:
    x = torch.randn(12, 5, generator=torch.Generator().manual_seed(0)).double()
    model = nn.Linear(5, 1).double()
    risk = EmpiricalRisk(model, functional.mse_loss, (x, x[:, :1]), batch_size=5)
    ones = torch.cat([x, torch.ones(12, 1).double()], dim=1)
    expected = 2 * ones.T @ ones / 12
    torch.testing.assert_close(dense(Hessian(risk)), expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    "loss",
    [
        lambda output, target: output.mean(),
        lambda output, target: target.double().mean(),
    ],
    ids=["linear", "constant"],
)
def test_loss_without_curvature_gives_zeros(loss: Callable) -> None:
    x = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)).double()
    hessian = Hessian(EmpiricalRisk(nn.Linear(4, 1).double(), loss, (x, x[:, 0])))
    assert not dense(hessian).any()


@pytest.mark.parametrize("retain", [True, False])
def test_follows_parameters_changed_by_the_caller(retain: bool) -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data)
    hessian = Hessian(risk, retain=retain)
    dense(hessian)
    with torch.no_grad():
        model[2].bias.add_(1)
    expected = by_double_loop(model, data)
    assert (dense(hessian) - expected).norm() <= 1e-10 * expected.norm()


def test_a_graph_is_kept_from_the_second_product_on() -> None:
    model, data = problem("mlp")
    calls: list[int] = []
    model.register_forward_hook(lambda *_: calls.append(1))
    risk = EmpiricalRisk(model, functional.cross_entropy, data)
    counts = []
    for retain in (True, False):
        operator = Hessian(risk, check=False, retain=retain)
        calls.clear()
        for _ in range(3):
            operator.matvec(torch.ones(risk.size).double())
        counts.append(len(calls))
    assert counts == [2, 3]


def test_no_graph_is_kept_while_parameters_move() -> None:
    model, data = problem("mlp")
    calls: list[int] = []
    model.register_forward_hook(lambda *_: calls.append(1))
    risk = EmpiricalRisk(model, functional.cross_entropy, data)
    operator = Hessian(risk, check=False)
    calls.clear()
    for _ in range(3):
        operator.matvec(torch.ones(risk.size).double())
        assert not operator._kept
        with torch.no_grad():
            next(model.parameters()).mul_(0.9)
    assert len(calls) == 3


def test_many_vectors_share_one_graph_a_minibatch() -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data, batch_size=4)
    hessian = Hessian(risk, check=False, retain=False)
    calls: list[int] = []
    model.register_forward_hook(lambda *_: calls.append(1))
    hessian.matmat(torch.ones(risk.size, 5).double())
    assert len(calls) == risk.minibatches == 3


def test_works_where_the_caller_records_no_gradients() -> None:
    model, data = problem("mlp")
    hessian = Hessian(EmpiricalRisk(model, functional.cross_entropy, data))
    expected = hessian.matvec(vector := torch.ones(hessian.size).double())
    with torch.no_grad():
        risk = EmpiricalRisk(model, functional.cross_entropy, data)
        assert torch.equal(Hessian(risk).matvec(vector), expected)
    with torch.inference_mode():
        assert torch.equal(hessian.matvec(vector), expected)
        assert torch.equal(Hessian(risk).matvec(vector), expected)


def test_active_dropout_is_refused() -> None:
    _, data = problem("mlp")
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 2)).double()
    risk = EmpiricalRisk(model, functional.cross_entropy, data)
    with pytest.raises(NondeterministicOperatorError, match=r"model\.eval\(\)"):
        Hessian(risk)
    model.eval()
    Hessian(risk)


def test_products_that_are_not_finite_name_the_minibatch() -> None:
    model = nn.Linear(1, 1, bias=False).double()
    nn.init.constant_(model.weight, 1.0)
    data = (torch.tensor([[1.0], [1.0], [0.0]]).double(), torch.zeros(3))

    def loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return output.abs().pow(1.5).mean()  # infinite second derivative at 0

    hessian = Hessian(EmpiricalRisk(model, loss, data, batch_size=2), check=False)
    with pytest.raises(ValueError, match=r"Hessian product: .* on minibatch 1"):
        hessian.matvec(torch.ones(1).double())


def test_vector_that_does_not_fit_is_refused() -> None:
    model, data = problem("mlp")
    hessian = Hessian(EmpiricalRisk(model, functional.cross_entropy, data))
    with pytest.raises(ValueError, match=r"vector: expected torch\.float64"):
        hessian.matvec(torch.ones(hessian.size))
    with pytest.raises(ValueError, match=r"vector: expected shape \(23,\), got \(3,\)"):
        hessian.matvec(torch.ones(3).double())
