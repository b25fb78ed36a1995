"""Losses and models are told apart by what their values depend on, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature.resume import digest
from eigenscape.curvature.risk.identity import loss_parts, model_parts


def scaled(factor: float) -> Callable:
    return lambda output, target: factor * functional.mse_loss(output, target)


def squared(factor: float) -> Callable:
    return lambda output, target: factor * (output - target).square().mean()


def wrapped(base: Callable) -> Callable:
    return lambda output, target: 2 * base(output, target)


def weighted(weight: float) -> nn.Module:
    return nn.CrossEntropyLoss(weight=torch.tensor([1.0, weight]))


def model(width: int = 3, activation: type[nn.Module] = nn.Tanh) -> nn.Module:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        layers = nn.Linear(4, width), nn.BatchNorm1d(width), activation()
        return nn.Sequential(*layers, nn.Linear(width, 2))


def of_loss(loss: Callable) -> str:
    return digest(loss_parts(loss))


def of_model(network: nn.Module) -> str:
    return digest(model_parts(network))


def test_losses_that_differ_are_told_apart() -> None:
    losses = [
        functional.cross_entropy,
        functional.mse_loss,
        partial(functional.cross_entropy, label_smoothing=0.1),
        partial(functional.cross_entropy, label_smoothing=0.2),
        partial(functional.cross_entropy, weight=torch.ones(2)),
        scaled(1.0),
        scaled(2.0),
        squared(1.0),
        wrapped(functional.mse_loss),
        wrapped(functional.l1_loss),
        lambda output, target: output.mean(),
        lambda output, target: 2 * output.mean(),
        lambda output, target: output.sum(),
        nn.CrossEntropyLoss(),
        nn.CrossEntropyLoss(label_smoothing=0.1),
        nn.MSELoss(),
        weighted(1.0),
        weighted(2.0),
    ]
    assert len({of_loss(loss) for loss in losses}) == len(losses)


def test_losses_made_again_are_the_same() -> None:
    assert of_loss(scaled(2.0)) == of_loss(scaled(2.0))
    assert of_loss(weighted(2.0)) == of_loss(weighted(2.0))
    assert of_loss(partial(functional.mse_loss, reduction="mean")) == of_loss(
        partial(functional.mse_loss, reduction="mean")
    )


def test_no_address_is_part_of_a_name() -> None:
    losses = [scaled(1.0), weighted(1.0), partial(scaled(1.0)), nn.MSELoss()]
    for loss in losses:
        assert not any(isinstance(p, str) and " at 0x" in p for p in loss_parts(loss))


def test_models_are_told_apart_by_modules_parameters_and_buffers() -> None:
    base = of_model(model())
    assert base == of_model(model())
    moved, counted = model(), model()
    with torch.no_grad():
        moved[3].bias[0] += 1e-6
        counted[1].running_mean[0] += 1e-6
    others = [
        of_model(m) for m in (moved, counted, model(activation=nn.ReLU), model(2))
    ]
    assert base not in others
    assert len(set(others)) == 4
