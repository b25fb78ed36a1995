"""Copies in float64: of a model, and of what its loss holds of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature.risk.doubling import in_double

MODEL = nn.Linear(3, 2)
CLASS_WEIGHTS = torch.tensor([1.0, 0.1])


def penalised(
    model: nn.Module, output: torch.Tensor, target: torch.Tensor
) -> torch.Tensor:
    penalty = sum(p.square().sum() for p in model.parameters())
    return functional.cross_entropy(output, target) + 0.1 * penalty


def closure(model: nn.Module) -> Callable:
    return lambda output, target: penalised(model, output, target)


def closure_of_parameters(model: nn.Module) -> Callable:
    params = list(model.parameters())

    def penalty() -> torch.Tensor:
        return 0.1 * sum(p.square().sum() for p in params)

    return lambda o, t: functional.cross_entropy(o, t) + penalty()


def default(model: nn.Module) -> Callable:
    return lambda o, t, m=model: penalised(m, o, t)


class Trainer:
    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def loss(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return penalised(self.model, output, target)


class Penalised(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return penalised(self.model, output, target)


def global_penalty() -> torch.Tensor:
    return 0.1 * sum(p.square().sum() for p in MODEL.parameters())


def of_globals(model: nn.Module) -> Callable:
    return lambda o, t: functional.cross_entropy(o, t) + global_penalty()


HOLDERS = {
    "closure": closure,
    "closure of parameters": closure_of_parameters,
    "default argument": default,
    "partial": lambda model: partial(penalised, model),
    "method": lambda model: Trainer(model).loss,
    "module": Penalised,
    "globals": of_globals,
}


@pytest.mark.parametrize("name", HOLDERS)
def test_a_loss_that_holds_the_model_holds_its_copy(name: str) -> None:
    x, y = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)), torch.ones(4)
    target = y.long()
    loss = HOLDERS[name](MODEL)
    copied, copied_loss = in_double(MODEL, loss)
    value = copied_loss(copied(x.double()), target)
    assert value.dtype == torch.float64
    # float32 rounds each of a dozen terms of size one
    assert value.item() == pytest.approx(loss(MODEL(x), target).item(), rel=1e-5)
    slopes = torch.autograd.grad(value, list(copied.parameters()))
    expected = torch.autograd.grad(loss(MODEL(x), target), list(MODEL.parameters()))
    for slope, wanted in zip(slopes, expected, strict=True):
        torch.testing.assert_close(slope.float(), wanted, rtol=1e-4, atol=1e-5)
    assert all(p.dtype == torch.float32 for p in MODEL.parameters())
    assert all(p.grad is None for p in copied.parameters())


def test_tensors_of_a_loss_are_converted() -> None:
    weight = CLASS_WEIGHTS.clone()
    losses = [
        lambda o, t: functional.cross_entropy(o, t, weight=weight),
        lambda o, t: functional.cross_entropy(o, t, weight=CLASS_WEIGHTS),
        partial(functional.cross_entropy, weight=weight),
        nn.CrossEntropyLoss(weight=weight),
    ]
    output, target = torch.eye(2).double(), torch.tensor([0, 1])
    expected = functional.cross_entropy(output, target, weight=weight.double())
    for loss in losses:
        _, copied = in_double(MODEL, loss)
        assert copied(output, target).item() == pytest.approx(
            expected.item(), rel=1e-15
        )
    assert weight.dtype == CLASS_WEIGHTS.dtype == torch.float32


def test_a_loss_that_holds_nothing_is_not_copied() -> None:
    def own(output: torch.Tensor, target: torch.Tensor, power: int = 2) -> torch.Tensor:
        return (output - target).abs().pow(power).mean()

    for loss in (functional.cross_entropy, own):
        assert in_double(MODEL, loss)[1] is loss


def test_buffers_and_tied_weights_are_copied() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3))
    model[2].weight = model[0].weight
    copied, _ = in_double(model, functional.mse_loss)
    assert copied[2].weight is copied[0].weight
    assert copied[0].weight is not model[0].weight
    assert copied[1].running_mean.dtype == torch.float64
    assert copied[1].num_batches_tracked.dtype == torch.int64


def test_tensors_computed_by_a_module_are_copied() -> None:
    model = nn.Linear(3, 3)
    model.scaled = 2 * model.weight
    copied, _ = in_double(model, functional.mse_loss)
    assert torch.equal(copied.scaled, model.scaled.double())
    assert copied.scaled.data_ptr() != model.scaled.data_ptr()
