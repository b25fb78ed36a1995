"""Gauss-Newton and Fisher matrices against dense Jacobians of many kinds of model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk
from eigenscape.curvature.operators import Fisher, GaussNewton, Hessian, Residual
from models import MODELS, by_double_loop, jacobian, problem


def dense(operator: Any) -> torch.Tensor:
    return operator.matmat(torch.eye(operator.size, dtype=operator.dtype))


def softmax_gauss_newton(model: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    j, p = jacobian(model, inputs), model(inputs).softmax(1).detach()
    middle = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    return torch.einsum("ica,icd,idb->ab", j, middle, j) / len(p)


def distance(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found - expected).norm() / expected.norm())


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("batch_size", [10, 4])
def test_equals_jacobians_and_splits_the_hessian(name: str, batch_size: int) -> None:
    model, data = problem(name)
    if name == "batch norm, training" and batch_size < 10:
        pytest.skip("batches of another size are another function")
    risk = EmpiricalRisk(model, functional.cross_entropy, data, batch_size=batch_size)
    found = dense(GaussNewton(risk))
    assert distance(found, softmax_gauss_newton(model, data[0])) <= 1e-10
    whole = by_double_loop(model, data)
    assert distance(found + dense(Residual(risk)), whole) <= 1e-10
    assert distance(dense(Fisher(risk)), found) <= 1e-14


@pytest.mark.parametrize("name", ["transformer", "lstm", "group norm", "tied"])
def test_single_precision_keeps_five_digits(name: str) -> None:
    model, (x, y) = problem(name)
    expected = softmax_gauss_newton(model, x), by_double_loop(model, (x, y))
    risk = EmpiricalRisk(model.float(), functional.cross_entropy, (x.float(), y))
    for operator, wanted in zip((GaussNewton, Hessian), expected, strict=True):
        assert distance(dense(operator(risk)).double(), wanted) <= 1e-5


def custom(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return torch.cosh(output - target[:, None]).mean()


@pytest.mark.parametrize(
    ("loss", "middle"),
    [
        (functional.mse_loss, lambda f, y: torch.ones_like(f)),
        (custom, lambda f, y: torch.cosh(f - y[:, None]) / 2),
    ],
    ids=["squared error", "any convex loss"],
)
def test_other_losses_of_independent_outputs(loss: Callable, middle: Callable) -> None:
    model, (x, y) = problem("mlp")
    target = y.double() if loss is custom else functional.one_hot(y).double()
    j, f = jacobian(model, x), model(x).detach()
    # the mean of n·2 numbers: 2/(2n) for squares, cosh/(2n) for cosh
    expected = torch.einsum("ica,ic,icb->ab", j, middle(f, y), j) / len(x)
    risk = EmpiricalRisk(model, loss, (x, target), batch_size=4)
    assert distance(dense(GaussNewton(risk)), expected) <= 1e-12


def test_a_loss_that_is_linear_in_the_output_is_refused() -> None:
    model, (x, y) = problem("mlp")
    risk = EmpiricalRisk(model, lambda f, y: f.mean(), (x, y))
    with pytest.raises(ValueError, match="let the model return logits"):
        GaussNewton(risk)


def test_wrong_output_curvature_is_found_by_differences() -> None:
    class Wrong(nn.Module):
        """A loss whose gradient is right and whose second derivative is halved."""

        def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            still = output.detach()
            return ((output - target) ** 2 / 2 + output * still / 2).mean()

    model, (x, _) = problem("mlp")
    risk = EmpiricalRisk(model, Wrong(), (x, x[:, :2]))
    with pytest.raises(ValueError, match="by central differences"):
        GaussNewton(risk)


class Language(nn.Module):
    """Logits (n, classes, positions), as cross-entropy takes sequences."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, 3)
        self.head = nn.Linear(3, 4)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.head(torch.tanh(self.embed(tokens))).transpose(1, 2)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"ignore_index": 2},
        {"label_smoothing": 0.3},
        {"weight": torch.tensor([1.0, 2.0, 0.5, 3.0]).double()},
        {
            "weight": torch.tensor([1.0, 2.0, 0.5, 3.0]).double(),
            "label_smoothing": 0.2,
            "ignore_index": 1,
        },
    ],
    ids=lambda options: ", ".join(options) or "plain",
)
def test_closed_form_of_sequences_equals_differentiation(options: dict) -> None:
    torch_state = torch.random.get_rng_state()
    torch.manual_seed(0)
    model = Language().double()
    tokens, targets = torch.randint(0, 5, (6, 7)), torch.randint(0, 4, (6, 7))
    torch.random.set_rng_state(torch_state)
    closed = nn.CrossEntropyLoss(**options)

    def plain(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return closed(output, target)

    found, expected = (
        dense(GaussNewton(EmpiricalRisk(model, loss, (tokens, targets))))
        for loss in (closed, plain)
    )
    assert distance(found, expected) <= 100 * np.finfo(float).eps
