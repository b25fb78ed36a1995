"""Roots of the losses' curvature in the output space of each example."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk
from eigenscape.curvature.example_columns import (
    ExactColumns,
    SampledColumns,
    outputs_per_example,
)

COUNT, OUTPUTS = 6, 3


def targets_of(kind: str) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    if kind == "classes":
        return torch.randint(0, OUTPUTS, (COUNT,), generator=generator)
    if kind == "tokens":
        return torch.randint(0, OUTPUTS, (COUNT, 2), generator=generator)
    return torch.rand(COUNT, OUTPUTS, generator=generator).double()


LOSSES: dict[str, tuple[Callable, str]] = {
    "cross-entropy": (functional.cross_entropy, "classes"),
    "smoothed": (nn.CrossEntropyLoss(label_smoothing=0.1), "classes"),
    "tokens": (functional.cross_entropy, "tokens"),
    "squared": (functional.mse_loss, "numbers"),
    "binary": (functional.binary_cross_entropy_with_logits, "numbers"),
    "huber": (functional.smooth_l1_loss, "numbers"),
    "log-cosh": (lambda f, y: (f - y).cosh().log().mean(), "numbers"),
}


def problem(name: str) -> tuple[EmpiricalRisk, torch.Tensor, torch.Tensor]:
    loss, kind = LOSSES[name]
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        layers = [nn.Linear(4, OUTPUTS * (2 if kind == "tokens" else 1))]
        if kind == "tokens":
            layers.append(nn.Unflatten(1, (OUTPUTS, 2)))
        model, x = nn.Sequential(*layers).double(), 2 * torch.randn(COUNT, 4).double()
    y = targets_of(kind)
    return EmpiricalRisk(model, loss, (x, y)), x, y


def middles(risk: EmpiricalRisk, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Differentiate the loss of each example alone twice, by torch's own function."""
    output = risk.model(x).detach()
    each = [
        torch.autograd.functional.hessian(
            lambda f, own=own, t=target: risk.loss(f.view(1, *own.shape), t[None]),
            own.flatten(),
        )
        for own, target in zip(output, y, strict=True)
    ]
    return torch.stack(each)


@pytest.mark.parametrize("name", LOSSES)
def test_exact_columns_are_roots(name: str) -> None:
    risk, x, y = problem(name)
    with risk.isolated():
        found = ExactColumns()(risk, x, y, COUNT)
    wanted = middles(risk, x, y)
    assert (found.mT @ found - wanted).norm() <= 1e-14 * wanted.norm()
    assert outputs_per_example(risk) == (wanted.shape[1], True)


@pytest.mark.parametrize("name", ["cross-entropy", "smoothed", "tokens", "squared"])
def test_sampled_columns_are_roots_on_average(name: str) -> None:
    risk, x, y = problem(name)
    samples = 4000
    draw = SampledColumns(samples, torch.Generator().manual_seed(0))
    with risk.isolated():
        columns = draw(risk, x, y, COUNT)
    wanted = middles(risk, x, y)
    assert columns.shape == (COUNT, samples, wanted.shape[1])
    products = samples * columns[:, :, :, None] * columns[:, :, None]
    error = (products.mean(1) - wanted) / (products.std(1) / samples**0.5 + 1e-12)
    # 216 entries at most: beyond 5 standard errors but once in 10⁴ seeds
    assert error.abs().max() <= 5


def test_a_loss_that_is_not_convex_is_refused() -> None:
    risk, x, y = problem("squared")
    risk.loss = lambda f, y: (f - y).cos().mean()
    with risk.isolated(), pytest.raises(ValueError, match="loss: expected one that is"):
        ExactColumns()(risk, x, y, COUNT)


def test_a_loss_without_labels_to_draw_is_refused() -> None:
    risk, x, y = problem("huber")
    draw = SampledColumns(2, torch.Generator())
    with risk.isolated(), pytest.raises(ValueError, match="raise exact_outputs"):
        draw(risk, x, y, COUNT)


def test_rows_that_are_no_examples_are_seen() -> None:
    """A model that puts time first has no example a row of its output."""
    model = nn.GRU(3, 2).double()
    x, y = torch.rand(5, 3).double(), torch.zeros(5, 2).double()

    class First(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cells = model

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.cells(x[None])[0]

    risk = EmpiricalRisk(First(), lambda f, y: functional.mse_loss(f[0], y), (x, y))
    assert outputs_per_example(risk) == (2, False)
    assert np.isfinite(risk.value())
