"""Derivatives of single losses in their outputs, against other routes to them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk
from eigenscape.curvature.example_losses import (
    aligned,
    loss_curvatures,
    loss_gradients,
)
from models import problem

WEIGHT = torch.tensor([1.0, 3.0]).double()
LOSSES: dict[str, Any] = {
    "closed": functional.cross_entropy,
    "weighted": nn.CrossEntropyLoss(weight=WEIGHT, label_smoothing=0.2),
    "squared": lambda o, t: functional.mse_loss(o[:, 0], t.to(o)),
    "cubic": lambda o, t: (o.sum(1) - t).abs().pow(3).mean(),
    "divergence": lambda o, t: functional.kl_div(
        functional.log_softmax(o, 1),
        functional.one_hot(t, 2).to(o) * 0.8 + 0.1,
        reduction="batchmean",
    ),
    "not vectorised": lambda o, t: torch.stack([
        (a[int(k)] - a.square().sum()).exp() for a, k in zip(o, t, strict=True)
    ]).mean(),
}


@pytest.mark.parametrize("name", LOSSES)
def test_derivatives_are_those_of_each_example_alone(name: str) -> None:
    model, (x, y) = problem("mlp")
    risk = EmpiricalRisk(model, LOSSES[name], (x, y))
    with risk.isolated():
        slopes = loss_gradients(risk, x, y)
        curvatures = loss_curvatures(risk, x, y)
    outputs = model(x).detach()
    for k, output in enumerate(outputs):

        def loss(own: torch.Tensor, target: torch.Tensor = y[k : k + 1]) -> Any:
            return LOSSES[name](own[None], target)

        slope = torch.autograd.functional.jacobian(loss, output)
        curvature = torch.autograd.functional.hessian(loss, output)
        # rounding of a few operations, in units of the entries
        assert (slopes[k] - slope).abs().max() <= 1e-14 * (1 + slope.abs().max())
        gap = (curvatures[k] - curvature).abs().max()
        assert gap <= 1e-14 * (1 + curvature.abs().max())


class Several(nn.Module):
    """Two outputs, one of them a number an example."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> dict[str, Any]:
        h = self.inner(x)
        return {"pair": h[:, :2], "none": None, "one": h[:, 2], "given": x}


def coupled_outputs(output: dict[str, Any], target: torch.Tensor) -> torch.Tensor:
    return (output["pair"].prod(1) * output["one"] ** 2 * target).mean()


def test_outputs_are_flattened_and_joined() -> None:
    _, (x, _) = problem("mlp")
    y = torch.linspace(1, 2, 10).double()
    risk = EmpiricalRisk(Several().double(), coupled_outputs, (x, y))
    with risk.isolated():
        found = loss_curvatures(risk, x, y)
    a, b, c = risk.model.inner(x).detach().unbind(1)
    zero = torch.zeros_like(a)
    wanted = torch.stack([
        torch.stack([zero, c**2, 2 * b * c], 1),
        torch.stack([c**2, zero, 2 * a * c], 1),
        torch.stack([2 * b * c, 2 * a * c, 2 * a * b], 1),
    ]).transpose(0, 1)
    assert torch.allclose(found, wanted * y[:, None, None], rtol=1e-13, atol=1e-14)


def test_linear_losses_are_refused() -> None:
    model, (x, y) = problem("mlp")
    risk = EmpiricalRisk(model, lambda o, t: (o[:, 0] * t).mean(), (x, y))
    with risk.isolated(), pytest.raises(ValueError, match="curved in the output"):
        loss_curvatures(risk, x, y)


def test_rows_are_examples_or_not() -> None:
    x, y = torch.zeros(6, 2), torch.zeros(6)
    assert aligned({"x": x, "scale": torch.tensor(2.0)}, y, 6)
    assert not aligned((x, y[:5]), y, 6)
    assert not aligned(x, y, 2)
    assert not aligned((), (), 0)
